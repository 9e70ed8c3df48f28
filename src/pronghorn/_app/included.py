"""Included routers: a router inside another, by reference, and its routes as they are seen from outside.

Lives here: `IncludedRouter`, `EffectiveRoute` (a route with the options around it merged in), `RouteContext`.
Must not live here: the merging itself (`_declare.include`). Invariant: routes added to an included router
later are seen at once; views are rebuilt when the number of changes says so.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from starlette import routing
from starlette._utils import get_route_path
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn._app.frontend import FrontendGroup
from pronghorn._app.route import APIRoute, RouteState, effective_route
from pronghorn._app.websocket import APIWebSocketRoute
from pronghorn._base.sentinels import value_or_default
from pronghorn._declare.include import IncludeContext
from pronghorn._declare.limits import most_specific_limit
from pronghorn._declare.options import RouteConfig
from pronghorn._engine.body_limit import wrap_app_with_body_limit
from pronghorn._engine.general import request_response
from pronghorn._engine.telemetry import route_selected

SCOPE_KEY = "fastapi"
EFFECTIVE_KEY = "effective_route_context"
INCLUDED_KEY = "included_router"
LIMITS_KEY = "form_limits"
_MISSING: Any = object()


def own_scope(scope: Scope) -> dict[str, Any]:
    """The part of the scope that belongs to the framework."""
    found: dict[str, Any] = scope.setdefault(SCOPE_KEY, {})
    return found


def update_scope(scope: Scope, child_scope: Scope) -> None:
    """Take over what a match adds; the framework's own part is merged, not replaced."""
    own = child_scope.get(SCOPE_KEY)
    if isinstance(own, dict):
        own_scope(scope).update(own)
        child_scope = {key: value for key, value in child_scope.items() if key != SCOPE_KEY}
    scope.update(child_scope)


def apply_form_limits(scope: Scope, limits: Any) -> None:
    """Let a router's limits on forms hold below it."""
    if limits and scope["type"] == "http":
        own = own_scope(scope)
        own[LIMITS_KEY] = {**own.get(LIMITS_KEY, {}), **limits}


class EffectiveRoute(RouteState):
    """A route as the outer router sees it: the path with all prefixes, the options of all inclusions.

    Attributes:
        original_route: the route as it was declared.
        starlette_route: the same with its full path, for kinds of route other than `APIRoute`.
        app: answers requests for this view of the route.
    """

    def __init__(self, original_route: BaseRoute) -> None:
        self.original_route = original_route
        self.starlette_route: BaseRoute | None = None
        self.app: ASGIApp | None = None
        self.path = self.path_format = self.name = ""
        self.methods = set()

    @classmethod
    def of_api_route(cls, route: APIRoute, include: IncludeContext) -> EffectiveRoute:
        """The view of a path operation through ``include``."""
        self = cls(route)
        self._settle(_merged(route, include))
        token = effective_route.set(self)
        try:
            self.app = wrap_app_with_body_limit(
                request_response(route.get_route_handler()), self.max_body_size
            )
        finally:
            effective_route.reset(token)
        return self

    @classmethod
    def of_other(cls, route: BaseRoute, include: IncludeContext) -> EffectiveRoute | None:
        """The view of any other route; None for kinds that cannot be included."""
        prefixed = _prefixed(route, include)
        if prefixed is None:
            return None
        self = cls(route)
        self.starlette_route = prefixed
        self.app = wrap_app_with_body_limit(prefixed.handle, include.max_body_size)
        return self

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the request is for this view of the route."""
        if self.starlette_route is not None:
            return self.starlette_route.matches(scope)
        return self.match_path(scope)

    def match_path(self, scope: Scope) -> tuple[Match, Scope]:
        """`matches` for a path operation, by the full path."""
        found = self.path_regex.match(get_route_path(scope)) if scope["type"] == "http" else None
        if found is None:
            return Match.NONE, {}
        read = {name: self.param_convertors[name].convert(text) for name, text in found.groupdict().items()}
        child_scope = {"endpoint": self.endpoint, "path_params": {**scope.get("path_params", {}), **read}}
        if self.methods and scope["method"] not in self.methods:
            return Match.PARTIAL, child_scope
        return Match.FULL, child_scope

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The path of the route called ``name``.

        Raises:
            NoMatchFound: it is not this one, or the parameters are not its own.
        """
        if self.starlette_route is not None:
            return self.starlette_route.url_path_for(name, **path_params)
        if name != self.name or path_params.keys() != self.param_convertors.keys():
            raise NoMatchFound(name, path_params)
        path, _ = routing.replace_params(self.path_format, self.param_convertors, path_params)
        return URLPath(path=path, protocol="http")


_ROUTE_OPTIONS = tuple(one.name for one in fields(RouteConfig))


