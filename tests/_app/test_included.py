import copy
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import BaseRoute, Host, Match, Mount, NoMatchFound, Route, WebSocketRoute

from pronghorn import APIRouter, Body, Depends, FastAPI, Form, Request, WebSocket
from pronghorn._app.included import EffectiveRoute, IncludedRouter, own_scope, update_scope
from pronghorn.routing import APIRoute, APIWebSocketRoute, RouteContext, iter_route_contexts
from pronghorn.testclient import TestClient


def endpoint() -> str:
    return "endpoint"


async def plain(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"plain {request.url.path}")


async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()


def included(router: APIRouter, **options: Any) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.include_router(router, **options)
    return app


def contexts(app: FastAPI) -> list[RouteContext]:
    return list(iter_route_contexts(app.routes))


def inclusion(app: FastAPI) -> IncludedRouter:
    route = app.routes[-1]
    assert isinstance(route, IncludedRouter)
    return route


# --- routes seen from outside


def first() -> None: ...
def second() -> None: ...


def test_a_route_is_seen_with_all_that_is_around_it() -> None:
    inner = APIRouter(prefix="/inner", tags=["inner"], dependencies=[Depends(second)])
    inner.get("/items", tags=["items"], deprecated=True)(endpoint)
    outer = APIRouter(prefix="/outer", tags=["outer"], default_response_class=HTMLResponse)
    outer.include_router(inner, prefix="/here", dependencies=[Depends(first)])

    (context,) = contexts(included(outer, prefix="/app", include_in_schema=False))

    assert (context.path, context.path_format, context.name, context.methods, context.endpoint) == (
        "/app/outer/here/inner/items",
        "/app/outer/here/inner/items",
        "endpoint",
        {"GET"},
        endpoint,
    )
    assert context.tags == ["outer", "inner", "items"]
    assert [node.call for node in context.dependant.dependencies] == [first, second]
    assert (context.deprecated, context.include_in_schema, context.response_class) == (
        True,
        False,
        HTMLResponse,
    )
    assert context.unique_id == "endpoint_app_outer_here_inner_items_get"
    assert context.original_route is context.route is inner.routes[0]


def test_a_route_that_was_not_included_is_its_own_context() -> None:
    app = FastAPI(openapi_url=None)
    app.get("/items")(endpoint)

    (context,) = contexts(app)

    assert context.original_route is context.route is app.routes[0]
    assert (context.path, context.summary) == ("/items", None)


def test_contexts_among_routes_are_passed_through() -> None:
    app = FastAPI(openapi_url=None)
    app.get("/items")(endpoint)
    (context,) = contexts(app)

    assert list(iter_route_contexts([context])) == [context]


def test_what_a_route_does_not_have_is_none() -> None:
    class Own(BaseRoute):
        pass

    context = RouteContext(Own())

    assert [context.path, context.path_format, context.name, context.methods, context.endpoint] == [None] * 5
    with pytest.raises(AttributeError):
        _ = context.tags


def test_a_context_can_be_copied() -> None:
    context = RouteContext(APIRoute("/", endpoint))

    assert copy.copy(context) == context


def test_any_kind_of_route_may_be_included() -> None:
    router = APIRouter()
    router.add_route("/plain", plain, methods=["GET"])
    router.add_websocket_route("/plain-ws", talk)
    router.websocket("/ws")(talk)
    router.mount("/mount", Starlette(routes=[Route("/in", plain)]))
    router.host("api.example.org", Starlette(routes=[Route("/in", plain)]))
    app = included(router, prefix="/a")

    assert [type(context._shown) for context in contexts(app)] == [
        Route,
        WebSocketRoute,
        APIWebSocketRoute,
        Mount,
        Host,
    ]
    client = TestClient(app)
    assert client.get("/a/plain").text == "plain /a/plain"
    assert client.get("/a/mount/in").text == "plain /a/mount/in"
    assert client.get("/a/in", headers={"host": "api.example.org"}).text == "plain /a/in"
    for path in ("/a/plain-ws", "/a/ws"):
        with client.websocket_connect(path) as session:
            assert session.receive_text() == "hello"


def test_a_host_without_a_prefix_is_included_as_it_is() -> None:
    inner = Starlette(routes=[Route("/in", plain)])
    router = APIRouter()
    router.host("api.example.org", inner)

    reply = TestClient(included(router)).get("/in", headers={"host": "api.example.org"})

    assert reply.text == "plain /in"


def test_unknown_kinds_of_route_are_left_out() -> None:
    class Own(BaseRoute):
        pass

    assert contexts(included(APIRouter(routes=[Own()]))) == []


# --- changes


def test_routes_added_later_appear() -> None:
    inner, outer = APIRouter(), APIRouter()
    outer.include_router(inner, prefix="/inner")
    app = included(outer, prefix="/outer")
    client = TestClient(app)

    assert client.get("/outer/inner/late").status_code == 404
    inner.get("/late")(endpoint)
    assert client.get("/outer/inner/late").json() == "endpoint"
    assert [context.path for context in contexts(app)] == ["/outer/inner/late"]


