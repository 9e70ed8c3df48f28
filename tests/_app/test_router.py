from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Match, Mount, Route, WebSocketRoute

from pronghorn import APIRouter, Depends, FastAPI, Request, WebSocket
from pronghorn._base.declaration import DeclarationError
from pronghorn._base.generation import TrackedList, generation
from pronghorn.exceptions import FastAPIError
from pronghorn.routing import APIRoute, APIWebSocketRoute
from pronghorn.testclient import TestClient


def endpoint() -> str:
    return "endpoint"


async def plain(request: Request) -> PlainTextResponse:
    return PlainTextResponse("plain")


async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


def first() -> None: ...
def second() -> None: ...


def notes_of(error: BaseException) -> list[str]:
    return list(getattr(error, "__notes__", []))


# --- declaring


def test_options_of_the_router_are_merged_into_its_routes() -> None:
    callback = APIRoute("/callback", endpoint)
    other = APIRoute("/other", endpoint)
    router = APIRouter(
        prefix="/items",
        tags=["router"],
        dependencies=[Depends(first)],
        responses={404: {"description": "router"}},
        callbacks=[callback],
        default_response_class=HTMLResponse,
        include_in_schema=False,
        deprecated=True,
        generate_unique_id_function=lambda route: f"own-{route.name}",
        strict_content_type=False,
        max_body_size=10,
    )

    router.get(
        "/{name}",
        tags=["route"],
        dependencies=[Depends(second)],
        responses={403: {"description": "route"}},
        callbacks=[other],
    )(endpoint)

    route: Any = router.routes[0]
    assert route.path == "/items/{name}"
    assert route.tags == ["router", "route"]
    assert route.dependencies == [Depends(first), Depends(second)]
    assert route.responses == {404: {"description": "router"}, 403: {"description": "route"}}
    assert route.callbacks == [callback, other]
    assert route.response_class is HTMLResponse
    assert (route.include_in_schema, route.deprecated, route.unique_id) == (False, True, "own-endpoint")
    assert (route.strict_content_type, route.max_body_size) == (False, 10)


def test_options_of_a_route_go_before_those_of_its_router() -> None:
    router = APIRouter(default_response_class=HTMLResponse, max_body_size=10, strict_content_type=False)

    router.add_api_route(
        "/", endpoint, response_class=PlainTextResponse, max_body_size=20, strict_content_type=True
    )

    route: Any = router.routes[0]
    assert (route.response_class, route.max_body_size, route.strict_content_type) == (
        PlainTextResponse,
        20,
        True,
    )


def test_a_route_may_have_a_class_of_its_own() -> None:
    class Own(APIRoute):
        pass

    class Default(APIRoute):
        pass

    router = APIRouter(route_class=Default)
    router.get("/")(endpoint)
    router.add_api_route("/", endpoint, route_class_override=Own)

    assert [type(route) for route in router.routes] == [Default, Own]


def test_limits_of_forms_may_be_given_to_a_route() -> None:
    router = APIRouter()
    router.post("/a", form_limits={"max_fields": 1})(endpoint)
    router.post("/b", form_limits=None)(endpoint)

    assert [getattr(route, "form_limits", None) for route in router.routes] == [{"max_fields": 1}, {}]


def test_every_kind_of_route_can_be_declared() -> None:
    router = APIRouter(prefix="/p", dependencies=[Depends(first)])
    router.get("/a")(endpoint)
    router.websocket("/b", name="own", dependencies=[Depends(second)])(talk)
    router.websocket_route("/c", name="named")(talk)
    router.route("/d", methods=["PUT"], name="plain", include_in_schema=False)(plain)
    router.mount("/e", Starlette(), name="mounted")
    router.host("h", Starlette(), name="hosted")

    described = [(type(route).__name__, getattr(route, "path", None), route.name) for route in router.routes]  # type: ignore[attr-defined]
    assert described == [
        ("APIRoute", "/p/a", "endpoint"),
        ("APIWebSocketRoute", "/p/b", "own"),
        ("WebSocketRoute", "/c", "named"),
        ("Route", "/d", "plain"),
        ("Mount", "/e", "mounted"),
        ("Host", None, "hosted"),
    ]
    socket: Any = router.routes[1]
    assert socket.dependencies == [Depends(first), Depends(second)]


@pytest.mark.parametrize("name", ["websocket", "websocket_route", "route"])
def test_decorators_give_the_function_back(name: str) -> None:
    assert getattr(APIRouter(), name)("/")(talk) is talk


# --- what cannot work


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("items", "A path prefix must start with '/'"),
        ("/items/", "A path prefix must not end with '/', as the routes will start with '/'"),
    ],
)
def test_a_prefix_begins_with_a_slash_and_does_not_end_with_one(prefix: str, message: str) -> None:
    with pytest.raises(DeclarationError) as raised:
        APIRouter(prefix=prefix)
    assert (str(raised.value), notes_of(raised.value)) == (message, ["Fix: write prefix='/items'"])

    with pytest.raises(DeclarationError) as raised:
        APIRouter().include_router(APIRouter(), prefix=prefix)
    assert str(raised.value) == message


