import typing
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import BaseModel
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Match, Router

from pronghorn import APIRouter, Body, Depends, FastAPI, Request
from pronghorn._base.declaration import DeclarationError
from pronghorn._base.generation import generation
from pronghorn._base.sentinels import DefaultPlaceholder
from pronghorn.exceptions import FastAPIError
from pronghorn.routing import APIRoute
from pronghorn.sse import EventSourceResponse, ServerSentEvent
from pronghorn.testclient import TestClient

if TYPE_CHECKING:
    from nowhere import Unknown  # type: ignore[import-not-found]  # pyright: ignore[reportMissingImports]


class Item(BaseModel):
    name: str


class Created(IntEnum):
    created = 201


def endpoint() -> None: ...


def place(call: Callable[..., Any]) -> str:
    return f"{call.__qualname__}, defined at {__file__}:{call.__code__.co_firstlineno}"


# --- what a declaration means


def test_a_route_takes_its_attributes_from_the_declaration() -> None:
    route = APIRoute(
        "/items/{item_id:int}",
        endpoint,
        methods=["get", "HEAD"],
        status_code=Created.created,
        tags=["items"],
        summary="Summary",
        deprecated=True,
        operation_id="own",
        name="named",
    )

    assert (route.path, route.path_format, route.methods) == (
        "/items/{item_id:int}",
        "/items/{item_id}",
        {"GET", "HEAD"},
    )
    assert (route.endpoint, route.name, route.unique_id) == (endpoint, "named", "own")
    assert (route.status_code, type(route.status_code)) == (201, int)
    assert (route.tags, route.summary, route.deprecated) == (["items"], "Summary", True)
    assert str(route.param_convertors["item_id"].convert("3")) == "3"


def test_what_was_left_out_has_a_default() -> None:
    route = APIRoute("/", endpoint)

    assert (route.name, route.methods, route.unique_id) == ("endpoint", {"GET"}, "endpoint__get")
    assert (route.status_code, route.tags, route.responses, route.dependencies) == (None, [], {}, [])
    assert (route.description, route.body_field, route.response_field) == ("", None, None)
    assert isinstance(route.response_class, DefaultPlaceholder)


def test_the_docstring_is_the_description_up_to_a_form_feed() -> None:
    def documented() -> None:
        """Read it.

        At length.
        \f
        For readers of the source.
        """

    assert APIRoute("/", documented).description == "Read it.\n\nAt length."
    assert APIRoute("/", documented, description="Own").description == "Own"


def test_an_id_may_be_made_otherwise() -> None:
    route = APIRoute("/", endpoint, generate_unique_id_function=lambda route: f"own-{route.name}")

    assert route.unique_id == "own-endpoint"


def test_dependencies_of_a_route_go_before_those_of_its_function() -> None:
    def first() -> None: ...
    def second() -> None: ...
    def call(value: Any = Depends(second)) -> None: ...

    route = APIRoute("/", call, dependencies=[Depends(first)])

    assert [node.call for node in route.dependant.dependencies] == [first, second]


def test_bodies_make_one_field() -> None:
    def one(item: Item) -> None: ...
    def two(item: Item, n: Annotated[int, Body()]) -> None: ...

    assert APIRoute("/", one).body_field is not None
    field = APIRoute("/", two, operation_id="own").body_field
    assert field is not None
    assert field.name == "body"


# --- what is returned


def model() -> Item: ...  # type: ignore[empty-body]
def nothing(): ...  # type: ignore[no-untyped-def]
def response() -> JSONResponse: ...  # type: ignore[empty-body]
def sync_items() -> Iterator[Item]:
    yield Item(name="a")


async def items() -> AsyncIterator[Item]:
    yield Item(name="a")


async def untyped() -> typing.AsyncIterator:  # type: ignore[type-arg]
    yield 1


async def events() -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent()


def lists() -> list[Item]: ...  # type: ignore[empty-body]


