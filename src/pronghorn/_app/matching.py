"""The reference way of routing: ask the routes in order which of them a request is for.

Must not live here: routers and routes themselves. Invariant: the first full match wins, then the first
partial one (for HEAD, where GET operations answer it, the first of those before); then a redirect to the path with, or without, its final slash; then frontends; then 404.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from starlette._utils import get_route_path
from starlette.datastructures import URL
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn._app.frontend import choose
from pronghorn._app.included import (
    EffectiveRoute,
    IncludedRouter,
    handle_effective,
    matches_through,
    update_scope,
)
from pronghorn._app.methods import is_head_for_get, offer_to_get
from pronghorn._engine.telemetry import SCOPE_KEY as TELEMETRY_KEY
from pronghorn._engine.telemetry import route_selected


class RoutesInOrder(Protocol):
    """What routing asks of a router."""

    routes: list[BaseRoute]
    redirect_slashes: bool
    default: ASGIApp
    _low_priority_routes: list[BaseRoute]


async def handle_first_match(router: RoutesInOrder, scope: Scope, receive: Receive, send: Send) -> None:
    """Handle a request or connection with the route of ``router`` that it is for."""
    match, route, child_scope = first_match(router.routes, scope)
    if match != Match.FULL and is_head_for_get(scope):
        offer_to_get(scope)
        _, route, child_scope = first_match(router.routes, scope)
    if route is not None:
        update_scope(scope, child_scope)
        route_selected(scope, getattr(route, "path_format", None), mount=isinstance(route, Mount))
        await route.handle(scope, receive, send)
        return
    redirect = _slash_redirect(router.routes, scope) if router.redirect_slashes else None
    if redirect is not None:
        await redirect(scope, receive, send)
        return
    await _handle_low_priority(router, scope, receive, send)


def first_match(routes: Sequence[BaseRoute], scope: Scope) -> tuple[Match, BaseRoute | None, Scope]:
    """The first of ``routes`` that matches in full, else the first that does in part; what it adds to the scope."""
    partial: tuple[Match, BaseRoute | None, Scope] = (Match.NONE, None, {})
    for route in routes:
        match, child_scope = route.matches(scope)
        if match == Match.FULL:
            return match, route, child_scope
        if match == Match.PARTIAL and partial[1] is None:
            partial = match, route, child_scope
    return partial


def _slash_redirect(routes: Sequence[BaseRoute], scope: Scope) -> Response | None:
    route_path = get_route_path(scope)
    if scope["type"] != "http" or route_path == "/":
        return None
    path = scope["path"]
    target = {**scope, "path": path.rstrip("/") if route_path.endswith("/") else path + "/"}
    for route in routes:
        match, _ = route.matches(target)
        if match == Match.NONE:
            continue
        if scope.get(TELEMETRY_KEY) is not None:
            route_selected(scope, getattr(_innermost(route, target), "path_format", None))
        return RedirectResponse(url=str(URL(scope=target)))
    return None


def _innermost(route: BaseRoute, scope: Scope) -> Any:
    """The route behind any number of inclusions that a request is for."""
    found: Any = route
    while isinstance(found, IncludedRouter):
        _, _, found = found.select(scope)
    return getattr(found, "starlette_route", None) or found


async def _handle_low_priority(router: RoutesInOrder, scope: Scope, receive: Receive, send: Send) -> None:
    match, child_scope, selected = choose(
        (*matches_through(scope, candidate), candidate) for candidate in _iter_low_priority(router)
    )
    if selected is None or match == Match.NONE:
        await router.default(scope, receive, send)
        return
    update_scope(scope, child_scope)
    route_selected(scope, getattr(selected, "path_format", None))
    if isinstance(selected, EffectiveRoute):
        await handle_effective(selected, scope, receive, send)
    else:
        await selected.handle(scope, receive, send)


def _iter_low_priority(router: RoutesInOrder) -> Iterator[Any]:
    yield from router._low_priority_routes
    for route in router.routes:
        if isinstance(route, IncludedRouter):
            yield from route.effective_low_priority_routes()
