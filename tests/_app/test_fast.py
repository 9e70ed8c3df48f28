"""The fast way gives way where only the reference way is right, and agrees with it elsewhere."""

import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from starlette.middleware.base import RequestResponseEndpoint
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pronghorn import APIRouter, Body, Depends, FastAPI, Request, Response, WebSocket
from pronghorn._app.fast import FastApplication
from pronghorn._engine.asgi import AsgiExchange
from pronghorn._engine.telemetry import SCOPE_KEY as TELEMETRY_KEY
from pronghorn.middleware.cors import CORSMiddleware
from pronghorn.middleware.gzip import GZipMiddleware
from pronghorn.responses import PlainTextResponse, StreamingResponse
from pronghorn.routing import APIRoute
from pronghorn.sse import EventSourceResponse
from pronghorn.testclient import TestClient
from tests.differential.outcomes import Asked
from tests.differential.ways import ask, ask_all, by_reference


@pytest.fixture
def anyio_backend() -> str:
    """The fast way runs on asyncio's loop."""
    return "asyncio"


async def status_for(app: FastAPI, path: str, *chunks: bytes) -> int:
    """The status of a POST whose body comes in chunks, its length not being told."""
    sent: list[Message] = []

    coming: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    coming.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Message:
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": []}
    await app(scope, receive, send)
    return int(sent[0]["status"])


def limited(limit: int | None) -> FastAPI:
    app = FastAPI(max_body_size=limit)

    @app.post("/count")
    async def count(request: Request) -> int:
        return len(await request.body())

    return app


@pytest.mark.anyio
async def test_a_body_of_untold_length_is_counted() -> None:
    app = limited(5)
    assert await status_for(app, "/count", b"123", b"45") == 200
    assert await status_for(app, "/count", b"123", b"456") == 413


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("outer", "inner", "status"), [(5, 10, 200), (10, 5, 413), (5, None, 413), (None, 5, 413)]
)
async def test_the_limit_of_a_mounted_application_replaces_the_outer_one(
    outer: int | None, inner: int | None, status: int
) -> None:
    app = FastAPI(max_body_size=outer)
    app.mount("/inner", limited(inner))
    assert await status_for(app, "/inner/count", b"1234", b"567") == status


def test_urls_are_made_from_the_outside_in_a_mounted_application() -> None:
    inner = FastAPI()

    @inner.get("/items/{key}", name="read_item")
    async def read_item(request: Request, key: int) -> str:
        return str(request.url_for("read_item", key=key + 1).path)

    app = FastAPI()
    app.mount("/inner", inner)
    assert TestClient(app).get("/inner/items/1").json() == "/inner/items/2"
    assert TestClient(inner).get("/items/1").json() == "/items/2"


def test_the_default_of_a_body_member_is_validated_when_it_asks_for_it() -> None:
    app = FastAPI()

    @app.post("/")
    async def endpoint(
        number: Annotated[int, Body(validate_default=True)] = "20",  # type: ignore[assignment]  # on purpose
        other: Annotated[int, Body()] = 1,
    ) -> list[int]:
        return [number, other]

    assert TestClient(app).post("/", json={"other": 2}).json() == [20, 2]
    assert TestClient(app).post("/", json={"number": 3}).json() == [3, 1]


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_what_a_plan_has_read_of_a_body_is_there_for_the_reference_behind_a_middleware_function() -> (
    None
):
    app = FastAPI(strict_content_type=False)

    @app.post("/count")
    async def count(numbers: dict[str, int]) -> int:
        return len(numbers)

    @app.middleware("http")
    async def around(request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)

    assert await status_for(app, "/count", b'{"one":', b"1}") == 200
    assert await status_for(app, "/count", b"no ", b"JSON") == 422


