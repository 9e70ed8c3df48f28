"""`APIRouter`: path operations, WebSockets, frontends and further routers under one set of options.

Must not live here: how a path operation is answered (`_engine`), how options merge (`_declare.include`).
Invariant: ``routes`` is an ordinary list in registration order, which decides.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from enum import Enum
from typing import Any

from starlette import routing
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket
from typing_extensions import Unpack, deprecated

from pronghorn._app.frontend import FrontendGroup, join_paths, normalize_path
from pronghorn._app.frontend_files import Directory, Fallback, resolve_check_dir
from pronghorn._app.included import (
    INCLUDED_KEY,
    IncludedRouter,
    apply_form_limits,
    iter_routes_with_context,
)
from pronghorn._app.lifespan import (
    EventHandlerLifespan,
    MergedLifespan,
    lifespan_context,
    runs_event_handlers,
)
from pronghorn._app.matching import handle_first_match
from pronghorn._app.route import APIRoute
from pronghorn._app.websocket import APIWebSocketRoute
from pronghorn._base.declaration import require
from pronghorn._base.errors import FastAPIError
from pronghorn._base.generation import generation, tracked
from pronghorn._base.sentinels import Default, value_or_default
from pronghorn._base.spelled_out import spelled_out
from pronghorn._declare.depends import Depends
from pronghorn._declare.include import IncludeContext
from pronghorn._declare.limits import (
    FormLimits,
    most_specific_limit,
    validate_form_limits,
    validate_max_body_size,
)
from pronghorn._declare.naming import generate_unique_id
from pronghorn._declare.options import (
    SHOWN_DEFAULTS,
    AddApiRouteOptions,
    ApiRouteOptions,
    IncludeOptions,
    completed,
)
from pronghorn._declare.verbs import DecoratedCallable, VerbDecorators
from pronghorn._engine.body_limit import wrap_app_with_body_limit


def _check_prefix(prefix: str) -> None:
    if prefix:
        fix = f"write prefix={'/' + prefix.strip('/')!r}"
        require(prefix.startswith("/"), "A path prefix must start with '/'", fix=fix)
        require(
            not prefix.endswith("/"),
            "A path prefix must not end with '/', as the routes will start with '/'",
            fix=fix,
        )


class APIRouter(VerbDecorators, routing.Router):
    """Groups path operations, to be included in an application or in another router.

    Args:
        prefix: put in front of the paths of all routes.
        tags: tags of all operations.
        dependencies: run before those of each operation.
        default_response_class: the response class of operations that declare none.
        responses: further responses of all operations, for the document.
        callbacks: callbacks of all operations, for the document.
        routes: routes to begin with.
        redirect_slashes: whether a path that would match with, or without, a final slash is redirected.
        default: the ASGI application for requests that nothing matches; 404 by default.
        dependency_overrides_provider: the application whose ``dependency_overrides`` apply.
        route_class: the class of path operations.
        on_startup: functions to run at start-up.
        on_shutdown: functions to run at shutdown.
        lifespan: a context manager around the life of the application, in place of the two above.
        deprecated: mark all operations as deprecated.
        include_in_schema: whether the document shows the operations.
        generate_unique_id_function: makes operation ids.
        strict_content_type: whether a body without a Content-Type is taken for bytes, not for JSON.
        max_body_size: the most bytes of a request body.
        form_limits: limits on forms.

    Example:
        >>> router = APIRouter(prefix="/users", tags=["users"])
        >>> @router.get("/{user_id}")
        ... async def read_user(user_id: int) -> dict[str, int]:
        ...     return {"user_id": user_id}
        >>> router.routes[0].path
        '/users/{user_id}'
    """

    #: Serves a request that came through middleware, if it can; set by the application whose router this is.
    fast_way: Callable[[Scope, Receive, Send], Awaitable[bool]] | None = None

    def __init__(
        self,
        *,
        prefix: str = "",
        tags: list[str | Enum] | None = None,
        dependencies: Sequence[Depends] | None = None,
        default_response_class: type[Response] = Default(JSONResponse),
        responses: dict[int | str, dict[str, Any]] | None = None,
        callbacks: list[BaseRoute] | None = None,
        routes: list[BaseRoute] | None = None,
        redirect_slashes: bool = True,
        default: ASGIApp | None = None,
        dependency_overrides_provider: Any | None = None,
        route_class: type[APIRoute] = APIRoute,
        on_startup: Sequence[Callable[[], Any]] | None = None,
        on_shutdown: Sequence[Callable[[], Any]] | None = None,
        lifespan: Any | None = None,
        deprecated: bool | None = None,
        include_in_schema: bool = True,
        generate_unique_id_function: Callable[[APIRoute], str] = Default(generate_unique_id),
        strict_content_type: bool = Default(True),
        max_body_size: int | None = None,
        form_limits: FormLimits | None = None,
    ) -> None:
        validate_max_body_size(max_body_size)
        _check_prefix(prefix)
        limit = [Middleware(wrap_app_with_body_limit, max_body_size=max_body_size)]
        context = lifespan_context(lifespan, EventHandlerLifespan(self))
        super().__init__(
            routes=routes,
            redirect_slashes=redirect_slashes,
            default=default,
            lifespan=context,
            middleware=limit if max_body_size is not None else None,
        )
        self.routes: list[BaseRoute] = list(self.routes)
        self.lifespan_context = context
        self.on_startup = list(on_startup or [])
        self.on_shutdown = list(on_shutdown or [])
        self.prefix = prefix
        self.tags: list[str | Enum] = tags or []
        self.dependencies = list(dependencies or [])
        self.deprecated = deprecated
        self.include_in_schema = include_in_schema
        self.responses = responses or {}
        self.callbacks = callbacks or []
        self.dependency_overrides_provider = dependency_overrides_provider
        self.route_class = route_class
        self.default_response_class = default_response_class
        self.generate_unique_id_function = generate_unique_id_function
        self.form_limits = validate_form_limits(form_limits)
        self.strict_content_type = strict_content_type
        self.max_body_size = max_body_size
        self._routes_version = 0
        self._low_priority_routes: list[BaseRoute] = []
        self._frontend_routes: FrontendGroup | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "fast_way":
            generation.value += 1
        super().__setattr__(name, tracked(value) if name == "routes" else value)

    # --- declaring routes

    @spelled_out(AddApiRouteOptions, SHOWN_DEFAULTS)
    def add_api_route(
        self, path: str, endpoint: Callable[..., Any], **options: Unpack[AddApiRouteOptions]
    ) -> None:
        """Add a path operation; see `get` and `RouteOptions`."""
        given = completed(options, AddApiRouteOptions, "add_api_route")
        route_class = given.pop("route_class_override", None) or self.route_class
        if given.get("form_limits") is None:
            given.pop("form_limits", None)
        given.update(
            tags=[*self.tags, *(given["tags"] or [])],
            dependencies=[*self.dependencies, *(given["dependencies"] or [])],
            responses={**self.responses, **(given["responses"] or {})},
            callbacks=[*self.callbacks, *(given["callbacks"] or [])],
            deprecated=given["deprecated"] or self.deprecated,
            include_in_schema=given["include_in_schema"] and self.include_in_schema,
            response_class=value_or_default(given["response_class"], self.default_response_class),
            generate_unique_id_function=value_or_default(
                given["generate_unique_id_function"], self.generate_unique_id_function
            ),
            strict_content_type=value_or_default(given["strict_content_type"], self.strict_content_type),
            max_body_size=most_specific_limit(given["max_body_size"], self.max_body_size),
            dependency_overrides_provider=self.dependency_overrides_provider,
        )
        self.routes.append(route_class(self.prefix + path, endpoint=endpoint, **given))
        self._mark_routes_changed()

    @spelled_out(ApiRouteOptions, SHOWN_DEFAULTS)
    def api_route(
        self, path: str, **options: Unpack[ApiRouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for the methods in ``methods`` (GET by default)."""
        given = completed(options, ApiRouteOptions, "api_route")

        def decorator(func: DecoratedCallable) -> DecoratedCallable:
            self.add_api_route(path, func, **given)
            return func

        return decorator

    def add_api_websocket_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        name: str | None = None,
        *,
        dependencies: Sequence[Depends] | None = None,
    ) -> None:
        """Add a WebSocket endpoint with dependencies and parameters."""
        route = APIWebSocketRoute(
            self.prefix + path,
            endpoint=endpoint,
            name=name,
            dependencies=[*self.dependencies, *(dependencies or [])],
            dependency_overrides_provider=self.dependency_overrides_provider,
        )
        self.routes.append(route)
        self._mark_routes_changed()

    def websocket(
        self, path: str, name: str | None = None, *, dependencies: Sequence[Depends] | None = None
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a WebSocket endpoint.

        Args:
            path: the path template.
            name: the name for ``url_path_for``; by default the function's.
            dependencies: run before the endpoint.
        """

        def decorator(func: DecoratedCallable) -> DecoratedCallable:
            self.add_api_websocket_route(path, func, name=name, dependencies=dependencies)
            return func

        return decorator

    def websocket_route(
        self, path: str, name: str | None = None
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a WebSocket endpoint that only takes the connection."""

        def decorator(func: DecoratedCallable) -> DecoratedCallable:
            self.add_websocket_route(path, func, name=name)
            return func

        return decorator

    def route(
        self,
        path: str,
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a plain Starlette endpoint: a function from request to response."""

        def decorator(func: DecoratedCallable) -> DecoratedCallable:
            self.add_route(path, func, methods=methods, name=name, include_in_schema=include_in_schema)
            return func

        return decorator

    def add_route(
        self,
        path: str,
        endpoint: Callable[[Request], Awaitable[Response] | Response],
        methods: Collection[str] | None = None,
        name: str | None = None,
        include_in_schema: bool = True,
    ) -> None:
        """Add a plain Starlette endpoint."""
        super().add_route(path, endpoint, methods=methods, name=name, include_in_schema=include_in_schema)
        self._mark_routes_changed()

    def add_websocket_route(
        self, path: str, endpoint: Callable[[WebSocket], Awaitable[None]], name: str | None = None
    ) -> None:
        """Add a plain Starlette WebSocket endpoint."""
        super().add_websocket_route(path, endpoint, name=name)
        self._mark_routes_changed()

    def mount(self, path: str, app: ASGIApp, name: str | None = None) -> None:
        """Hand everything below ``path`` to another ASGI application."""
        super().mount(path, app=app, name=name)
        self._mark_routes_changed()

    def host(self, host: str, app: ASGIApp, name: str | None = None) -> None:
        """Hand requests for a host name to another ASGI application."""
        super().host(host, app=app, name=name)
        self._mark_routes_changed()

    def frontend(
        self,
        path: str,
        *,
        directory: Directory,
        fallback: Fallback = "auto",
        check_dir: Any = "auto",
    ) -> None:
        """Serve a built frontend below ``path``, for requests that no route matches.

        Args:
            path: where it stands.
            directory: the directory with its files.
            fallback: what answers paths that are no files.
            check_dir: whether the directory has to exist now; "auto": unless ``FASTAPI_ENV=development``.
        """
        check = resolve_check_dir(directory, check_dir)
        if self._frontend_routes is None:
            self._frontend_routes = FrontendGroup(
                dependencies=self.dependencies,
                dependency_overrides_provider=self.dependency_overrides_provider,
            )
            self._low_priority_routes.append(self._frontend_routes)
        full_path = join_paths(self.prefix, normalize_path(path))
        self._frontend_routes.add(full_path, directory=directory, fallback=fallback, check_dir=check)
        self._mark_routes_changed()

    @spelled_out(IncludeOptions, SHOWN_DEFAULTS)
    def include_router(self, router: APIRouter, **options: Unpack[IncludeOptions]) -> None:
        """Include the routes of ``router``, those that it has now and those added to it later.

        Args:
            router: the router.
            options: see `IncludeOptions`.

        Raises:
            DeclarationError: the router includes this one, or the prefix is malformed.
            FastAPIError: a path would be empty.
        """
        unknown = next((name for name in options if name not in IncludeOptions.__annotations__), None)
        if unknown is not None:
            raise TypeError(f"include_router() got an unexpected keyword argument {unknown!r}")
        self._check_inclusion(router, options.get("prefix", ""))
        context = IncludeContext.of(self, router, dict(options))
        self.routes.append(IncludedRouter(original_router=router, include_context=context))
        self._mark_routes_changed()
        if not runs_event_handlers(router.lifespan_context):
            self.on_startup.extend(router.on_startup)
            self.on_shutdown.extend(router.on_shutdown)
        # Otherwise the handlers of the included router run through its lifespan, merged here: once.
        self.lifespan_context = MergedLifespan(self.lifespan_context, router.lifespan_context)

    def _check_inclusion(self, router: APIRouter, prefix: str) -> None:
        require(
            self is not router,
            "Cannot include the same APIRouter instance into itself. "
            "Did you mean to include a different router?",
        )
        require(
            not router._contains_router(self),
            "Cannot include an APIRouter instance that already includes this router. "
            "Did you mean to include a different router?",
        )
        _check_prefix(prefix)
        if prefix:
            return
        for route, effective in iter_routes_with_context(router.routes):
            shown: Any = route if effective is None else effective.starlette_route or effective
            if getattr(shown, "path", None) == "":
                name = getattr(shown, "name", "unknown")
                raise FastAPIError(f"Prefix and path cannot be both empty (path operation: {name})")

    # --- events

    def add_event_handler(self, event_type: str, func: Callable[[], Any]) -> None:
        """Add a function to run at ``startup`` or ``shutdown``."""
        require(event_type in ("startup", "shutdown"), "The event type must be 'startup' or 'shutdown'")
        (self.on_startup if event_type == "startup" else self.on_shutdown).append(func)

    @deprecated(
        "on_event is deprecated, use lifespan event handlers instead. Read more about it in the "
        "[FastAPI docs for Lifespan Events](https://fastapi.tiangolo.com/advanced/events/)."
    )
    def on_event(self, event_type: str) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a function to run at ``startup`` or ``shutdown``."""

        def decorator(func: DecoratedCallable) -> DecoratedCallable:
            self.add_event_handler(event_type, func)
            return func

        return decorator

    # --- the tree of routers

    def _mark_routes_changed(self) -> None:
        self._routes_version += 1

    def _iter_routers(self, seen: set[int] | None = None) -> Iterator[APIRouter]:
        """This router and all that it includes, each once."""
        seen = set() if seen is None else seen
        if id(self) in seen:
            return
        seen.add(id(self))
        yield self
        for route in self.routes:
            if isinstance(route, IncludedRouter):
                yield from route.original_router._iter_routers(seen)

    def _get_routes_version(self) -> int:
        return sum(router._routes_version for router in self._iter_routers())

    def _contains_router(self, router: APIRouter) -> bool:
        return any(one is router for one in self._iter_routers() if one is not self)

    # --- the reference way of routing

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is for this router, included in another one. Experimental; may be overridden."""
        included = self._included_in(scope)
        if included is None:
            return Match.NONE, {}
        match, child_scope, _ = included.select(scope)
        return match, child_scope

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request that `matches` accepted. Experimental; may be overridden."""
        included = self._included_in(scope)
        if included is None:
            await self.app(scope, receive, send)
        else:
            await included.handle_selected(scope, receive, send)

    def _included_in(self, scope: Scope) -> IncludedRouter | None:
        included = scope.get("fastapi", {}).get(INCLUDED_KEY)
        if isinstance(included, IncludedRouter) and included.original_router is self:
            return included
        return None

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request or connection: the first route that matches, else a redirect, a frontend, 404."""
        apply_form_limits(scope, self.form_limits)
        scope.setdefault("router", self)
        kind = scope["type"]
        if kind == "lifespan":
            await self.lifespan(scope, receive, send)
            return
        fast_way = self.fast_way
        if kind != "http" or fast_way is None or not await fast_way(scope, receive, send):
            await handle_first_match(self, scope, receive, send)