def _merged(route: APIRoute, include: IncludeContext) -> RouteConfig:
    router = include.included_router
    options = {name: getattr(route, name) for name in _ROUTE_OPTIONS}
    options.update(
        path=include.path_for(route),
        tags=[*include.tags, *route.tags],
        dependencies=[*include.dependencies, *route.dependencies],
        responses={**include.responses, **route.responses},
        deprecated=route.deprecated or include.deprecated,
        include_in_schema=route.include_in_schema and include.include_in_schema,
        response_class=value_or_default(
            route.response_class, router.default_response_class, include.default_response_class
        ),
        dependency_overrides_provider=include.dependency_overrides_provider,
        callbacks=[*include.callbacks, *(route.callbacks or [])],
        generate_unique_id_function=value_or_default(
            route.generate_unique_id_function,
            router.generate_unique_id_function,
            include.generate_unique_id_function,
        ),
        strict_content_type=value_or_default(
            route.strict_content_type, router.strict_content_type, include.strict_content_type
        ),
        max_body_size=most_specific_limit(route.max_body_size, include.max_body_size),
    )
    return RouteConfig(**options)


def _prefixed(route: BaseRoute, include: IncludeContext) -> BaseRoute | None:
    """A copy of ``route`` that stands under the prefix; None for unknown kinds."""
    if isinstance(route, FrontendGroup):
        return route.included(
            prefix=include.prefix,
            dependencies=include.dependencies,
            dependency_overrides_provider=include.dependency_overrides_provider,
        )
    if isinstance(route, routing.Route):
        return routing.Route(
            include.path_for(route),
            endpoint=route.endpoint,
            methods=list(route.methods or []),
            name=route.name,
            include_in_schema=route.include_in_schema,
        )
    if isinstance(route, APIWebSocketRoute):
        return APIWebSocketRoute(
            include.path_for(route),
            endpoint=route.endpoint,
            name=route.name,
            dependencies=[*include.dependencies, *route.dependencies],
            dependency_overrides_provider=include.dependency_overrides_provider,
        )
    if isinstance(route, routing.WebSocketRoute):
        return routing.WebSocketRoute(include.path_for(route), route.endpoint, name=route.name)
    if isinstance(route, routing.Mount):
        mount = copy.copy(route)
        mount.path = include.path_for(route).rstrip("/")
        mount.path_regex, mount.path_format, mount.param_convertors = compile_path(
            mount.path + "/{path:path}"
        )
        return mount
    if isinstance(route, routing.Host):
        app: ASGIApp = route.app
        if include.prefix:
            app = routing.Router(routes=[routing.Mount(include.prefix, app=app)])
        return routing.Host(route.host, app=app, name=route.name)
    return None