@pytest.mark.parametrize(
    ("call", "options", "response_model", "item", "is_lines", "is_events"),
    [
        (model, {}, Item, None, False, False),
        (model, {"response_model": None}, None, None, False, False),
        (model, {"response_model": int}, int, None, False, False),
        (lists, {}, list[Item], None, False, False),
        (nothing, {}, None, None, False, False),
        (response, {}, None, None, False, False),
        (items, {}, None, Item, True, False),
        (sync_items, {}, None, Item, True, False),
        (untyped, {}, None, Any, True, False),
        (items, {"response_class": EventSourceResponse}, None, Item, False, True),
        (events, {"response_class": EventSourceResponse}, None, None, False, True),
        (events, {}, None, None, True, False),
        (items, {"response_class": HTMLResponse}, None, None, False, False),
        (model, {"response_class": EventSourceResponse}, Item, None, False, False),
        (items, {"response_model": Item}, Item, None, True, False),
    ],
)
def test_the_return_annotation_says_what_is_sent(
    call: Any, options: Any, response_model: Any, item: Any, is_lines: bool, is_events: bool
) -> None:
    route = APIRoute("/", call, **options)

    assert (route.response_model, route.stream_item_type) == (response_model, item)
    assert (route.is_json_stream, route.is_sse_stream) == (is_lines, is_events)
    assert (route.response_field is not None, route.stream_item_field is not None) == (
        response_model is not None,
        item is not None,
    )


def test_further_responses_have_fields() -> None:
    route = APIRoute("/", endpoint, responses={404: {"model": Item}, "5XX": {"description": "broken"}})

    assert list(route.response_fields) == [404]
    assert route.response_fields[404].name == "Response_404_endpoint__get"


# --- what cannot work


class Odd:
    """No type that pydantic knows."""


NO_TYPE = "Fix: if 'odd' is a dependency, declare it with `Depends()`; otherwise give it a type that pydantic can validate"


def odd_parameter(odd: Odd) -> None: ...
def odd_return() -> Odd: ...  # type: ignore[empty-body]
def needs_odd(value: Any = Depends(odd_parameter)) -> None: ...


@pytest.mark.parametrize(
    ("call", "options", "message", "notes"),
    [
        (
            odd_parameter,
            {},
            "Invalid args for response field",
            [f"In parameter 'odd' of {place(odd_parameter)}", NO_TYPE, "Path operation: GET /"],
        ),
        (
            needs_odd,
            {"methods": ["PUT", "POST"]},
            "Invalid args for response field",
            [
                f"In parameter 'odd' of {place(odd_parameter)}",
                NO_TYPE,
                f"Path operation: POST PUT / ({place(needs_odd)})",
            ],
        ),
        (
            odd_return,
            {},
            "Invalid args for response field",
            [f"In the response type of {place(odd_return)}", "Path operation: GET /"],
        ),
        (
            endpoint,
            {"responses": {404: {"model": Odd}}},
            "Invalid args for response field",
            [f"In the response type of {place(endpoint)}", "Path operation: GET /"],
        ),
        (
            model,
            {"status_code": 204},
            "Status code 204 must not have a response body",
            [
                f"In the response type of {place(model)}",
                "Fix: remove the response model (or write response_model=None), or choose another status code",
                "Path operation: GET /",
            ],
        ),
        (
            endpoint,
            {"responses": {304: {"model": Item}}},
            "Status code 304 must not have a response body",
            [
                f"In the response type of {place(endpoint)}",
                "Fix: remove the response model (or write response_model=None), or choose another status code",
                "Path operation: GET /",
            ],
        ),
        (
            endpoint,
            {"responses": {404: "gone"}},
            "An additional response must be a dict",
            [
                f"In the response type of {place(endpoint)}",
                "Fix: write responses={404: {'model': ...}}; found 'gone'",
                "Path operation: GET /",
            ],
        ),
        (
            endpoint,
            {"methods": []},
            "Expected a route with HTTP methods, found APIRoute(path='/', name='endpoint', methods=[]) without",
            [
                f"In the declaration of {place(endpoint)}",
                "Fix: name at least one in `methods`",
                "Path operation: /",
            ],
        ),
    ],
)
def test_a_declaration_that_cannot_work_is_located(call: Any, options: Any, message: str, notes: Any) -> None:
    with pytest.raises((DeclarationError, FastAPIError)) as raised:
        APIRoute("/", call, **options)

    assert str(raised.value).startswith(message)
    assert raised.value.__notes__ == notes


def test_an_endpoint_is_callable() -> None:
    with pytest.raises(DeclarationError, match="An endpoint must be a callable") as raised:
        APIRoute("/items", "no function")  # type: ignore[arg-type]
    assert raised.value.__notes__ == ["Fix: give the function of '/items'; found 'no function'"]


