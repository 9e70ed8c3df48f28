import inspect
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import anyio
import pytest
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from pronghorn import (
    APIRouter,
    Depends,
    FastAPI,
    Form,
    HTTPException,
    Pronghorn,
    Request,
    Response,
    WebSocket,
)
from pronghorn._base.declaration import DeclarationError
from pronghorn.exceptions import (
    FastAPIDeprecationWarning,
    RequestValidationError,
    WebSocketRequestValidationError,
)
from pronghorn.testclient import TestClient
from tests.engine.telemetry.recorded import Recorded

OPTIONS = {
    "telemetry", "debug", "routes", "title", "summary", "description", "version", "openapi_url",
    "openapi_tags", "servers", "dependencies", "default_response_class", "redirect_slashes", "docs_url",
    "redoc_url", "swagger_ui_oauth2_redirect_url", "swagger_ui_init_oauth", "middleware",
    "exception_handlers", "on_startup", "on_shutdown", "lifespan", "terms_of_service", "contact",
    "license_info", "root_path", "root_path_in_servers", "responses", "callbacks", "webhooks", "deprecated",
    "include_in_schema", "swagger_ui_parameters", "generate_unique_id_function",
    "separate_input_output_schemas", "openapi_external_docs", "strict_content_type", "max_body_size",
    "form_limits",
}  # fmt: skip
OWN = {"scalar_url", "docs_assets", "auto_head"}


class Log(list[str]):
    """What happened, in order."""

    def layer(self, name: str) -> Any:
        log = self

        class Layer:
            def __init__(self, app: Any) -> None:
                self.app = app

            async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
                log.append(f"in {name}")
                try:
                    await self.app(scope, receive, send)
                finally:
                    log.append(f"out {name}")

        return Layer


# --- the constructor