@dataclass(eq=False)
class IncludedRouter(BaseRoute):
    """A router inside another one.

    Attributes:
        original_router: the included router, shared with whoever holds it.
        include_context: what the routers around it add.
    """

    original_router: Any
    include_context: IncludeContext
    _views: dict[str, tuple[Any, list[Any]]] = field(default_factory=dict, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {
            "original_router": self.original_router,
            "include_context": self.include_context,
            "_views": {},
        }

    def effective_candidates(self) -> list[Any]:
        """The router's routes as seen from outside, and its own included routers."""
        return self._view("routes", self._build_candidates)

    def effective_low_priority_routes(self) -> list[EffectiveRoute]:
        """The frontends of this router and of those included in it."""
        return self._view("low priority", self._build_low_priority)

    def _view(self, name: str, build: Callable[[], list[Any]]) -> list[Any]:
        # Routers count what is declared on them; editing the list of routes shows in its members.
        version = (
            self.original_router._get_routes_version(),
            [id(route) for route in self.original_router.routes],
        )
        found = self._views.get(name)
        if found is None or found[0] != version:
            with _view_lock:
                found = self._views.get(name)
                if found is None or found[0] != version:  # nobody was faster
                    found = self._views[name] = (version, build())
        return found[1]

    def _build_candidates(self) -> list[Any]:
        candidates: list[Any] = []
        for route in self.original_router.routes:
            if isinstance(route, IncludedRouter):
                candidates.append(self._nested(route))
                continue
            effective = self._effective(route)
            if effective is not None:
                candidates.append(effective)
        return candidates

    def _build_low_priority(self) -> list[EffectiveRoute]:
        found = [self._effective(route) for route in self.original_router._low_priority_routes]
        views = [one for one in found if one is not None]
        for route in self.original_router.routes:
            if isinstance(route, IncludedRouter):
                views.extend(self._nested(route).effective_low_priority_routes())
        return views

    def _nested(self, route: IncludedRouter) -> IncludedRouter:
        return IncludedRouter(route.original_router, self.include_context.combine(route.include_context))

    def _effective(self, route: BaseRoute) -> EffectiveRoute | None:
        if isinstance(route, APIRoute):
            return EffectiveRoute.of_api_route(route, self.include_context)
        return EffectiveRoute.of_other(route, self.include_context)

    def effective_route_contexts(self) -> Iterator[EffectiveRoute]:
        """Every route below, through all inclusions."""
        for candidate in self.effective_candidates():
            if isinstance(candidate, IncludedRouter):
                yield from candidate.effective_route_contexts()
            else:
                yield candidate

    def select(self, scope: Scope) -> tuple[Match, Scope, Any]:
        """The route that a request is for: the first that matches in full, else the first that does in part."""
        partial: tuple[Match, Scope, Any] | None = None
        for candidate in self.effective_candidates():
            match, child_scope = matches_through(scope, candidate)
            if match == Match.FULL:
                return match, child_scope, candidate
            if match == Match.PARTIAL and partial is None:
                partial = match, child_scope, candidate
        return partial or (Match.NONE, {}, None)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Ask the router itself, which may have been subclassed, with a note through which inclusion."""
        own = own_scope(scope)
        before = own.get(INCLUDED_KEY, _MISSING)
        own[INCLUDED_KEY] = self
        try:
            match, _ = self.original_router.matches(scope)
            return match, {}
        finally:
            _restore(own, INCLUDED_KEY, before)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the router itself, which may have been subclassed, handle the request."""
        apply_form_limits(scope, self.include_context.form_limits)
        own_scope(scope)[INCLUDED_KEY] = self
        await self.original_router.handle(scope, receive, send)

    async def handle_selected(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle the request with the route that it is for."""
        match, child_scope, selected = self.select(scope)
        if match == Match.NONE:
            default = wrap_app_with_body_limit(
                self.original_router.default, self.include_context.max_body_size
            )
            await default(scope, receive, send)
            return
        update_scope(scope, child_scope)
        if isinstance(selected, IncludedRouter):
            await selected.handle(scope, receive, send)
            return
        await handle_effective(selected, scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The path of the route called ``name``, anywhere below."""
        for route in self.effective_route_contexts():
            try:
                return route.url_path_for(name, **path_params)
            except NoMatchFound:
                continue
        raise NoMatchFound(name, path_params)


_view_lock = threading.RLock()


def matches_through(scope: Scope, candidate: Any) -> tuple[Match, Scope]:
    """Match a candidate; a path operation is asked itself, with a note as which view of it."""
    if not isinstance(candidate, EffectiveRoute) or not isinstance(candidate.original_route, APIRoute):
        match, child_scope = candidate.matches(scope)
        return match, child_scope
    own = own_scope(scope)
    before = own.get(EFFECTIVE_KEY, _MISSING)
    own[EFFECTIVE_KEY] = candidate
    try:
        return candidate.original_route.matches(scope)
    finally:
        _restore(own, EFFECTIVE_KEY, before)


def _restore(own: dict[str, Any], key: str, before: Any) -> None:
    if before is _MISSING:
        own.pop(key, None)
    else:
        own[key] = before


async def handle_effective(route: EffectiveRoute, scope: Scope, receive: Receive, send: Send) -> None:
    """Handle a request with a route seen through an included router."""
    shown = route.starlette_route or route
    route_selected(
        scope, getattr(shown, "path_format", None), mount=isinstance(route.starlette_route, routing.Mount)
    )
    own_scope(scope)[EFFECTIVE_KEY] = route
    if isinstance(route.original_route, APIRoute):
        scope["route"] = route.original_route
        await route.original_route.handle(scope, receive, send)
        return
    assert route.app is not None  # set for every view of another kind of route
    await route.app(scope, receive, send)


@dataclass(frozen=True)
class RouteContext:
    """A route as a document or a tool sees it: its declaration, and its effective values.

    Every attribute of the effective route can be read here.
    """

    route: BaseRoute
    _effective: EffectiveRoute | None = field(default=None, repr=False)

    @property
    def original_route(self) -> BaseRoute:
        """The route as it was declared."""
        return self.route if self._effective is None else self._effective.original_route

    @property
    def _shown(self) -> Any:
        if self._effective is None:
            return self.route
        return self._effective.starlette_route or self._effective

    @property
    def path(self) -> str | None:
        """The full path template."""
        return getattr(self._shown, "path", None)

    @property
    def path_format(self) -> str | None:
        """The full path template without convertors."""
        return getattr(self._shown, "path_format", None)

    @property
    def name(self) -> str | None:
        """The route's name."""
        return getattr(self._shown, "name", None)

    @property
    def methods(self) -> set[str] | None:
        """The methods, where the route has any."""
        return getattr(self._shown, "methods", None)

    @property
    def endpoint(self) -> Callable[..., Any] | None:
        """The function, where the route has one."""
        return getattr(self._shown, "endpoint", None)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._shown, name)


def iter_routes_with_context(
    routes: Sequence[BaseRoute],
) -> Iterator[tuple[BaseRoute, EffectiveRoute | None]]:
    """Every route, through all inclusions, with its view from outside where it was included."""
    for route in routes:
        if isinstance(route, IncludedRouter):
            for effective in route.effective_route_contexts():
                yield effective.original_route, effective
        else:
            yield route, None


def iter_route_contexts(routes: Sequence[BaseRoute | RouteContext]) -> Iterator[RouteContext]:
    """Every route, through all inclusions, with its effective path, methods and options.

    Args:
        routes: routes such as ``app.routes``; contexts among them are passed through.
    """
    for route in routes:
        if isinstance(route, RouteContext):
            yield route
        else:
            for original, effective in iter_routes_with_context([route]):
                yield RouteContext(original, effective)
