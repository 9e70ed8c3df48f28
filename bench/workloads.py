"""The workloads: what is asked, and what every contender must answer.

Lives here: the requests and the expected replies. Must not live here: how a workload is driven (`wrk`,
`drivers`) or anything about a single contender.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from bench.settings import ORIGIN, rows
from bench.traffic import Sample, build, post_json

VARIETY = 1000
"""How many different requests a workload cycles through: more than what a server remembers of a header."""

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
        connections: how many at a time; with another driver than wrk it is the driver who decides.
        driver: `wrk`; a name of `drivers.DRIVERS`; or `idle` or `startup`, which start servers of their own.
        unit: what is counted.
        length: how many times longer a sample is, where a request takes long.
        may_lose: whether a request may meet a connection that the server is closing.
    """

    name: str
    title: str
    samples: Samples
    rejections: Samples = list
    settings: dict[str, str] = field(default_factory=dict)
    connections: tuple[int, ...] = (32,)
    driver: str = "wrk"
    unit: str = "request"
    length: int = 1
    may_lose: bool = False

    @property
    def alone(self) -> bool:
        """Whether a measurement starts a server of its own."""
        return self.driver in ("idle", "startup")


def vary(make: Callable[[int], Sample], count: int = VARIETY) -> Samples:
    """Samples made from the numbers from 1 on, once."""
    return cache(lambda: [make(number) for number in range(1, count + 1)])


def hello(number: int) -> Sample:
    """The least there is. What varies is a header that nobody looks at."""
    return Sample(build("/hello", x_request_id=f"r-{number}"), 200, {"message": "Hello, World!"})


def parameters(number: int) -> Sample:
    """An integer in the path, a text and a bounded integer in the query, a required header."""
    limit = 1 + number % 100
    expected = {"item_id": number, "q": f"word{number}", "limit": limit, "token": f"token-{number}"}
    request = build(f"/items/{number}?q=word{number}&limit={limit}", x_token=f"token-{number}")
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


def item(number: int) -> Sample:
    """A small body in, validated, and out again."""
    body = {
        "name": f"saddle {number}",
        "price": 42.5,
        "tags": ["leather", "brown"],
        "description": "for a short ride",
    }
    return Sample(post_json("/items", body), 200, body)


def bad_items() -> list[Sample]:
    """A price that is none, and no body at all."""
    return [
        Sample(post_json("/items", {"name": "a", "price": "free"}), 422),
        Sample(post_json("/items", []), 422),
    ]


def chain(number: int) -> Sample:
    """Three dependencies, one inside the other, none with an exit."""
    return Sample(build("/chain", x_token=f"t-{number}"), 200, {"name": f"t-{number}"})


def constant(path: str) -> Samples:
    """A reply that does not depend on the request."""
    return vary(lambda n: Sample(build(path, x_request_id=f"r-{n}"), 200, {"message": "Hello, World!"}))


def behind_middleware(number: int) -> Sample:
    """Through CORS and three middlewares that add a header each."""
    expected = {
        "x-one": "1",
        "x-two": "2",
        "x-three": "3",
        "access-control-allow-origin": ORIGIN,
    }
    request = build("/hello", origin=ORIGIN, x_request_id=f"r-{number}")
    return Sample(request, 200, {"message": "Hello, World!"}, expected)


def other_origin() -> list[Sample]:
    """An origin that CORS does not let in."""
    refused = {"access-control-allow-origin": ("*", "https://elsewhere.example")}
    return [Sample(build("/hello", origin="https://elsewhere.example"), 0, refused=refused)]


def many_rows(number: int) -> Sample:
    """A hundred records through a response model, which has one field less."""
    kept = [{name: value for name, value in row.items() if name != "cost"} for row in rows(number)]
    return Sample(build(f"/rows?start={number}"), 200, kept)


def bulk(number: int) -> Sample:
    """A list of about a megabyte; the reply says how much it was."""
    items = [
        {"id": n, "name": f"item {n} of list {number}", "value": n * 0.5, "active": n % 2 == 0}
        for n in range(number, number + 13_000)
    ]
    expected = {"count": len(items), "total": sum(range(number, number + 13_000)) * 0.5}
    return Sample(post_json("/bulk", items), 200, expected)


def bad_bulk() -> list[Sample]:
    """One mistake, at the end."""
    return [Sample(post_json("/bulk", [{"id": 1, "name": "a", "value": "b", "active": True}]), 422)]


def last_route(count: int) -> Samples:
    """The last of so many routes that have a parameter each."""
    last = count - 1
    return vary(lambda n: Sample(build(f"/r{last}/{n}"), 200, {"route": last, "item_id": n}))