def test_a_router_cannot_include_itself() -> None:
    router = APIRouter()

    with pytest.raises(DeclarationError, match="Cannot include the same APIRouter instance into itself"):
        router.include_router(router)


def test_a_router_cannot_include_one_that_includes_it() -> None:
    inner, middle, outer = APIRouter(), APIRouter(), APIRouter()
    middle.include_router(inner)
    outer.include_router(middle)

    with pytest.raises(DeclarationError, match="that already includes this router"):
        inner.include_router(outer)


def test_a_path_cannot_be_empty() -> None:
    inner, outer = APIRouter(), APIRouter()
    inner.get("")(endpoint)

    with pytest.raises(FastAPIError, match=r"cannot be both empty \(path operation: endpoint\)"):
        outer.include_router(inner)
    app = FastAPI()
    app.include_router(inner, prefix="/items")
    assert TestClient(app).get("/items").json() == "endpoint"


def test_nor_through_another_inclusion() -> None:
    inner, middle = APIRouter(), APIRouter()
    middle.include_router(inner)
    inner.get("", name="own")(endpoint)

    with pytest.raises(FastAPIError, match="path operation: own"):
        APIRouter().include_router(middle)
    APIRouter(prefix="/x").include_router(middle, prefix="/y")


def test_events_are_startup_and_shutdown() -> None:
    with pytest.raises(DeclarationError, match="The event type must be 'startup' or 'shutdown'"):
        APIRouter().add_event_handler("start", first)


# --- events


def test_events_may_be_declared_by_the_former_decorator() -> None:
    router = APIRouter()

    with pytest.warns(
        DeprecationWarning, match="on_event is deprecated, use lifespan event handlers instead"
    ):
        decorated = router.on_event("startup")(first)  # pyright: ignore[reportDeprecated]
    router.add_event_handler("shutdown", second)

    assert decorated is first
    assert (router.on_startup, router.on_shutdown) == ([first], [second])


# --- changes


@pytest.mark.parametrize(
    "change",
    [
        lambda router: router.get("/")(endpoint),
        lambda router: router.websocket("/")(talk),
        lambda router: router.add_route("/", plain),
        lambda router: router.add_websocket_route("/", talk),
        lambda router: router.mount("/", Starlette()),
        lambda router: router.host("h", Starlette()),
        lambda router: router.include_router(APIRouter()),
    ],
)
def test_every_declaration_is_counted(change: Any) -> None:
    inner, outer = APIRouter(), APIRouter()
    outer.include_router(inner)
    generations, version = generation.value, outer._get_routes_version()

    change(inner)

    assert generation.value > generations
    assert outer._get_routes_version() > version


def test_editing_the_list_of_routes_is_counted() -> None:
    router = APIRouter()
    before = generation.value

    router.routes.append(Route("/", plain))
    assert generation.value > before

    before = generation.value
    router.routes = [Route("/", plain)]
    assert generation.value > before
    assert isinstance(router.routes, TrackedList)


def test_an_attribute_that_is_set_is_counted() -> None:
    router = APIRouter()
    before = generation.value

    router.redirect_slashes = False

    assert generation.value > before


def test_a_router_that_is_included_twice_is_counted_once() -> None:
    inner, outer = APIRouter(), APIRouter()
    outer.include_router(inner)
    outer.include_router(inner)
    before = outer._get_routes_version()

    inner.get("/")(endpoint)

    assert outer._get_routes_version() == before + 1


# --- serving


def test_a_router_is_an_application() -> None:
    router = APIRouter()
    router.add_route("/", plain)
    router.websocket("/ws")(talk)

    with TestClient(router) as client:
        assert client.get("/").text == "plain"


def test_a_router_alone_matches_nothing_and_handles_everything() -> None:
    router = APIRouter()
    router.add_route("/", plain)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await router.handle(scope, receive, send)

    assert router.matches({"type": "http"}) == (Match.NONE, {})
    assert TestClient(app).get("/").text == "plain"


def test_a_router_with_a_limit_limits_what_it_serves() -> None:
    async def size(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    router = APIRouter(max_body_size=3)
    router.add_route("/", size, methods=["POST"])

    assert [TestClient(router).post("/", content=body).status_code for body in (b"abc", b"abcd")] == [
        200,
        413,
    ]


def test_a_router_may_be_mounted() -> None:
    router = APIRouter()
    router.get("/a")(endpoint)
    app = FastAPI()
    app.mount("/m", router)

    assert TestClient(app).get("/m/a").json() == "endpoint"


def test_the_kinds_of_routes_are_starlettes() -> None:
    assert issubclass(APIRoute, Route)
    assert issubclass(APIWebSocketRoute, WebSocketRoute)
    assert isinstance(Mount("/", APIRouter()).app, APIRouter)
