"""What packages do to applications, and how they declare."""

from __future__ import annotations

import inspect
from typing import Any

from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.dropin.changes import Shop, change, item, other, plain
from tests.dropin.modules import imported


@change({"own": "document"}, paths=["/openapi.json"])
def the_making_of_the_document_replaced(shop: Shop) -> None:
    shop.app.openapi = lambda: {"own": "document"}


@change({"own": "schema"}, paths=["/openapi.json"])
def the_document_replaced(shop: Shop) -> None:
    shop.app.openapi()
    shop.app.openapi_schema = {"own": "schema"}


class Stamp:
    """Middleware that answers requests under /stamp and notes that it was there on all others."""

    def __init__(self, app: ASGIApp, text: str = "stamp") -> None:
        self.app = app
        self.text = text

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/stamp":
            await JSONResponse(self.text)(scope, receive, send)
            return
        await self.app(scope, receive, send)


@change("stamp", "item 1", late=(404, "item 1"), paths=["/stamp", "/item"])
def middleware_put_into_the_list(shop: Shop) -> None:
    shop.app.user_middleware.insert(0, Middleware(Stamp))


@change("stamp", "item 1", paths=["/stamp", "/item"])
def middleware_put_into_the_list_and_the_stack_forgotten(shop: Shop) -> None:
    shop.app.user_middleware.append(Middleware(Stamp))
    shop.app.middleware_stack = None


@change("stamp", "item 1", paths=["/stamp", "/item"])
def the_stack_wrapped(shop: Shop) -> None:
    shop.app.middleware_stack = Stamp(shop.app.build_middleware_stack())


@change("stamp", "item 1", late=(404, "item 1"), paths=["/stamp", "/item"])
def the_building_of_the_stack_replaced(shop: Shop) -> None:
    build = shop.app.build_middleware_stack
    shop.app.build_middleware_stack = lambda: Stamp(build())


@change("stamp", "item 1", paths=["/stamp", "/item"])
def the_outermost_layer_put_around_something(shop: Shop) -> None:
    stack = shop.app.middleware_stack or shop.app.build_middleware_stack()
    stack.app = Stamp(stack.app)
    shop.app.middleware_stack = stack


@change("handled", late=(500,), paths=["/item"])
def an_exception_handler_put_in(shop: Shop) -> None:
    async def fail() -> None:
        raise LookupError

    shop.routes[0].dependant.call = fail
    shop.routes[0].dependant.query_params.clear()
    shop.app.exception_handlers[LookupError] = lambda request, error: JSONResponse("handled")


@change("plain", 404, late=("item 1", "item 1"), paths=["/item", "/in/item"])
def the_router_swapped(shop: Shop) -> None:
    shop.app.router = imported("fastapi").APIRouter(routes=[Route("/item", plain)])


@change("nothing here", paths=["/nowhere"])
def the_default_of_the_router_replaced(shop: Shop) -> None:
    shop.app.router.default = JSONResponse("nothing here")


@change(404, "item 1", paths=["/item/", "/item"])
def redirects_switched_off(shop: Shop) -> None:
    shop.app.router.redirect_slashes = False


@change("route class", "item 1", paths=["/late", "/item"])
def the_class_of_routes_replaced(shop: Shop) -> None:
    class Wrapped(imported("fastapi.routing").APIRoute):  # type: ignore[misc]
        def get_route_handler(self) -> Any:
            async def handler(request: Any) -> Any:
                return JSONResponse("route class")

            return handler

    shop.app.router.route_class = Wrapped
    shop.app.get("/late")(item)


@change("other 2", "item 1", paths=["/late", "/item"])
def a_path_operation_added(shop: Shop) -> None:
    shop.app.add_api_route("/late", other)


@change("other 2", "other 2", paths=["/in/late", "/in/deep/late"])
def a_path_operation_added_to_included_routers(shop: Shop) -> None:
    shop.inner.add_api_route("/late", other)
    shop.deep.add_api_route("/late", other)


@change("plain", "plain", theirs=("plain", 404), paths=["/below/item", "/in/below/item"])
def an_application_mounted(shop: Shop) -> None:
    below = imported("fastapi").FastAPI(routes=[Route("/item", plain)])
    shop.app.mount("/below", below)
    shop.inner.mount("/below", below)


@change("plain", paths=["/below/item"])
def a_mount_put_into_the_list(shop: Shop) -> None:
    shop.app.routes.append(Mount("/below", routes=[Route("/item", plain)]))


def _with_dependency(shop: Shop) -> Any:
    async def word() -> str:
        return "word"

    async def endpoint(word: str) -> str:
        return word

    endpoint.__annotations__["word"] = imported("typing").Annotated[str, imported("fastapi").Depends(word)]
    shop.app.get("/word")(endpoint)
    return word


@change("override", "item 1", paths=["/word", "/item"])
def a_dependency_overridden(shop: Shop) -> None:
    shop.app.dependency_overrides[_with_dependency(shop)] = lambda: "override"


@change("override", "item 1", paths=["/word", "/item"])
def the_overrides_replaced(shop: Shop) -> None:
    shop.app.dependency_overrides = {_with_dependency(shop): lambda: "override"}


@change("word", "item 1", paths=["/word", "/item"])
def the_overrides_cleared(shop: Shop) -> None:
    shop.app.dependency_overrides[_with_dependency(shop)] = lambda: "override"
    shop.app.dependency_overrides.clear()


@change("item 1", "item 1", 404, paths=["/root/item", "/item", "/root/root/item"])
def a_root_path_set(shop: Shop) -> None:
    shop.app.root_path = "/root"


