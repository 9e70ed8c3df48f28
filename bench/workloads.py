"""The workloads: what is asked, and what every contender must answer.

Lives here: the requests and the expected replies. Must not live here: how a workload is driven (`wrk`,
`drivers`) or anything about a single contender.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from bench.settings import ORIGIN, rows
from bench.traffic import Sample, build, post_json

VARIETY = 64
"""How many different requests a workload cycles through."""

Samples = Callable[[], list[Sample]]


@dataclass(frozen=True)
class Workload:
    """One kind of request.

    Attributes:
        name: as the command line and the files have it.
        title: as the table has it.
        samples: the requests that are timed, with their replies.
        rejections: requests that are checked only: each must be refused.
        settings: environment variables of the application.
        connections: how many at a time.
    """

    name: str
    title: str
    samples: Samples
    rejections: Samples = list
    settings: dict[str, str] = field(default_factory=dict)
    connections: tuple[int, ...] = (32,)


def vary(make: Callable[[int], Sample], count: int = VARIETY) -> Samples:
    """Samples made from the numbers from 1 on."""
    return lambda: [make(number) for number in range(1, count + 1)]


def hello(number: int) -> Sample:
    """The least there is. What varies is a header that nobody looks at."""
    return Sample(build("/hello", x_request_id=f"r-{number}"), 200, {"message": "Hello, World!"})


def parameters(number: int) -> Sample:
    """An integer in the path, a text and a bounded integer in the query, a required header."""
    expected = {"item_id": number, "q": f"word{number}", "limit": number, "token": f"token-{number}"}
    request = build(f"/items/{number}?q=word{number}&limit={number}", x_token=f"token-{number}")
    return Sample(request, 200, expected)


def bad_parameters() -> list[Sample]:
    """Not an integer; out of bounds; a header that is missing."""
    return [
        Sample(build("/items/one?q=a&limit=5", x_token="t"), 422),
        Sample(build("/items/1?q=a&limit=1000", x_token="t"), 422),
        Sample(build("/items/1?q=a&limit=5"), 422),
    ]


def order(number: int) -> dict[str, object]:
    """A nested body."""
    return {
        "customer": {
            "name": f"Customer {number}",
            "email": f"customer{number}@example.com",
            "address": {"street": f"{number} High Street", "city": "Cheyenne", "postcode": f"82{number:03}"},
        },
        "lines": [
            {"sku": f"SKU-{number}-{line}", "quantity": line, "price": number + 0.25} for line in (1, 2, 3)
        ],
        "note": None if number % 2 else "leave at the door",
        "gift": number % 3 == 0,
    }


def json_body(number: int) -> Sample:
    """A nested body in, validated, and out again."""
    return Sample(post_json("/orders", order(number)), 200, order(number))


def rejected_body(number: int) -> Sample:
    """The same with two mistakes: a quantity below one, a city that is missing."""
    wrong = {**order(number), "lines": [{"sku": "a", "quantity": -number, "price": 1.5}]}
    address = {"street": "x", "postcode": "82001"}
    wrong["customer"] = {"name": f"C{number}", "email": "c@example.com", "address": address}
    return Sample(post_json("/orders", wrong), 422)


def bad_bodies() -> list[Sample]:
    """Mistakes in every place of the body."""
    return [
        Sample(
            post_json("/orders", {**order(1), "lines": [{"sku": "a", "quantity": 1, "price": "free"}]}), 422
        ),
        Sample(post_json("/orders", {**order(1), "customer": None}), 422),
        Sample(post_json("/orders", {}), 422),
    ]


def dependencies(path: str) -> Samples:
    """Three dependencies, one inside the other, the innermost with `yield`."""
    return vary(lambda n: Sample(build(path, x_token=f"t-{n}"), 200, {"name": f"t-{n}", "session": "open"}))


def constant(path: str) -> Samples:
    """A reply that does not depend on the request."""
    return vary(lambda n: Sample(build(path, x_request_id=f"r-{n}"), 200, {"message": "Hello, World!"}))


def behind_middleware(number: int) -> Sample:
    """Through CORS and three middlewares that add a header each."""
    expected: dict[str, str | None] = {
        "x-one": "1",
        "x-two": "2",
        "x-three": "3",
        "access-control-allow-origin": ORIGIN,
    }
    request = build("/hello", origin=ORIGIN, x_request_id=f"r-{number}")
    return Sample(request, 200, {"message": "Hello, World!"}, expected)


def other_origin() -> list[Sample]:
    """An origin that CORS does not let in."""
    refused: dict[str, str | None] = {"access-control-allow-origin": None}
    return [Sample(build("/hello", origin="https://elsewhere.example"), 200, headers=refused)]


def many_rows(number: int) -> Sample:
    """A hundred records through a response model, which has one field less."""
    kept = [{name: value for name, value in row.items() if name != "cost"} for row in rows(number)]
    return Sample(build(f"/rows?start={number}"), 200, kept)


BASIC = (1, 32, 256)
WORKLOADS = (
    Workload("hello", "hello JSON", vary(hello), connections=BASIC),
    Workload("parameters", "path + query + header", vary(parameters), bad_parameters, connections=BASIC),
    Workload("body", "nested JSON body", vary(json_body), bad_bodies, connections=BASIC),
    Workload("rejected", "rejected body (422)", vary(rejected_body), connections=BASIC),
    Workload("rows", "100 rows through a response model", vary(many_rows)),
    Workload("dependencies", "three dependencies, async", dependencies("/me")),
    Workload("dependencies-def", "three dependencies, def", dependencies("/me-def")),
    Workload("def", "def endpoint", constant("/def")),
    Workload(
        "middleware",
        "CORS + three middlewares",
        vary(behind_middleware),
        other_origin,
        settings={"BENCH_MIDDLEWARE": "1"},
    ),
)


def workload(name: str) -> Workload:
    """The workload of that name.

    Raises:
        KeyError: there is none.
    """
    return {workload.name: workload for workload in WORKLOADS}[name]