def test_routers_included_later_appear() -> None:
    inner, outer = APIRouter(), APIRouter()
    inner.get("/late")(endpoint)
    client = TestClient(included(outer))

    assert client.get("/late").status_code == 404
    outer.include_router(inner)
    assert client.get("/late").json() == "endpoint"


def test_routes_taken_away_disappear() -> None:
    router = APIRouter()
    router.get("/a")(endpoint)
    router.get("/b")(endpoint)
    client = TestClient(included(router))

    assert client.get("/a").status_code == 200
    router.routes[:] = router.routes[1:]
    assert [client.get("/a").status_code, client.get("/b").status_code] == [404, 200]


def test_views_are_kept_while_nothing_changes() -> None:
    router = APIRouter()
    router.get("/a")(endpoint)
    route = inclusion(included(router))

    assert route.effective_candidates() is route.effective_candidates()


def test_one_router_may_be_included_in_several_places() -> None:
    router = APIRouter()
    router.get("/a")(endpoint)
    app = FastAPI(openapi_url=None)
    app.include_router(router, prefix="/one")
    app.include_router(router, prefix="/two")
    client = TestClient(app)

    assert [client.get(path).status_code for path in ("/one/a", "/two/a", "/a")] == [200, 200, 404]


def test_views_are_built_once_however_many_ask_for_them() -> None:
    router = APIRouter()
    for number in range(50):
        router.get(f"/{number}")(endpoint)
    route = inclusion(included(router))

    with ThreadPoolExecutor(4) as threads:
        views = list(threads.map(lambda _: route.effective_candidates(), range(8)))

    assert all(view is views[0] for view in views)


def test_an_included_router_can_be_copied_without_its_views() -> None:
    router = APIRouter()
    router.get("/a")(endpoint)
    route = inclusion(included(router))
    route.effective_candidates()

    assert copy.copy(route)._views == {}


# --- matching


def test_the_first_full_match_wins_else_the_first_in_part() -> None:
    router = APIRouter()
    router.post("/{name}")(endpoint)
    router.get("/{name}")(endpoint)
    router.get("/a")(endpoint)
    route = inclusion(included(router))
    scope = {"type": "http", "path": "/a", "method": "GET", "root_path": ""}

    match, child_scope, selected = route.select(scope)
    assert (match, selected.methods, child_scope["path_params"]) == (Match.FULL, {"GET"}, {"name": "a"})

    match, _, selected = route.select({**scope, "method": "PUT"})
    assert (match, selected.methods) == (Match.PARTIAL, {"POST"})

    assert route.select({**scope, "path": "/a/b"}) == (Match.NONE, {}, None)


def test_matching_leaves_no_trace_in_the_scope() -> None:
    router = APIRouter()
    router.get("/a")(endpoint)
    route = inclusion(included(router))
    before = {"included_router": "other", "effective_route_context": "other"}
    scope = {"type": "http", "path": "/a", "method": "GET", "root_path": "", "fastapi": dict(before)}

    assert route.matches(scope) == (Match.FULL, {})
    assert scope["fastapi"] == before


def test_the_route_and_its_view_are_in_the_scope() -> None:
    router = APIRouter()

    @router.get("/{name}")
    async def read(request: Request) -> list[Any]:
        route, view = request.scope["route"], request.scope["fastapi"]["effective_route_context"]
        return [route is router.routes[0], view.path, view.original_route is route, request.path_params]

    assert TestClient(included(router, prefix="/a")).get("/a/x").json() == [
        True,
        "/a/{name}",
        True,
        {"name": "x"},
    ]


@pytest.mark.parametrize("nested", [False, True])
def test_a_method_that_is_not_allowed(nested: bool) -> None:
    router = APIRouter()
    router.get("/a")(endpoint)
    if nested:
        outer = APIRouter()
        outer.include_router(router)
        router = outer
    reply = TestClient(included(router)).post("/a")

    assert (reply.status_code, reply.json(), reply.headers["allow"]) == (
        405,
        {"detail": "Method Not Allowed"},
        "GET",
    )


def test_a_method_that_is_not_allowed_outside_of_any_application() -> None:
    router, outer = APIRouter(), APIRouter()
    router.get("/a")(endpoint)
    outer.include_router(router)

    reply = TestClient(outer).post("/a")

    assert (reply.status_code, reply.text) == (405, "Method Not Allowed")


def test_urls_are_built_through_inclusions() -> None:
    inner, outer = APIRouter(), APIRouter()
    inner.get("/items/{item_id:int}", name="item")(endpoint)
    inner.add_route("/plain/{name}", plain, name="plain")
    outer.include_router(inner, prefix="/inner")
    app = included(outer, prefix="/outer")

    assert app.url_path_for("item", item_id=3) == "/outer/inner/items/3"
    assert app.url_path_for("plain", name="x") == "/outer/inner/plain/x"
    for name, parameters in [("item", {}), ("item", {"other": 3}), ("nobody", {})]:
        with pytest.raises(NoMatchFound):
            app.url_path_for(name, **parameters)