def test_an_error_keeps_its_place_through_an_inclusion() -> None:
    router = APIRouter()
    router.get("/{x}")(endpoint)
    app = FastAPI()

    def takes_path(x: list[int]) -> None: ...

    with pytest.raises(DeclarationError, match="Path params must be of one of the supported types") as raised:
        APIRouter(prefix="/a").get("/{x}")(takes_path)
    app.include_router(router)
    assert raised.value.__notes__[0] == f"In parameter 'x' of {place(takes_path)}"
    assert raised.value.__notes__[-1] == "Path operation: GET /a/{x}"


def test_a_name_that_is_not_defined_is_told_and_fails_when_it_is_used(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def takes(item: "Unknown") -> None: ...
    def gives() -> "Unknown": ...

    app = FastAPI()
    app.get("/takes")(takes)
    app.get("/gives")(gives)
    client = TestClient(app, raise_server_exceptions=False)

    assert [record.getMessage().partition(". ")[2] for record in caplog.records] == [
        f"In {part} of {place(call)}. "
        "Fix: define or import it above the function, outside of `if TYPE_CHECKING:`"
        for part, call in (("parameter 'item'", takes), ("the return type", gives))
    ]
    replies = [client.get(path) for path in ("/takes", "/takes?item=1", "/gives")]
    assert [reply.status_code for reply in replies] == [422, 500, 500]
    assert replies[-1].text == "Internal Server Error"


# --- matching and answering


def http(path: str, method: str = "GET") -> Any:
    return {
        "type": "http",
        "path": path,
        "method": method,
        "headers": [],
        "query_string": b"",
        "root_path": "",
    }


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (http("/items/3"), Match.FULL),
        (http("/items/3", "POST"), Match.PARTIAL),
        (http("/items/x"), Match.NONE),
        ({**http("/items/3"), "type": "websocket"}, Match.NONE),
    ],
)
def test_a_request_matches_by_path_and_method(scope: Any, expected: Match) -> None:
    route = APIRoute("/items/{item_id:int}", endpoint)

    match, child_scope = route.matches(scope)

    assert match is expected
    assert child_scope.get("route") is (None if match is Match.NONE else route)
    assert child_scope.get("path_params") == (None if match is Match.NONE else {"item_id": 3})


def test_another_method_is_not_allowed() -> None:
    reply = TestClient(Router(routes=[APIRoute("/", endpoint)])).post("/")

    assert (reply.status_code, reply.text, reply.headers["allow"]) == (405, "Method Not Allowed", "GET")


# --- subclasses


Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Timed(APIRoute):
    """A route that wraps how its requests are answered."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()

        async def timed(request: Request) -> Response:
            response = await handler(request)
            response.headers["x-route"] = self.path
            return response

        return timed


def test_a_subclass_may_wrap_how_requests_are_answered() -> None:
    app = FastAPI()
    app.router.route_class = Timed
    included = APIRouter(route_class=Timed)

    @app.get("/own")
    async def own() -> int:
        return 1

    @included.get("/inner")
    async def inner() -> int:
        return 2

    app.include_router(included, prefix="/outer")
    client = TestClient(app)

    assert (client.get("/own").json(), client.get("/own").headers["x-route"]) == (1, "/own")
    reply = client.get("/outer/inner")
    assert (reply.json(), reply.headers["x-route"]) == (2, "/inner")


def test_a_wrapper_inside_an_included_router_gets_the_options_around_it() -> None:
    ran: list[str] = []
    router = APIRouter(route_class=Timed)

    @router.get("/")
    async def read() -> Any:
        return "<p>"

    app = FastAPI()
    app.include_router(
        router,
        prefix="/a",
        dependencies=[Depends(lambda: ran.append("outer"))],
        default_response_class=HTMLResponse,
    )
    reply = TestClient(app).get("/a/")

    assert (reply.text, reply.headers["content-type"]) == ("<p>", "text/html; charset=utf-8")
    assert ran == ["outer"]


# --- changes


def test_changes_of_a_route_are_counted() -> None:
    route = APIRoute("/", endpoint)
    before = generation.value

    route.summary = "Changed"
    after = generation.value
    route.methods.add("HEAD")

    assert generation.value > after > before


class Colour(Enum):
    red = "red"


def test_tags_may_be_members_of_an_enum() -> None:
    assert APIRoute("/", endpoint, tags=[Colour.red]).tags == [Colour.red]