@change("kept", paths=["/state"])
def state_set(shop: Shop) -> None:
    async def endpoint(request: Any) -> Any:
        return request.app.state.word

    endpoint.__annotations__["request"] = imported("fastapi").Request
    shop.app.get("/state")(endpoint)
    shop.app.state.word = "kept"


# --- what is done to functions before, and after, they are declared


@change("other 7", "other 2", paths=["/late?number=7", "/late"])
def a_signature_set_on_an_endpoint(shop: Shop) -> None:
    async def endpoint(*args: Any, **kwargs: Any) -> Any:
        return await other(*args, **kwargs)

    endpoint.__signature__ = inspect.signature(other)  # type: ignore[attr-defined]
    shop.app.get("/late")(endpoint)


@change(7, paths=["/late?number=7"])
def a_signature_set_on_a_dependency(shop: Shop) -> None:
    async def dependency(**kwargs: Any) -> Any:
        return kwargs["number"]

    dependency.__signature__ = inspect.signature(other)  # type: ignore[attr-defined]

    async def endpoint(value: Any = imported("fastapi").Depends(dependency)) -> Any:
        return value

    shop.app.get("/late")(endpoint)


@change("other 1", paths=["/late"])
def a_signature_set_too_late(shop: Shop) -> None:
    async def endpoint(number: int = 1) -> Any:
        return f"other {number}"

    shop.app.get("/late")(endpoint)
    endpoint.__signature__ = inspect.signature(other)  # type: ignore[attr-defined]


@change(422, "7", paths=["/late?word=x", "/late?word=7"])
def annotations_edited(shop: Shop) -> None:
    async def endpoint(word: Any) -> Any:
        return str(word)

    endpoint.__annotations__["word"] = int
    shop.app.get("/late")(endpoint)


@change(422, "7", paths=["/late?word=x", "/late?word=7"])
def globals_edited(shop: Shop) -> None:
    namespace: dict[str, Any] = {}
    exec("async def endpoint(word: 'Word'):\n    return str(word)", namespace)
    namespace["endpoint"].__globals__["Word"] = int
    shop.app.get("/late")(namespace["endpoint"])


# --- subclasses


@change("by token", 401, paths=["/late?token=by%20token", "/late"])
def a_class_of_security_schemes(shop: Shop) -> None:
    class Token(imported("fastapi.security").APIKeyQuery):  # type: ignore[misc]
        async def __call__(self, request: Any) -> Any:
            return await super().__call__(request)

    Token.__call__.__annotations__["request"] = imported("fastapi").Request

    async def endpoint(token: Any = imported("fastapi").Depends(Token(name="token"))) -> Any:
        return token

    shop.app.get("/late")(endpoint)


@change("by token", 401, paths=["/late?token=by%20token", "/late"])
def a_security_scheme_from_the_ground_up(shop: Shop) -> None:
    fastapi = imported("fastapi")

    class Token(imported("fastapi.security.base").SecurityBase):  # type: ignore[misc]
        def __init__(self) -> None:
            self.model = imported("fastapi.openapi.models").HTTPBearer()
            self.scheme_name = "Token"

        def __call__(self, token: str | None = None) -> str:
            if token is None:
                raise fastapi.HTTPException(401)
            return token

    async def endpoint(token: Any = fastapi.Depends(Token())) -> Any:
        return token

    shop.app.get("/late")(endpoint)


@change("added by a subclass", paths=["/sub/late"])
def a_class_of_routers(shop: Shop) -> None:
    class Router(imported("fastapi").APIRouter):  # type: ignore[misc]
        def add_api_route(self, path: str, endpoint: Any, **options: Any) -> None:
            async def instead() -> Any:
                return "added by a subclass"

            super().add_api_route(path, instead, **options)

    router = Router(prefix="/sub")
    router.get("/late")(item)
    shop.app.include_router(router)


@change("wrapped twice", paths=["/sub/late"])
def a_class_of_routes_of_an_included_router(shop: Shop) -> None:
    class Doubling(imported("fastapi.routing").APIRoute):  # type: ignore[misc]
        def get_route_handler(self) -> Any:
            inner = super().get_route_handler()

            async def handler(request: Any) -> Any:
                await inner(request)
                await inner(request)
                return JSONResponse(f"wrapped {'twice' if len(calls) == 2 else calls}")

            return handler

    calls: list[int] = []

    async def endpoint() -> None:
        calls.append(1)

    router = imported("fastapi").APIRouter(prefix="/sub", route_class=Doubling)
    router.get("/late")(endpoint)
    shop.app.include_router(router)


# --- what can be read in the scope

KEYS = ["app", "endpoint", "path_params", "route", "router"]
STACKS = ["fastapi_function_astack", "fastapi_inner_astack", "fastapi_middleware_astack"]


@change(
    [*KEYS, *STACKS, None],
    [*KEYS, *STACKS, "/in/scope/{key}"],
    [*KEYS, *STACKS, "/in/deep/scope/{key}"],
    paths=["/scope/1", "/in/scope/1", "/in/deep/scope/1"],
)
def a_path_operation_that_reads_the_scope(shop: Shop) -> None:
    async def endpoint(request: Any) -> Any:
        scope = request.scope
        effective = scope.get("fastapi", {}).get("effective_route_context")
        assert (scope["endpoint"], scope["route"].endpoint, scope["app"]) == (endpoint, endpoint, shop.app)
        assert (scope["router"], scope["path_params"]) == (shop.app.router, {"key": "1"})
        found = [key for key in (*KEYS, *STACKS) if key in scope]
        return [*found, effective.path if effective else None]

    endpoint.__annotations__["request"] = imported("fastapi").Request
    for router in shop.routers:
        router.get("/scope/{key}")(endpoint)
