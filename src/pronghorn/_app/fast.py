"""The fast way of one application: its routes in a table, its layers understood, and when that holds.

Lives here: reading an application's routes and middleware into a `Dispatcher`, and noticing changes.
Must not live here: running requests (`_engine.dispatch`). Invariant: whatever is not exactly what it is known
to be (a subclass, a replaced function, an unknown kind of route or layer) takes the general way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from sys import modules
from typing import Any

from starlette import routing
from starlette.applications import Starlette
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn._app.included import EffectiveRoute, IncludedRouter
from pronghorn._app.methods import with_heads
from pronghorn._app.route import APIRoute
from pronghorn._app.router import APIRouter
from pronghorn._base.exit_stack import AsyncExitStackMiddleware
from pronghorn._base.generation import generation
from pronghorn._base.untouched import are_untouched, is_untouched
from pronghorn._compile.handler_spec import HandlerSpec
from pronghorn._engine.asgi import AsgiExchange, NestedExchange
from pronghorn._engine.body_limit import AppBodyLimitMiddleware, is_limited, unlimited
from pronghorn._engine.dispatch import Dispatcher
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.general import SPEC_ATTRIBUTE
from pronghorn._engine.reply import Reply
from pronghorn._engine.seams import seams
from pronghorn._engine.target import Target
from pronghorn._engine.telemetry import API as TELEMETRY_API
from pronghorn._engine.telemetry import SCOPE_KEY as TELEMETRY_KEY
from pronghorn._engine.telemetry import ExceptionTelemetryMiddleware
from pronghorn._routing.table import Entry, RouteTable

#: What a request passes around the router on the general way, and what it passes at routes: whoever has put
#: something in the place of one of these wants to be asked.
_AROUND: tuple[tuple[type, str], ...] = (
    (Starlette, "__call__"),
    (ServerErrorMiddleware, "__call__"),
    (ExceptionTelemetryMiddleware, "__call__"),
    (AppBodyLimitMiddleware, "__call__"),
    (ExceptionMiddleware, "__call__"),
    (AsyncExitStackMiddleware, "__call__"),
    (APIRouter, "__call__"),
)
_AT_ROUTES: tuple[tuple[type, str], ...] = (
    *((kind, "matches") for kind in (routing.Route, APIRoute, APIRouter)),
    *((kind, "handle") for kind in (routing.Route, APIRoute, APIRouter)),
)

#: Matches every path: what follows it in the table is never reached by the fast way.
_ANYTHING = "{path:path}"


class FastApplication:
    """The fast way through one application, as far as it has one.

    Args:
        app: the application.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._generation = -1
        self._stack: ASGIApp | None = None
        self._outer: Dispatcher | None = None
        """Takes requests before any middleware: there is none, or all of it is known."""
        self._inner: Dispatcher | None = None
        """Takes requests from the router, behind middleware of the general kind."""
        self._handlers: Any = None
        self._direct: Dispatcher | None = None
        """The outer one, where calling the application does nothing else first."""

    def __getstate__(self) -> dict[str, Any]:
        return {"_app": self._app}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["_app"])  # type: ignore[misc]

    # --- serving

    def handle(self, x: Exchange) -> Reply | None:
        """Serve a request of a server that speaks the engine's protocol."""
        app = self._app
        # PERF: `_is_current` written out for the usual answer; a call here costs every request. bench
        if (
            generation.value == self._generation
            and app.middleware_stack is self._stack
            and not seams.replaced
            and not app.dependency_overrides
        ) or self._is_current():
            dispatcher = self._direct
            telemetry = app._telemetry
            # PERF: nor is `enabled` asked where the answer is plain.
            if dispatcher is not None and not (
                (TELEMETRY_API in modules or telemetry.loaded_on_first_use) and telemetry.enabled()
            ):
                if app.root_path:
                    x.root_path = app.root_path
                plan = dispatcher.select(x)
                if plan is not None:
                    return dispatcher.handle(x, plan)
                reply = dispatcher.answer_unrouted(x)
                if reply is not None:
                    return reply
                if dispatcher.only_streams(x):
                    x.spawn(dispatcher.answer_by_reference(x))
                    return None
        x.spawn(app(x.scope, x.receive, x.send))
        return None

    async def serve_asgi(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Serve a request of an ASGI server before any middleware; False: nothing was done."""
        if not self._is_current() or asyncio._get_running_loop() is None or is_limited(scope):
            return False
        return await _serve(self._outer, AsgiExchange, scope, receive, send)

    async def serve_nested(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Serve a request that came through middleware of the general kind; False: nothing was done."""
        if not self._is_current() or asyncio._get_running_loop() is None or is_limited(scope):
            return False
        if scope.get(TELEMETRY_KEY) is not None:  # the stages of an observed request have to be seen
            return False
        if scope.get("app") is not self._app or not self._is_inside(scope):
            return False
        return await _serve(self._inner, NestedExchange, scope, receive, send)

    def _is_inside(self, scope: Scope) -> bool:
        """Whether the layers that this application made for itself are around the request."""
        handlers = scope.get("starlette.exception_handlers")
        return handlers is not None and handlers[0] is self._handlers

    def _is_current(self) -> bool:
        """Whether there may be a fast way now; brings it up to date."""
        app = self._app
        if seams.replaced or app.dependency_overrides:
            return False
        if (
            generation.value != self._generation
            or app.middleware_stack is not self._stack
            or self._stack is None
        ):
            self._refresh()
        return True

    # --- reading the application

    def _refresh(self) -> None:
        app = self._app
        if app.middleware_stack is None:
            app.middleware_stack = app.build_middleware_stack()
        self._stack = app.middleware_stack
        self._outer = self._inner = None
        router = app.router
        layers = _read_layers(self._stack, router)
        is_ours = isinstance(router, APIRouter) and type(router).app is APIRouter.app
        if is_ours and layers is not None and are_untouched(_AT_ROUTES):
            table = self._build_table(router, layers)
            self._outer, self._inner = _dispatchers(layers, table, router)
            self._handlers = layers.exceptions._exception_handlers
        if isinstance(router, APIRouter):
            router.fast_way = self.serve_nested if self._inner is not None else None
        self._direct = self._outer if is_untouched(type(app).__call__) else None
        # Reading views of included routers may itself have counted as a change.
        self._generation = generation.value

    def targets(self) -> Iterator[tuple[BaseRoute, EffectiveRoute | None, Target | None]]:
        """Every HTTP route with its target, None where it takes the general way; for tools."""
        self._is_current()
        layers = _read_layers(self._stack, self._app.router)
        items = self._scope_items(self._app.router, layers) if layers is not None else {}
        for route, effective in walk(self._app.router):
            yield route, effective, _target_of(route, effective, items)

    def _build_table(self, router: APIRouter, layers: _Layers) -> RouteTable:
        items = self._scope_items(router, layers)
        entries = (entry for route, effective in walk(router) for entry in _entries(route, effective, items))
        return RouteTable(with_heads(entries) if self._app.auto_head else entries)

    def _scope_items(self, router: APIRouter, layers: _Layers) -> dict[str, Any]:
        exceptions = layers.exceptions
        return {
            "app": self._app,
            "router": router,
            "starlette.exception_handlers": (exceptions._exception_handlers, exceptions._status_handlers),
        }


async def _serve(
    dispatcher: Dispatcher | None, exchange: type[AsgiExchange], scope: Scope, receive: Receive, send: Send
) -> bool:
    if dispatcher is None:
        return False
    x = exchange(scope, receive, send)
    plan = dispatcher.select(x)
    if plan is not None:
        await dispatcher.serve(x, plan)
        return True
    reply = dispatcher.answer_unrouted(x)
    if reply is None:
        return False
    await x.deliver(reply)
    return True


def _dispatchers(
    layers: _Layers, table: RouteTable, router: APIRouter
) -> tuple[Dispatcher | None, Dispatcher | None]:
    """What takes requests before any middleware, and what takes them from the router."""
    common = (table.match, layers.exceptions._status_handlers, layers.exceptions._exception_handlers)
    nested = Dispatcher(*common, None)
    if not are_untouched(_AROUND) or not _runs_its_own_app(router):
        return None, nested
    if not layers.middleware:
        return Dispatcher(*common, layers.server_error), None
    # Imported by applications that have middleware.
    from pronghorn._engine.middleware.chain import read_levels
    from pronghorn._engine.middleware.functions import FunctionDispatcher
    from pronghorn._engine.middleware.layered import LayeredDispatcher

    level = read_levels(layers.middleware)
    if level is None:
        return None, nested
    if level.function is None:
        return LayeredDispatcher(level, *common, layers.server_error), nested
    # A function may read the body: an application's own limit has to count it.
    return (None if layers.is_limited else FunctionDispatcher(level, *common, layers.server_error)), nested


def _runs_its_own_app(router: APIRouter) -> bool:
    """Whether calling a router runs its method `app`, and nothing around it."""
    inside = unlimited(router.middleware_stack)
    return getattr(inside, "__self__", None) is router and is_untouched(getattr(inside, "__func__", None))


@dataclass(frozen=True, slots=True)
class _Layers:
    """The layers around an application's router.

    Attributes:
        server_error: the outermost one.
        middleware: the user's, outermost first.
        exceptions: the one with the exception handlers.
        is_limited: whether the application has a limit for bodies.
    """

    server_error: ServerErrorMiddleware
    middleware: list[Any]
    exceptions: ExceptionMiddleware
    is_limited: bool


def _read_layers(stack: Any, router: Any) -> _Layers | None:
    """Understand a middleware stack; None where its order is not the application's own."""
    telemetry = _app_in(stack) if type(stack) is ServerErrorMiddleware else None
    if type(telemetry) is not ExceptionTelemetryMiddleware:
        return None
    limit = _app_in(telemetry)
    if type(limit) is not AppBodyLimitMiddleware:
        return None
    # Every route has its own limit, or the application's: the outer one need not be asked again.
    outermost = unlimited(limit.app)
    middleware: list[Any] = []
    layer: Any = outermost
    while layer is not None and type(layer) is not ExceptionMiddleware and not _holds(middleware, layer):
        middleware.append(layer)
        layer = _app_in(layer)
    if not isinstance(layer, ExceptionMiddleware) or not _leads_to(layer, router):
        return None
    return _Layers(stack, middleware, layer, is_limited=outermost is not limit.app)


def _app_in(layer: Any) -> Any:
    return getattr(layer, "app", None)


def _leads_to(exceptions: ExceptionMiddleware, router: Any) -> bool:
    """Whether nothing but the exit stack stands between the exception handlers and the router."""
    innermost = _app_in(exceptions)
    return type(innermost) is AsyncExitStackMiddleware and _app_in(innermost) is router


def _holds(layers: list[Any], layer: Any) -> bool:
    return any(one is layer for one in layers)


Found = "tuple[BaseRoute, EffectiveRoute | None]"


def walk(router: APIRouter) -> Iterator[tuple[BaseRoute, EffectiveRoute | None]]:
    """Every route in registration order; an included router that was subclassed stands for all its routes."""
    for route in router.routes:
        if isinstance(route, IncludedRouter):
            yield from _walk_included(route)
        else:
            yield route, None


def _walk_included(included: IncludedRouter) -> Iterator[tuple[BaseRoute, EffectiveRoute | None]]:
    router = included.original_router
    if not _has_own(router, APIRouter, "matches") or not _has_own(router, APIRouter, "handle"):
        yield included, None
        return
    for candidate in included.effective_candidates():
        if isinstance(candidate, IncludedRouter):
            yield from _walk_included(candidate)
        else:
            yield candidate.original_route, candidate


def _entries(route: BaseRoute, effective: EffectiveRoute | None, items: dict[str, Any]) -> Iterator[Entry]:
    """What stands in the table for a route: a target, or None: the general way from here."""
    target = _target_of(route, effective, items)
    if target is not None:
        shown: Any = effective or route
        yield Entry(shown.path, frozenset(shown.methods) or None, target)
        return
    shown = route if effective is None else effective.starlette_route or effective
    kind = type(shown)
    if isinstance(shown, routing.WebSocketRoute):
        return
    if kind is routing.Route or (isinstance(shown, (APIRoute, EffectiveRoute)) and _matches_by_path(route)):
        yield Entry(shown.path, frozenset(shown.methods or ()) or None, None)
    elif kind is routing.Mount:
        yield Entry(f"{shown.path}/{_ANYTHING}", None, None)
    else:
        yield Entry(_ANYTHING, None, None)


def _matches_by_path(route: BaseRoute) -> bool:
    return isinstance(route, APIRoute) and _has_own(route, APIRoute, "matches")


def _has_own(one: Any, kind: type, name: str) -> bool:
    """Whether a method of ``one`` is that of ``kind``, neither overridden nor set on the object."""
    return name not in vars(one) and getattr(type(one), name) is getattr(kind, name)


def _target_of(route: BaseRoute, effective: EffectiveRoute | None, items: dict[str, Any]) -> Target | None:
    """The target of a path operation that is exactly what it is known to be."""
    if (
        not isinstance(route, APIRoute)
        or not _matches_by_path(route)
        or not _has_own(route, APIRoute, "handle")
    ):
        return None
    shown: Any = effective or route
    app = shown.app
    inner, limit = (app, None)
    if isinstance(app, RequestBodyLimitMiddleware):
        inner, limit = unlimited(app), app.max_body_size
    spec = getattr(inner, SPEC_ATTRIBUTE, None)
    if not isinstance(spec, HandlerSpec) or not _path_matches(shown):
        return None
    scope_items: dict[str, Any] = {"route": route, "endpoint": shown.endpoint}
    if effective is not None:
        scope_items["fastapi"] = {"effective_route_context": effective}
    title = f"{'|'.join(sorted(shown.methods)) or 'ANY'} {shown.path}"
    return Target(title, spec, app, scope_items, items, limit)


def _path_matches(shown: Any) -> bool:
    """Whether the compiled expression is still that of the path."""
    return bool(routing.compile_path(shown.path)[0] == shown.path_regex)