def test_the_options_are_fastapis_and_those_of_the_offline_pages() -> None:
    parameters = dict(inspect.signature(Pronghorn).parameters)

    assert set(parameters) == OPTIONS | OWN
    assert {one.kind for one in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert FastAPI is Pronghorn


def test_a_name_that_is_no_option_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'titel'"):
        FastAPI(titel="Books")  # type: ignore[call-arg]


def test_what_was_given_is_kept_under_its_name() -> None:
    given: dict[str, Any] = {
        "debug": True,
        "title": "Books",
        "summary": "All of them",
        "description": "At length",
        "version": "1.2",
        "terms_of_service": "https://example.org/terms",
        "contact": {"name": "Ann"},
        "license_info": {"name": "MIT"},
        "openapi_url": "/api.json",
        "openapi_tags": [{"name": "books"}],
        "servers": [{"url": "https://example.org"}],
        "root_path_in_servers": False,
        "separate_input_output_schemas": False,
        "openapi_external_docs": {"url": "https://example.org/docs"},
        "docs_url": "/d",
        "redoc_url": "/r",
        "scalar_url": "/s",
        "docs_assets": "cdn",
        "swagger_ui_oauth2_redirect_url": "/o",
        "swagger_ui_init_oauth": {"clientId": "c"},
        "swagger_ui_parameters": {"filter": True},
        "max_body_size": 10,
    }

    app = FastAPI(**given)

    assert {name: getattr(app, name) for name in given} == given


def test_the_defaults_are_fastapis() -> None:
    app = FastAPI()

    assert (app.title, app.version, app.openapi_version) == ("FastAPI", "0.1.0", "3.1.0")
    assert (app.openapi_url, app.docs_url, app.redoc_url, app.scalar_url) == (
        "/openapi.json",
        "/docs",
        "/redoc",
        None,
    )
    assert (app.debug, app.root_path, app.servers, app.dependency_overrides) == (False, "", [], {})
    assert set(app.exception_handlers) == {
        StarletteHTTPException,
        RequestValidationError,
        WebSocketRequestValidationError,
    }


def test_the_rest_is_for_the_router() -> None:
    def dependency() -> None: ...

    app = FastAPI(
        dependencies=[Depends(dependency)],
        default_response_class=HTMLResponse,
        redirect_slashes=False,
        deprecated=True,
        include_in_schema=False,
        responses={404: {"description": "gone"}},
        strict_content_type=False,
        form_limits={"max_fields": 1},
        max_body_size=3,
    )
    router = app.router

    assert router.dependencies == [Depends(dependency)]
    assert (router.default_response_class, router.redirect_slashes) == (HTMLResponse, False)
    assert (router.deprecated, router.include_in_schema) == (True, False)
    assert router.responses == {404: {"description": "gone"}}
    assert (router.strict_content_type, router.form_limits, router.max_body_size) == (
        False,
        {"max_fields": 1},
        3,
    )
    assert router.dependency_overrides_provider is app


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"title": ""}, "A title must be provided for OpenAPI, e.g.: 'My API'"),
        ({"version": ""}, "A version must be provided for OpenAPI, e.g.: '2.1.0'"),
    ],
)
def test_a_document_has_a_title_and_a_version(options: Any, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        FastAPI(**options)
    FastAPI(openapi_url=None, **options)


def test_a_root_path_is_a_setting_of_the_server() -> None:
    with pytest.warns(FastAPIDeprecationWarning, match="The `root_path` parameter is deprecated") as caught:
        app = FastAPI(root_path="/v1")
    assert [warning.filename for warning in caught] == [__file__]

    @app.get("/")
    async def read(request: Request) -> str:
        return str(request.scope["root_path"])

    assert TestClient(app).get("/").json() == "/v1"


# --- routes


def test_the_documents_routes_are_plain_and_come_first() -> None:
    app = FastAPI()

    assert [(type(route), route.path) for route in app.routes if isinstance(route, Route)] == [
        (Route, "/openapi.json"),
        (Route, "/docs"),
        (Route, "/docs/oauth2-redirect"),
        (Route, "/redoc"),
    ]
    assert TestClient(app).head("/docs").status_code == 200


def test_without_a_document_there_are_no_pages() -> None:
    assert FastAPI(openapi_url=None).routes == []


def test_the_document_follows_the_routes() -> None:
    app, router = FastAPI(), APIRouter()
    app.include_router(router)
    first = app.openapi()

    assert app.openapi() is first
    router.get("/late")(lambda: 1)
    assert list(app.openapi()["paths"]) == ["/late"]
    app.openapi_schema = None
    assert app.openapi() == app.openapi()


async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


def test_web_sockets_can_be_declared_in_every_way() -> None:
    app = FastAPI()
    assert app.websocket("/a", name="own")(talk) is talk
    assert app.websocket_route("/b")(talk) is talk
    app.add_api_websocket_route("/c", talk)

    for path in ("/a", "/b", "/c"):
        with TestClient(app).websocket_connect(path) as session:
            assert session.receive_text() == "hello"
    assert app.url_path_for("own") == "/a"


def test_path_operations_can_be_added_and_decorated() -> None:
    app = FastAPI()

    def endpoint() -> int:
        return 1

    assert app.api_route("/a", methods=["PUT"])(endpoint) is endpoint
    app.add_api_route("/b", endpoint, methods=["POST"], status_code=201)
    client = TestClient(app)

    assert (client.put("/a").json(), client.post("/b").status_code) == (1, 201)


# --- middleware and handlers


def test_layers_surround_each_other_last_added_first() -> None:
    log = Log()
    app = FastAPI(middleware=[Middleware(log.layer("a")), Middleware(log.layer("b"))])
    app.add_middleware(log.layer("c"))

    @app.middleware("http")
    async def function(request: Request, call_next: Any) -> Response:
        log.append("in function")
        response: Response = await call_next(request)
        log.append("out function")
        return response

    @app.get("/")
    async def endpoint() -> None:
        log.append("endpoint")

    TestClient(app, base_url="http://testserver").get("/")

    assert log[:5] == ["in function", "in c", "in a", "in b", "endpoint"]
    # The function goes on when the response begins, the layers below it when it is complete.
    assert [entry for entry in log[5:] if entry != "out function"] == ["out b", "out a", "out c"]


class SoldOut(Exception):
    pass


class VerySoldOut(SoldOut):
    pass


def failing(error: Exception) -> Any:
    async def endpoint() -> None:
        raise error

    return endpoint


def test_handlers_are_found_by_status_then_by_class() -> None:
    app = FastAPI(exception_handlers={404: lambda request, error: PlainTextResponse("by status", 404)})

    @app.exception_handler(SoldOut)
    async def sold_out(request: Request, error: SoldOut) -> JSONResponse:
        return JSONResponse(type(error).__name__, 410)

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> PlainTextResponse:
        return PlainTextResponse("by class", error.status_code)

    for path, error in [("/a", VerySoldOut()), ("/b", HTTPException(404)), ("/c", HTTPException(400))]:
        app.get(path)(failing(error))
    client = TestClient(app)

    assert [client.get(path).text for path in ("/a", "/b", "/c")] == [
        '"VerySoldOut"',
        "by status",
        "by class",
    ]


def test_a_handler_for_everything_stands_outside_of_all_layers() -> None:
    log = Log()
    app = FastAPI(middleware=[Middleware(log.layer("a"))])

    @app.exception_handler(Exception)
    async def anything(request: Request, error: Exception) -> PlainTextResponse:
        log.append("handler")
        return PlainTextResponse("broken", 500)

    app.get("/")(failing(ValueError()))
    reply = TestClient(app, raise_server_exceptions=False).get("/")

    assert (reply.status_code, reply.text) == (500, "broken")
    assert log == ["in a", "out a", "handler"]


def test_the_last_handler_for_everything_counts() -> None:
    app = FastAPI(
        exception_handlers={
            500: lambda request, error: PlainTextResponse("500", 500),
            Exception: lambda request, error: PlainTextResponse("Exception", 500),
        }
    )
    app.get("/")(failing(ValueError()))

    assert TestClient(app, raise_server_exceptions=False).get("/").text == "Exception"


def test_a_request_can_be_debugged() -> None:
    app = FastAPI(debug=True)
    app.get("/")(failing(ValueError("sold out")))

    reply = TestClient(app, raise_server_exceptions=False).get("/")

    assert reply.status_code == 500
    assert "ValueError: sold out" in reply.text


def test_the_stack_may_be_built_otherwise() -> None:
    class Own(FastAPI):
        def build_middleware_stack(self) -> Any:
            stack = super().build_middleware_stack()

            async def tagged(scope: Scope, receive: Receive, send: Send) -> None:
                if scope["type"] == "http":
                    await PlainTextResponse(scope["path"])(scope, receive, send)
                else:
                    await stack(scope, receive, send)

            return tagged

    with TestClient(Own()) as client:
        assert client.get("/anything").text == "/anything"


# --- events


def test_events_may_be_declared_by_the_former_decorator() -> None:
    log = Log()
    app = FastAPI()

    with pytest.warns(DeprecationWarning, match="on_event is deprecated") as caught:

        @app.on_event("startup")  # pyright: ignore[reportDeprecated]
        def up() -> None:
            log.append("up")

    assert [warning.filename for warning in caught if warning.category is DeprecationWarning][:1] == [
        __file__
    ]
    with TestClient(app):
        log.append("running")
    assert log == ["up", "running"]


def test_a_lifespan_surrounds_all_requests() -> None:
    log = Log()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, str]]:
        log.append(app.title)
        yield {"pool": "pool"}
        log.append("end")

    app = FastAPI(lifespan=lifespan, title="Books")

    @app.get("/")
    async def read(request: Request) -> str:
        return str(request.state.pool)

    with TestClient(app) as client:
        assert client.get("/").json() == "pool"
    assert log == ["Books", "end"]


