"""What is wrong with a request is told at once, in the reference's words, where nothing else runs before that."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field

from pronghorn import Body, Cookie, Depends, FastAPI, Header, Query, Request, Response
from pronghorn._engine import dispatch
from pronghorn._engine.dispatch import Dispatcher
from pronghorn.exceptions import RequestValidationError
from pronghorn.responses import JSONResponse
from pronghorn.testclient import TestClient
from tests.differential.outcomes import LOG, Asked
from tests.differential.ways import ask, ask_all

pytestmark = pytest.mark.anyio
JSON = ((b"content-type", b"application/json"),)


def refuse_odd(value: int) -> int:
    if value % 2:
        raise ValueError(f"{value} is odd")
    return value


def fail(value: str) -> str:
    raise RuntimeError("a mistake in a validator")


class Line(BaseModel):
    sku: str
    quantity: int = Field(ge=1)
    price: float = Field(gt=0)


class Order(BaseModel):
    customer: str = Field(min_length=2, pattern="^[A-Z]")
    lines: list[Line] = Field(min_length=1)
    kind: Literal["a", "b"] = "a"
    even: Annotated[int, AfterValidator(refuse_odd)] = 0
    extra: dict[str, int] = {}


class Named(BaseModel):
    name: str


class Pair(BaseModel):
    first: Named
    second: Named | None = None


class Broken(BaseModel):
    name: Annotated[str, AfterValidator(fail)]


def add_routes(app: FastAPI, wrapped: Callable[[Any], Any]) -> None:
    def alone(order: Order) -> int:
        return 1

    def pair(pair: Pair) -> int:
        return 1

    def everything(
        number: int,
        order: Order,
        q: Annotated[int, Query(le=9)],
        token: Annotated[int, Header()],
        seen: Annotated[list[int], Query()],
        crumb: Annotated[bool, Cookie()] = False,
    ) -> int:
        return 1

    def two(order: Order, named: Named, count: Annotated[int, Body()] = 1) -> int:
        return 1

    def embedded(named: Annotated[Named, Body(embed=True)]) -> int:
        return 1

    def broken(broken: Broken) -> int:
        return 1

    for endpoint in (alone, pair, two, embedded, broken):
        app.post(f"/{endpoint.__name__}")(wrapped(endpoint))
    app.post("/everything/{number}")(wrapped(everything))


def keep(function: Any) -> Any:
    return function


def without_waiting(function: Any) -> Any:
    async def endpoint(**arguments: Any) -> Any:
        return function(**arguments)

    return _like(endpoint, function)


def with_waiting(function: Any) -> Any:
    async def endpoint(**arguments: Any) -> Any:
        await asyncio.sleep(0)
        return function(**arguments)

    return _like(endpoint, function)


def _like(endpoint: Any, function: Any) -> Any:
    endpoint.__name__ = function.__name__
    endpoint.__wrapped__ = function  # whose signature is then used
    return endpoint


KINDS = {"def": keep, "in place": without_waiting, "task": with_waiting}


def made(wrapped: Callable[[Any], Any] = without_waiting, **options: Any) -> FastAPI:
    app = FastAPI(**options)
    add_routes(app, wrapped)
    return app


def post(path: str, body: Any, query: bytes = b"", headers: Any = JSON) -> Asked:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Asked("POST", path, query=query, headers=headers, body=content)


GOOD_LINE = {"sku": "a", "quantity": 1, "price": 1.5}
GOOD = {"customer": "Ann", "lines": [GOOD_LINE]}
WRONG: Mapping[str, Asked] = {
    "missing and out of bounds": post("/alone", {"lines": [{"sku": "a", "quantity": 0, "price": 1e16}]}),
    "types": post("/alone", {"customer": 1, "lines": [{"sku": None, "quantity": "x", "price": True}]}),
    "text and choices": post("/alone", {**GOOD, "customer": "a", "kind": "z"}),
    "a validator's words": post("/alone", {**GOOD, "even": 3}),
    "no list": post("/alone", {**GOOD, "lines": {"a": "é\ud83d\ude00"}}),
    "no members": post("/alone", {**GOOD, "lines": []}),
    "a member twice": post("/alone", b'{"customer":"Ann","lines":[],"extra":{"a":"x","a":1}}'),
    "no object": post("/alone", [1, {"_sa": 2}]),
    "a key of SQLAlchemy's": post("/pair", {"first": {"_sa_instance_state": 1, "a": 2}}),
    "two that are missing": post("/pair", {"first": {}, "second": {"name": None}}),
    "not a number": post("/pair", b'{"first":{"x":NaN,"y":1e999}}'),
    "a lone surrogate": post("/pair", b'{"first":{"x":"\\ud800"}}'),
    "an escape": post("/pair", b'{"first":{"\\u0000":"\\u2028\\"<"}}'),
    "no json": post("/pair", b'{"first":'),
    "no text": post("/pair", b'\xff{"first":1}'),
    "nothing": post("/pair", b""),
    "no content type": post("/pair", b'{"first":{}}', headers=()),
    "another content type": post("/pair", b'{"a":"\xe9"}', headers=((b"content-type", b"text/plain"),)),
    "too long a number": post("/pair", b"[" + b"1" * 5000 + b"]"),
    "everything": post("/everything/x", {}, b"q=10&seen=1&seen=x", (*JSON, (b"cookie", b"crumb=maybe"))),
    "the query alone": post("/everything/1", GOOD, b"q=a&seen=1", (*JSON, (b"token", b"1"))),
    "two parameters": post("/two", {"named": {}, "count": "x"}),
    "two parameters, no object": post("/two", [1]),
    "embedded": post("/embedded", {"named": {"name": 1}}),
    "embedded, but not there": post("/embedded", {}),
    "a validator's mistake": post("/broken", {"name": "a"}),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", WRONG)
async def test_every_way_says_the_same(kind: str, name: str) -> None:
    outcomes = await ask_all(made(KINDS[kind]), WRONG[name])
    reference = outcomes.pop("reference")
    assert all(outcome == reference for outcome in outcomes.values())
    assert reference.status != 200


NO_ERRORS_AT_ONCE = {"no text", "too long a number", "a validator's mistake"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [name for name in WRONG if name not in NO_ERRORS_AT_ONCE])
async def test_it_is_told_without_the_reference_way(
    kind: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise AssertionError("taken")

    monkeypatch.setattr(dispatch, "answer_without_exits", fail)
    monkeypatch.setattr(Dispatcher, "answer_by_reference", fail)
    outcome = await ask("native", made(KINDS[kind]), WRONG[name])
    assert outcome.status == 422


async def test_functions_around_the_application_see_the_answer() -> None:
    app = made()

    @app.middleware("http")
    async def count(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["seen"] = str(response.status_code)
        return response

    for asked in WRONG.values():
        outcomes = await ask_all(app, asked)
        reference = outcomes.pop("reference")
        assert all(outcome == reference for outcome in outcomes.values())


@pytest.mark.parametrize("key", [RequestValidationError, Exception])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_handler_of_the_users_is_asked_and_gets_the_whole_exception(kind: str, key: Any) -> None:
    async def handler(request: Request, error: Any) -> Response:
        LOG.append(f"{error.body} {error.endpoint_path} {error.__traceback__ is None}")
        return JSONResponse({"wrong": len(error.errors())}, 400)

    app = made(KINDS[kind])
    app.exception_handlers.pop(RequestValidationError)
    app.add_exception_handler(key, handler)
    outcomes = await ask_all(app, WRONG["types"])
    reference = outcomes.pop("reference")
    assert "'customer': 1" in reference.log[0]
    assert all(outcome == reference for outcome in outcomes.values())


@pytest.mark.parametrize("name", ["missing and out of bounds", "no json"])
async def test_dependencies_run_as_ever(name: str) -> None:
    app = FastAPI()

    async def note() -> None:
        LOG.append("ran")

    @app.post("/alone", dependencies=[Depends(note)])
    @app.post("/pair", dependencies=[Depends(note)])
    async def endpoint(order: Order) -> int:
        return 1

    outcomes = await ask_all(app, WRONG[name])
    assert {outcome.log.count("ran") for outcome in outcomes.values()} == {0 if name == "no json" else 1}


def test_path_parameters_of_a_mount_are_known() -> None:
    inner = FastAPI()

    @inner.get("/{item}")
    async def endpoint(number: int, item: int) -> int:
        return number + item

    inner.router.routes[-1].dependant.path_params.extend(inner.router.routes[-1].dependant.query_params)  # type: ignore[attr-defined]
    del inner.router.routes[-1].dependant.query_params[:]  # type: ignore[attr-defined]
    app = FastAPI()
    app.mount("/sub/{number}", inner)
    client = TestClient(app)
    assert client.get("/sub/4/5").json() == 9
    assert [item["input"] for item in client.get("/sub/4/x").json()["detail"]] == ["x"]


@pytest.mark.parametrize("body", [{}, {"named": {}}])
async def test_factories_of_defaults_are_called_once(body: Any) -> None:
    def make() -> int:
        LOG.append("made")
        return 1

    app = FastAPI()

    @app.post("/")
    async def endpoint(
        named: Annotated[Named | None, Body(embed=True)] = None,
        count: int = Body(default_factory=make, validate_default=True),
    ) -> int:
        return count

    outcomes = await ask_all(app, post("/", body))
    assert {outcome.log.count("made") for outcome in outcomes.values()} == {1}


def test_who_has_replaced_the_reading_of_json_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_to_read(text: str) -> Any:
        raise RuntimeError("cannot read")

    client = TestClient(made())
    assert client.post("/alone", json={}).status_code == 422
    monkeypatch.setattr(json, "loads", fail_to_read)
    assert (
        client.post("/alone", content=b"{}", headers={"content-type": "application/json"}).status_code == 400
    )