class Plain:
    """A middleware that nobody knows."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


async def endpoint(request: Request) -> str:
    return str(request.scope["root_path"])


def made(**options: Any) -> FastAPI:
    app = FastAPI(openapi_url=None, **options)
    app.add_api_route("/", endpoint)
    return app


def takes(app: FastAPI) -> tuple[bool, bool]:
    """Whether requests are taken before any middleware, and whether from the router."""
    assert app._fast._is_current()
    return app._fast._outer is not None, app._fast._inner is not None


@pytest.mark.parametrize(
    ("layers", "options", "expected"),
    [
        ([], {}, (True, False)),
        ([GZipMiddleware], {}, (True, True)),
        ([Plain], {}, (False, True)),
        ([GZipMiddleware, Plain], {}, (False, True)),
    ],
)
def test_requests_are_taken_where_all_that_is_around_is_known(
    layers: list[Any], options: dict[str, Any], expected: tuple[bool, bool]
) -> None:
    app = made(**options)
    for layer in layers:
        app.add_middleware(layer)

    assert takes(app) == expected
    assert TestClient(app).get("/").json() == ""


async def pass_on(request: Request, call_next: Any) -> Any:
    return await call_next(request)


@pytest.mark.parametrize(("limit", "expected"), [(None, (True, True)), (10, (False, True))])
def test_a_function_may_read_what_the_limit_of_the_application_has_to_count(
    limit: int | None, expected: tuple[bool, bool]
) -> None:
    app = made(max_body_size=limit)
    app.middleware("http")(pass_on)

    assert takes(app) == expected


class OwnRouter(APIRouter):
    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().app(scope, receive, send)


class OwnStack(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        return Plain(super().build_middleware_stack())


class OwnOrder(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        stack: Any = super().build_middleware_stack()
        stack.app.app = Plain(stack.app.app)
        return stack  # type: ignore[no-any-return]


class NoHandlers(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        stack: Any = super().build_middleware_stack()
        stack.app.app.app = self.router
        return stack  # type: ignore[no-any-return]


class OwnInside(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        stack: Any = super().build_middleware_stack()
        stack.app.app.app.app = Plain(self.router)
        return stack  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", [OwnStack, OwnOrder, NoHandlers, OwnInside])
def test_a_stack_of_another_order_has_no_fast_way(kind: type[FastAPI]) -> None:
    app = kind(openapi_url=None)
    app.add_api_route("/", endpoint)

    assert takes(app) == (False, False)
    assert [target for _, _, target in app._fast.targets()] != [None]


def test_a_router_of_another_kind_has_no_fast_way() -> None:
    app = made()
    app.router.__class__ = OwnRouter

    assert takes(app) == (False, False)
    assert TestClient(app).get("/").json() == ""


def test_what_is_replaced_or_overridden_takes_the_reference_way() -> None:
    app = made()
    app.dependency_overrides[endpoint] = endpoint
    assert not app._fast._is_current()

    app.dependency_overrides.clear()
    with by_reference():
        assert not app._fast._is_current()
    assert app._fast._is_current()


def test_an_application_that_was_copied_reads_itself_anew() -> None:
    app = made()
    assert takes(app) == (True, False)
    fast = FastApplication(app)
    copied = FastApplication.__new__(FastApplication)
    copied.__setstate__(fast.__getstate__())

    assert copied._app is app
    assert copied._outer is None


class OwnMatching(APIRoute):
    def matches(self, scope: Scope) -> Any:
        return super().matches(scope)


class OwnHandling(APIRoute):
    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().handle(scope, receive, send)


class OwnHandler(APIRoute):
    def get_route_handler(self) -> Any:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Any:
            return await handler(request)

        return handle


class MatchingRouter(APIRouter):
    def matches(self, scope: Scope) -> Any:
        return super().matches(scope)


@pytest.mark.parametrize("kind", [OwnMatching, OwnHandling, OwnHandler])
def test_a_route_of_another_kind_takes_the_general_way(kind: type[APIRoute]) -> None:
    app = FastAPI(openapi_url=None)
    router = APIRouter(route_class=kind)
    router.add_api_route("/", endpoint)
    router.add_api_route("/later", endpoint)
    app.include_router(router)
    app.router.add_api_route("/own", endpoint, route_class_override=kind)

    assert [target for _, _, target in app._fast.targets()] == [None, None, None]
    for path in ("/", "/later", "/own"):
        assert TestClient(app).get(path).json() == ""


async def talk(socket: WebSocket) -> None: ...


async def handle_plainly(request: Request) -> PlainTextResponse:
    return PlainTextResponse("plain")


def test_every_kind_of_route_keeps_its_place() -> None:
    app = FastAPI(openapi_url=None)
    inner, own = APIRouter(), MatchingRouter()
    inner.add_api_route("/inner", endpoint)
    own.add_api_route("/own", endpoint)
    nested = APIRouter()
    nested.include_router(inner, prefix="/nested")
    app.add_route("/plain", handle_plainly)
    app.add_api_websocket_route("/socket", talk)
    app.mount("/mounted", made())
    app.include_router(nested)
    app.include_router(own)
    app.host("other.test", made())
    app.add_api_route("/mounted/never", endpoint)
    app.add_api_route("/last", endpoint)
    client = TestClient(app)

    assert client.get("/plain").text == "plain"
    assert client.get("/mounted/").json() == "/mounted"
    assert client.get("/mounted/never").status_code == 404
    for path in ("/nested/inner", "/own", "/last"):
        assert client.get(path).json() == ""
    assert client.get("/", headers={"host": "other.test"}).json() == ""


def test_a_path_whose_expression_was_replaced_takes_the_general_way() -> None:
    app = made()
    route: Any = app.router.routes[0]
    route.path_regex = re.compile("^/other$")

    assert [target for _, _, target in app._fast.targets()] == [None]


@pytest.mark.anyio
@pytest.mark.parametrize("way", ["native", "asgi", "reference"])
async def test_the_root_path_is_the_applications_or_the_servers(way: str) -> None:
    app, rooted = made(), made()
    rooted.root_path = "/api"

    assert (await ask(way, app, Asked(path="/root/", root_path="/root"))).body == b'"/root"'
    assert (await ask(way, app, Asked(path="/rootless/", root_path="/root"))).status == 404
    assert (await ask(way, rooted, Asked(path="/api/"))).body == b'"/api"'


class OwnCall(FastAPI):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["root_path"] = "/called"
        await super().__call__(scope, receive, send)


@pytest.mark.anyio
@pytest.mark.parametrize("way", ["native", "asgi"])
async def test_an_application_that_is_called_in_its_own_way_is_called(way: str) -> None:
    app = OwnCall(openapi_url=None)
    app.add_api_route("/", endpoint)

    assert (await ask(way, app, Asked())).body == b'"/called"'


@pytest.mark.anyio
@pytest.mark.parametrize("way", ["native", "asgi", "reference"])
@pytest.mark.parametrize("layer", [GZipMiddleware, Plain])
async def test_what_has_no_route_is_answered_by_the_general_way(way: str, layer: Any) -> None:
    app = made()
    app.add_middleware(layer)

    assert (await ask(way, app, Asked(path="/nowhere"))).status == 404
    assert (await ask(way, app, Asked())).status == 200


@pytest.mark.anyio
@pytest.mark.parametrize("way", ["native", "asgi", "reference"])
async def test_a_preflight_request_needs_no_route(way: str) -> None:
    app = made()
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"])
    headers = ((b"origin", b"http://a"), (b"access-control-request-method", b"GET"))

    assert (await ask(way, app, Asked("OPTIONS", "/nowhere", headers=headers))).body == b"OK"


@pytest.mark.anyio
async def test_a_request_that_came_another_way_is_not_taken_from_the_router() -> None:
    app = made()
    app.add_middleware(Plain)
    assert takes(app) == (False, True)

    scope = {"type": "http", "app": app}
    assert not await app._fast.serve_nested({**scope, "app": None}, fail, fail)
    assert not await app._fast.serve_nested(scope, fail, fail)
    assert not await app._fast.serve_nested({**scope, TELEMETRY_KEY: object()}, fail, fail)
    assert not await app._fast.serve_nested({**scope, MAX_BODY_SIZE_SCOPE_KEY: 5}, fail, fail)


def streaming(layer: Any, **options: Any) -> FastAPI:
    """An application of streams, which tell what they see of the request."""
    app = FastAPI(openapi_url=None, **options)
    router = APIRouter(prefix="/{kind}")

    def shown(request: Request) -> str:
        scope = request.scope
        route = scope["route"].path
        return (
            f"{route} {request.path_params} {request.url} {scope['app'] is app} {scope['endpoint'].__name__}"
        )

    def check(request: Request, error: bool = False) -> None:
        if error:
            raise ValueError("asked for")

    @router.get("/events", response_class=EventSourceResponse)
    async def events(request: Request) -> AsyncIterator[str]:
        yield shown(request)

    @router.get("/lines")
    async def lines(request: Request) -> AsyncIterator[str]:
        yield shown(request)

    @router.get("/raw", response_class=StreamingResponse)
    async def raw(request: Request) -> AsyncIterator[str]:
        yield shown(request)

    app.include_router(router, dependencies=[Depends(check)])
    if layer is not None:
        app.add_middleware(layer)
    return app


@pytest.mark.anyio
@pytest.mark.parametrize("layer", [None, GZipMiddleware, Plain])
@pytest.mark.parametrize("options", [{}, {"max_body_size": 10}])
@pytest.mark.parametrize("path", ["/a/events", "/a/lines", "/a/raw", "/a/none"])
async def test_streams_are_answered_alike(layer: Any, options: dict[str, Any], path: str) -> None:
    app = streaming(layer, **options)
    for query in (b"", b"error=true", b"error=no-bool"):
        outcomes = await ask_all(app, Asked(path=path, query=query))
        reference = outcomes.pop("reference")
        assert outcomes == dict.fromkeys(outcomes, reference)
        if not query and path != "/a/none":
            assert b"/{kind}" in reference.body


@pytest.mark.parametrize(
    ("layer", "options", "path", "expected"),
    [
        (None, {}, "/a/events", True),
        (None, {}, "/a/lines", True),
        (None, {}, "/a/raw", True),
        (None, {}, "/a/none", False),
        (None, {"max_body_size": 10}, "/a/events", False),
        (GZipMiddleware, {}, "/a/events", False),
    ],
)
def test_streams_skip_layers_that_have_nothing_to_do(
    layer: Any, options: dict[str, Any], path: str, expected: bool
) -> None:
    app = streaming(layer, **options)
    takes(app)
    dispatcher: Any = app._fast._outer
    x = AsgiExchange({"type": "http", "method": "GET", "path": path, "headers": []}, fail, fail)
    assert dispatcher.select(x) is None
    assert dispatcher.only_streams(x) is expected


async def fail(*message: Any) -> Any:
    raise AssertionError