def upload(number: int) -> Sample:
    """A form with a text and a file of ten megabytes."""
    edge = f"edge-{number}"
    disposition = f"--{edge}\r\nContent-Disposition: form-data; name="
    content = bytes(range(256)) * 40_960
    parts = [
        f'{disposition}"title"\r\n\r\nfile {number}\r\n'.encode(),
        f'{disposition}"file"; filename="f{number}.bin"\r\nContent-Type: application/octet-stream\r\n\r\n'.encode(),
        content,
        f"\r\n--{edge}--\r\n".encode(),
    ]
    kind = f"multipart/form-data; boundary={edge}"
    request = build("/upload", method="POST", body=b"".join(parts), content_type=kind)
    return Sample(
        request, 200, {"title": f"file {number}", "filename": f"f{number}.bin", "size": len(content)}
    )


@cache
def download_content() -> bytes:
    """What is in the file that is downloaded: ten megabytes, no two kilobytes alike."""
    return b"".join(f"{number:>1024}".encode() for number in range(10_240))


def download(number: int) -> Sample:
    """The whole file."""
    return Sample(build("/download", x_request_id=f"r-{number}"), 200, download_content())


def download_range(number: int) -> Sample:
    """Sixty-four kilobytes of it (RFC 9110, section 14)."""
    first = number * 100_000 % 10_000_000
    last = first + 65_535
    expected = {"content-range": f"bytes {first}-{last}/{10_240 * 1024}"}
    request = build("/download", range=f"bytes={first}-{last}")
    return Sample(request, 206, download_content()[first : last + 1], expected)


def reconnect(number: int) -> Sample:
    """Hello; every tenth request is the last of its connection."""
    connection = "keep-alive" if number % 10 else "close"
    return Sample(
        build("/hello", x_request_id=f"r-{number}", connection=connection), 200, {"message": "Hello, World!"}
    )


def row(number: int) -> Sample:
    """One row by its key."""
    return Sample(build(f"/row/{number}"), 200, {"id": number, "name": f"name {number}", "value": number * 7})


def no_such_row() -> list[Sample]:
    """A key that is not there."""
    return [Sample(build("/row/999999"), 404)]


BASIC = (1, 32, 256)
WORKLOADS = (
    Workload("hello", "hello JSON", vary(hello), connections=BASIC),
    Workload("parameters", "path + query + header", vary(parameters), bad_parameters, connections=BASIC),
    Workload("item", "small JSON body", vary(item), bad_items),
    Workload("body", "nested JSON body", vary(json_body), bad_bodies, connections=BASIC),
    Workload("rejected", "rejected body (422)", vary(rejected_body), connections=BASIC),
    Workload("rows", "100 rows through a response model", vary(many_rows)),
    Workload("bulk", "1 MB JSON body", vary(bulk, 4), bad_bulk, connections=(4,), length=2),
    Workload("chain", "three dependencies, none with yield", vary(chain)),
    Workload("dependencies", "three dependencies, async", dependencies("/me")),
    Workload("dependencies-def", "three dependencies, def", dependencies("/me-def")),
    Workload("def", "def endpoint", constant("/def")),
    Workload("def-sleep", "def endpoint, sleeping 1 ms", constant("/def-sleep")),
    Workload("await-one", "awaiting once", constant("/await-one")),
    Workload("await-three", "awaiting three times", constant("/await-three")),
    Workload("upload", "10 MB multipart upload", vary(upload, 2), connections=(4,), length=2),
    Workload("download", "10 MB file", vary(download, 4), connections=(4,), length=2),
    Workload("range", "64 KB range of a file", vary(download_range), connections=(32,)),
    Workload("reconnect", "a new connection every 10 requests", vary(reconnect, 60), may_lose=True),
    Workload("events", "server-sent events to 500 clients", list, driver="events", unit="event"),
    Workload("echo", "WebSocket echo, 32 clients", list, driver="echo", unit="message"),
    Workload("broadcast", "WebSocket broadcast to 200", list, driver="broadcast", unit="message"),
    Workload(
        "middleware",
        "CORS + three middlewares",
        vary(behind_middleware),
        other_origin,
        settings={"BENCH_MIDDLEWARE": "1"},
    ),
    *(
        Workload(f"routes-{n}", f"last of {n:,} routes", last_route(n), settings={"BENCH_ROUTES": str(n)})
        for n in (10, 1_000, 10_000)
    ),
    *(
        Workload(name, f"{title} row", vary(row), no_such_row, settings={"BENCH_DATABASE": name})
        for name, title in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL"))
    ),
    Workload("idle", "2,000 idle connections", list, driver="idle", unit="connection"),
    Workload(
        "startup",
        "start-up with 200 routes",
        list,
        driver="startup",
        settings={"BENCH_ROUTES": "200", "BENCH_OPENAPI": "1"},
    ),
)


def workload(name: str) -> Workload:
    """The workload of that name.

    Raises:
        KeyError: there is none.
    """
    return {workload.name: workload for workload in WORKLOADS}[name]