# --- options that act at run time


def test_limits_of_forms_are_inherited_key_by_key() -> None:
    async def fields(request: Request, a: Annotated[str, Form()] = "") -> Any:
        return request.scope["fastapi"]["form_limits"]

    inner = APIRouter(form_limits={"max_fields": 3})
    inner.post("/")(fields)
    app = FastAPI(form_limits={"max_fields": 1, "max_files": 1})
    app.include_router(inner, prefix="/a", form_limits={"max_part_size": 5})

    assert TestClient(app).post("/a/", data={"a": "b"}).json() == {
        "max_fields": 3,
        "max_files": 1,
        "max_part_size": 5,
    }


@pytest.mark.parametrize(
    ("app_limit", "router_limit", "include_limit", "status"),
    [
        (None, None, None, 200),
        (3, None, None, 413),
        (3, 10, None, 200),
        (3, None, 10, 200),
        (10, None, 3, 413),
    ],
)
def test_the_most_specific_limit_of_bodies_counts(
    app_limit: Any, router_limit: Any, include_limit: Any, status: int
) -> None:
    async def size(body: Annotated[bytes, Body(media_type="text/plain")]) -> int:
        return len(body)

    router = APIRouter(max_body_size=router_limit)
    router.post("/size")(size)
    app = FastAPI(max_body_size=app_limit)
    app.include_router(router, max_body_size=include_limit)

    assert TestClient(app).post("/size", content=b"12345").status_code == status


def test_the_maker_of_ids_and_the_content_type_rule_come_from_around() -> None:
    router = APIRouter()

    @router.post("/")
    async def echo(body: dict[str, int]) -> Any:
        return body

    outer = APIRouter(
        strict_content_type=False, generate_unique_id_function=lambda route: f"own-{route.name}"
    )
    outer.include_router(router)
    app = included(outer, prefix="/a")

    assert contexts(app)[0].unique_id == "own-echo"
    assert TestClient(app).post("/a/", content=b'{"a": 1}').json() == {"a": 1}


def test_overrides_of_the_application_reach_included_routes() -> None:
    def number() -> int:
        return 1

    router = APIRouter()

    @router.get("/")
    async def read(number: int = Depends(number)) -> int:
        return number

    app = included(router, prefix="/a")
    app.dependency_overrides[number] = lambda: 2

    assert TestClient(app).get("/a/").json() == 2


# --- routers of one's own


class Guarded(APIRouter):
    """A router that decides by itself which requests are its own, and what is around them."""

    def matches(self, scope: Any) -> Any:
        if (b"x-guard", b"open") not in scope["headers"]:
            return Match.NONE, {}
        return super().matches(scope)

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        async def noting(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-guarded", b"yes"))
            await send(message)

        await super().handle(scope, receive, noting)


def test_a_router_may_be_subclassed() -> None:
    router = Guarded()
    router.get("/a")(endpoint)
    client = TestClient(included(router))

    assert client.get("/a").status_code == 404
    reply = client.get("/a", headers={"x-guard": "open"})
    assert (reply.json(), reply.headers["x-guarded"]) == ("endpoint", "yes")


class Eager(APIRouter):
    """A router that takes every request."""

    def matches(self, scope: Any) -> Any:
        return Match.FULL, {}


def test_a_router_that_took_too_much_answers_with_its_default() -> None:
    router = Eager(default=PlainTextResponse("default", 410))
    router.get("/a")(endpoint)
    client = TestClient(included(router))

    assert [client.get("/a").text, client.get("/b").text] == ['"endpoint"', "default"]


# --- the framework's part of the scope


def test_the_own_part_of_a_scope_is_merged() -> None:
    scope: dict[str, Any] = {"fastapi": {"a": 1}, "path": "/"}

    update_scope(scope, {"fastapi": {"b": 2}, "path": "/x"})
    update_scope(scope, {"path": "/y"})

    assert scope == {"fastapi": {"a": 1, "b": 2}, "path": "/y"}
    assert own_scope({}) == {}


def test_a_router_that_took_a_request_for_a_nested_one_hands_it_on() -> None:
    inner, outer = APIRouter(), Eager()
    inner.get("/a")(endpoint)
    outer.include_router(inner)

    assert TestClient(included(outer)).get("/a").json() == "endpoint"


def test_a_view_knows_its_route() -> None:
    router = APIRouter()
    router.get("/a")(endpoint)
    (view,) = inclusion(included(router, prefix="/b")).effective_route_contexts()

    assert isinstance(view, EffectiveRoute)
    assert view.matches({"type": "http", "path": "/b/a", "method": "GET", "root_path": ""})[0] is Match.FULL
    assert view.matches({"type": "websocket", "path": "/b/a", "root_path": ""}) == (Match.NONE, {})
