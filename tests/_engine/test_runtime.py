import datetime
from collections import OrderedDict, namedtuple
from contextvars import ContextVar
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from starlette.responses import JSONResponse, PlainTextResponse

from pronghorn import Depends, FastAPI, Request, Response
from pronghorn._engine import runtime
from pronghorn._engine.runtime import encode_plain, hop, isolate, make_request, prepare_scope
from pronghorn._schema.encoder import jsonable_encoder
from tests.differential.outcomes import Asked
from tests.differential.ways import WAYS, MemoryExchange, ask

pytestmark = pytest.mark.anyio

Pair = namedtuple("Pair", "a b")


class Item(BaseModel):
    when: datetime.date = datetime.date(2026, 11, 21)


class Text(str):
    """Text of a class of its own."""


KEYS = st.text(max_size=3) | st.integers() | st.booleans() | st.none() | st.floats() | st.just("_sa_x")
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates() | st.decimals()
    | st.just(Item()) | st.binary(max_size=2) | st.uuids() | st.timedeltas() | st.text(max_size=3).map(Text)
    | st.sampled_from(["_sa", '"_sa', "\ud800", "\x00", "é", " "])
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner).map(lambda pair: Pair(*pair))
        | st.dictionaries(KEYS, inner, max_size=3)
        | st.dictionaries(KEYS, inner, max_size=3).map(OrderedDict)
        | st.frozensets(st.integers(), max_size=2)
    ),
    max_leaves=8,
)


def outcome_of(function: Any, value: Any) -> Any:
    try:
        return bytes(function(value))
    except Exception as error:
        return type(error).__name__, str(error)


@given(value=VALUES)
def test_plain_data_is_encoded_as_by_reference(value: Any) -> None:
    expected = outcome_of(lambda content: JSONResponse(jsonable_encoder(content)).body, value)

    assert outcome_of(encode_plain, value) == expected


def test_data_that_contains_itself_fails_as_by_reference() -> None:
    circle: list[Any] = []
    circle.append(circle)

    with pytest.raises(RecursionError):
        encode_plain(circle)


def test_without_the_fast_encoder_the_reference_encodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_dump_plain", None)

    assert encode_plain({"item": Item()}) == b'{"item":{"when":"2026-11-21"}}'


def exchange_of(app: FastAPI, asked: Asked) -> MemoryExchange:
    """An exchange for which the engine has found its target."""
    x = MemoryExchange(asked, arrived=True)
    app._fast._is_current()
    assert app._fast._outer is not None
    assert app._fast._outer.select(x) is not None
    return x


async def test_the_scope_shows_what_the_reference_way_puts_there() -> None:
    app = FastAPI()

    @app.get("/items/{key}")
    async def endpoint(key: int) -> None: ...

    x = exchange_of(app, Asked(path="/items/5"))
    scope = prepare_scope(x)

    assert scope is x.scope
    assert (scope["app"], scope["router"], scope["endpoint"]) == (app, app.router, endpoint)
    assert scope["path_params"] == {"key": "5"}
    assert scope["route"].path == "/items/{key}"
    assert scope["starlette.exception_handlers"]


async def test_a_mounting_applications_router_stays() -> None:
    app = FastAPI()

    @app.get("/")
    async def endpoint() -> None: ...

    x = exchange_of(app, Asked())
    x.scope["router"] = "outer"
    x.scope["path_params"] = {"outer": 1}

    assert prepare_scope(x)["router"] == "outer"
    assert x.scope["path_params"] == {"outer": 1}


async def test_an_exchange_has_one_request() -> None:
    app = FastAPI()

    @app.post("/")
    async def endpoint(request: Request) -> None: ...

    x = exchange_of(app, Asked("POST", body=b"text"))
    request = make_request(x)

    assert make_request(x) is request
    assert await request.body() == b"text"


async def test_an_isolated_call_sees_context_variables_and_keeps_its_own() -> None:
    variable = ContextVar("variable", default="outside")

    def call(function: str) -> str:
        before = variable.get()
        variable.set(function)
        return before

    assert isolate(call, function="inside") == "outside"
    assert variable.get() == "outside"
    assert await hop(lambda: call("there")) == "outside"
    assert variable.get() == "outside"


class Named(BaseModel):
    name: str


@pytest.mark.parametrize("way", WAYS)
async def test_the_declared_class_status_and_model_have_their_say(way: str) -> None:
    app = FastAPI()

    def injecting(response: Response) -> None:
        response.status_code = 202
        response.headers["x-own"] = "1"

    @app.get("/model", dependencies=[Depends(injecting)])
    async def model() -> Named:
        return Named(name="x")

    @app.get("/text", response_class=PlainTextResponse)
    async def text() -> str:
        return "text"

    @app.get("/untyped", response_class=PlainTextResponse, response_model=None)
    async def untyped() -> Any:
        return "untyped"

    @app.get("/class", response_class=JSONResponse, response_model=None, status_code=201)
    async def plain() -> Any:
        return {"item": Item()}

    @app.get("/nothing", status_code=204)
    async def nothing() -> None: ...

    @app.get("/wrong", response_class=JSONResponse, response_model=Named)
    async def wrong() -> Any:
        return {"name": 1}

    async def told(path: str) -> tuple[Any, ...]:
        outcome = await ask(way, app, Asked(path=path))
        return outcome.status, outcome.body, dict(outcome.headers).get(b"x-own")

    assert await told("/model") == (202, b'{"name":"x"}', b"1")
    assert await told("/text") == (200, b"text", None)
    assert await told("/untyped") == (200, b"untyped", None)
    assert await told("/class") == (201, b'{"item":{"when":"2026-11-21"}}', None)
    assert await told("/nothing") == (204, b"", None)
    assert (await told("/wrong"))[0] == 500


@pytest.mark.parametrize("way", WAYS)
async def test_a_returned_value_that_does_not_fit_is_told_with_its_place(way: str) -> None:
    app = FastAPI()

    @app.get("/")
    async def endpoint() -> Named:
        return {"name": 1}  # type: ignore[return-value]  # on purpose

    outcome = await ask(way, app, Asked())

    assert outcome.status == 500
    assert str(outcome.error).startswith("ResponseValidationError: 1 validation error:")
    assert "'loc': ('response', 'name')" in str(outcome.error)