# --- limits


def test_an_application_may_limit_bodies() -> None:
    app = FastAPI(max_body_size=3)

    @app.post("/")
    async def read(name: Annotated[str, Form()]) -> str:
        return name

    reply = TestClient(app).post("/", data={"name": "n"})

    assert (reply.status_code, reply.text, reply.headers["content-type"]) == (
        413,
        "Content Too Large",
        "text/plain; charset=utf-8",
    )


# --- subclasses and neighbours


def test_applications_can_be_mounted() -> None:
    app, inner = FastAPI(), FastAPI()

    @inner.get("/a")
    async def read(request: Request) -> list[str]:
        return [request.scope["root_path"], request.url.path]

    app.mount("/inner", inner)

    assert TestClient(app).get("/inner/a").json() == ["/inner", "/inner/a"]
    assert TestClient(app).get("/inner/openapi.json").json()["servers"] == [{"url": "/inner"}]


def test_declaring_nothing_warns_of_nothing() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        FastAPI()

    assert caught == []


def test_other_protocols_reach_the_stack() -> None:
    seen: list[str] = []

    class Own(FastAPI):
        def build_middleware_stack(self) -> Any:
            async def stack(scope: Scope, receive: Receive, send: Send) -> None:
                seen.append(scope["type"])

            return stack

    async def call() -> None:
        async def nothing(*_: Any) -> Any: ...

        await Own()({"type": "other"}, nothing, nothing)

    anyio.run(call)
    assert seen == ["other"]


def test_an_observed_web_socket_is_served_all_the_same() -> None:
    app = FastAPI(telemetry=Recorded().config)
    app.websocket("/ws")(talk)

    with TestClient(app) as client, client.websocket_connect("/ws") as session:
        assert session.receive_text() == "hello"
