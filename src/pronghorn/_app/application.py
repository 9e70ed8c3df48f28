"""The application: a router, middleware, handlers and documentation in one ASGI callable.

Must not live here: routing (`router`), answering requests (`_engine`), the document (`_openapi`).
Invariant: what an application holds is plain, mutable state; whatever is derived from it follows changes.
"""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send
from typing_extensions import Unpack, deprecated

from pronghorn._app.fast import FastApplication
from pronghorn._app.frontend_files import Directory, Fallback, resolve_check_dir
from pronghorn._app.router import APIRouter
from pronghorn._base.declaration import require
from pronghorn._base.errors import (
    FastAPIDeprecationWarning,
    RequestValidationError,
    WebSocketRequestValidationError,
)
from pronghorn._base.exit_stack import AsyncExitStackMiddleware
from pronghorn._base.generation import generation
from pronghorn._base.sentinels import Default
from pronghorn._base.spelled_out import spelled_out
from pronghorn._declare.depends import Depends
from pronghorn._declare.limits import FormLimits
from pronghorn._declare.naming import generate_unique_id
from pronghorn._declare.options import (
    SHOWN_DEFAULTS,
    AddApiRouteOptions,
    ApiRouteOptions,
    IncludeOptions,
    completed,
)
from pronghorn._declare.verbs import DecoratedCallable, VerbDecorators
from pronghorn._engine.body_limit import AppBodyLimitMiddleware
from pronghorn._engine.exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
    websocket_request_validation_exception_handler,
)
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.reply import Reply
from pronghorn._engine.telemetry import (
    SCOPE_KEY as TELEMETRY_KEY,
)
from pronghorn._engine.telemetry import (
    ExceptionTelemetryMiddleware,
    Telemetry,
    TelemetryConfig,
    default_config,
    legacy_otel,
)
from pronghorn._engine.telemetry import lifespan as telemetry_lifespan

ExceptionHandler = Callable[[Request, Any], Response | Awaitable[Response]]
ExceptionHandlers = Mapping[int | type[Exception], ExceptionHandler]


class ApplicationState:
    """The arguments of the constructor that an application keeps as they are, under their own names."""

    debug: bool
    title: str
    summary: str | None
    description: str
    version: str
    terms_of_service: str | None
    contact: dict[str, str | Any] | None
    license_info: dict[str, str | Any] | None
    openapi_url: str | None
    openapi_tags: list[dict[str, Any]] | None
    root_path: str
    root_path_in_servers: bool
    separate_input_output_schemas: bool
    openapi_external_docs: dict[str, Any] | None
    docs_url: str | None
    redoc_url: str | None
    scalar_url: str | None
    swagger_ui_oauth2_redirect_url: str | None
    swagger_ui_init_oauth: dict[str, Any] | None
    swagger_ui_parameters: dict[str, Any] | None
    max_body_size: int | None
    auto_head: bool


_TAKEN_OVER = tuple(ApplicationState.__annotations__)

#: The arguments of the constructor that are options of the application's own router.
_FOR_THE_ROUTER = (
    "routes", "redirect_slashes", "on_startup", "on_shutdown", "lifespan", "default_response_class",
    "dependencies", "callbacks", "deprecated", "include_in_schema", "responses",
    "generate_unique_id_function", "strict_content_type", "max_body_size", "form_limits",
)  # fmt: skip


class Pronghorn(VerbDecorators, ApplicationState, Starlette):
    """A web API. `FastAPI` is the same class under another name.

    Args:
        telemetry: how requests are recorded with OpenTelemetry.
        debug: show tracebacks to clients. Never in production.
        routes: routes to begin with (deprecated: declare them).
        title: the API's name, for the document.
        summary: the API in a few words, for the document.
        description: the API at length, in Markdown, for the document.
        version: the API's version, for the document.
        openapi_url: where the document is served; None switches it and the documentation pages off.
        openapi_tags: tags with descriptions, in the order in which tools show them.
        servers: where the API is served.
        dependencies: run before those of every path operation.
        default_response_class: the response class of operations that declare none.
        redirect_slashes: whether a path that would match with, or without, a final slash is redirected.
        docs_url: where Swagger UI is served; None switches it off.
        redoc_url: where ReDoc is served; None switches it off.
        scalar_url: where Scalar is served; off by default.
        docs_assets: where the pages' scripts come from: ``"local"`` (from the application itself; no
            internet needed) or ``"cdn"``.
        swagger_ui_oauth2_redirect_url: where OAuth 2 providers redirect Swagger UI to.
        swagger_ui_init_oauth: OAuth 2 settings of Swagger UI.
        middleware: middleware, outermost first.
        exception_handlers: functions that answer exceptions, by class or status code.
        on_startup: functions to run at start-up (prefer ``lifespan``).
        on_shutdown: functions to run at shutdown (prefer ``lifespan``).
        lifespan: a context manager around the life of the application.
        terms_of_service: a URL, for the document.
        contact: whom to ask, for the document.
        license_info: the licence, for the document.
        root_path: the prefix under which a proxy serves the application (deprecated: a server setting).
        root_path_in_servers: whether the document lists ``root_path`` among the servers.
        responses: further responses of all operations, for the document.
        callbacks: callbacks of all operations, for the document.
        webhooks: a router whose operations describe what the API will send.
        deprecated: mark all operations as deprecated.
        include_in_schema: whether the document shows the operations.
        swagger_ui_parameters: settings of Swagger UI.
        generate_unique_id_function: makes operation ids.
        separate_input_output_schemas: show a model twice where input and output differ.
        openapi_external_docs: documentation elsewhere, for the document.
        strict_content_type: whether a body without a Content-Type is taken for bytes, not for JSON.
        max_body_size: the most bytes of a request body; None: no limit.
        form_limits: limits on forms.
        auto_head: whether GET operations answer HEAD where no route does: status and header fields, no body.

    Example:
        >>> app = Pronghorn(title="Books")
        >>> @app.get("/books/{book_id}")
        ... async def read_book(book_id: int) -> dict[str, int]:
        ...     return {"book_id": book_id}
    """

    #: Where the functions that make documentation pages are looked up; None: their own module.
    page_makers: ClassVar[Any] = None
    #: ``docs_assets`` of applications that do not say.
    default_docs_assets: ClassVar[str] = "local"

    def __init__(
        self,
        *,
        telemetry: TelemetryConfig | None = None,
        debug: bool = False,
        routes: list[BaseRoute] | None = None,
        title: str = "FastAPI",
        summary: str | None = None,
        description: str = "",
        version: str = "0.1.0",
        openapi_url: str | None = "/openapi.json",
        openapi_tags: list[dict[str, Any]] | None = None,
        servers: list[dict[str, str | Any]] | None = None,
        dependencies: Sequence[Depends] | None = None,
        default_response_class: type[Response] = Default(JSONResponse),
        redirect_slashes: bool = True,
        docs_url: str | None = "/docs",
        redoc_url: str | None = "/redoc",
        scalar_url: str | None = None,
        docs_assets: str | None = None,
        swagger_ui_oauth2_redirect_url: str | None = "/docs/oauth2-redirect",
        swagger_ui_init_oauth: dict[str, Any] | None = None,
        middleware: Sequence[Middleware] | None = None,
        exception_handlers: ExceptionHandlers | None = None,
        on_startup: Sequence[Callable[[], Any]] | None = None,
        on_shutdown: Sequence[Callable[[], Any]] | None = None,
        lifespan: Lifespan[Any] | None = None,
        terms_of_service: str | None = None,
        contact: dict[str, str | Any] | None = None,
        license_info: dict[str, str | Any] | None = None,
        root_path: str = "",
        root_path_in_servers: bool = True,
        responses: dict[int | str, dict[str, Any]] | None = None,
        callbacks: list[BaseRoute] | None = None,
        webhooks: APIRouter | None = None,
        deprecated: bool | None = None,
        include_in_schema: bool = True,
        swagger_ui_parameters: dict[str, Any] | None = None,
        generate_unique_id_function: Callable[[Any], str] = Default(generate_unique_id),
        separate_input_output_schemas: bool = True,
        openapi_external_docs: dict[str, Any] | None = None,
        strict_content_type: bool = Default(True),
        max_body_size: int | None = None,
        form_limits: FormLimits | None = None,
        auto_head: bool = False,
    ) -> None:
        given = locals()
        self._take_over(given)
        self._warn_of_root_path(root_path)
        self.router: APIRouter = APIRouter(
            dependency_overrides_provider=self, **{name: given[name] for name in _FOR_THE_ROUTER}
        )
        self._telemetry = Telemetry(default_config(telemetry))
        self._setup_state(exception_handlers, middleware)
        self.setup()

    def _take_over(self, given: dict[str, Any]) -> None:
        for name in _TAKEN_OVER:
            setattr(self, name, given[name])
        self.servers: list[dict[str, Any]] = given["servers"] or []
        self.docs_assets: str = given["docs_assets"] or self.default_docs_assets
        self.webhooks: APIRouter = given["webhooks"] or APIRouter()
        self.state = State()
        self.dependency_overrides: dict[Callable[..., Any], Callable[..., Any]] = {}

    @staticmethod
    def _warn_of_root_path(root_path: str) -> None:
        if root_path:
            warnings.warn(
                "The `root_path` parameter is deprecated. Configure the server's root path instead, "
                "for example with `fastapi run --root-path /api/v1`.",
                category=FastAPIDeprecationWarning,
                stacklevel=3,
            )

    def _setup_state(self, exception_handlers: Any, middleware: Sequence[Middleware] | None) -> None:
        if self.openapi_url:
            require(self.title, "A title must be provided for OpenAPI, e.g.: 'My API'")
            require(self.version, "A version must be provided for OpenAPI, e.g.: '2.1.0'")
        self.openapi_version = "3.1.0"
        self.openapi_schema: dict[str, Any] | None = None
        self._openapi_routes_version: int | None = None
        self.exception_handlers: dict[Any, Any] = {
            HTTPException: http_exception_handler,
            RequestValidationError: request_validation_exception_handler,
            WebSocketRequestValidationError: websocket_request_validation_exception_handler,
            **(exception_handlers or {}),
        }
        self.user_middleware = list(middleware or [])
        self.middleware_stack: ASGIApp | None = None
        self._fast = FastApplication(self)

    def __getstate__(self) -> dict[str, Any]:
        # Starlette's `State` looks its own content up through itself, so that unpickling it never ends.
        return {**vars(self), "state": self.state._state}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, state=State(state["state"]))

    # --- what is derived

    def build_middleware_stack(self) -> ASGIApp:
        """Build the ASGI application around the router.

        From the outside in: server errors, telemetry, body limit, the user's middleware, exception
        handlers, the exit stack for files.
        """
        handlers = dict(self.exception_handlers)
        catch_all = [handlers.pop(key) for key in list(handlers) if key in (500, Exception)]
        stack = [
            Middleware(ServerErrorMiddleware, handler=catch_all[-1] if catch_all else None, debug=self.debug),
            Middleware(ExceptionTelemetryMiddleware),
            Middleware(AppBodyLimitMiddleware, max_body_size=self.max_body_size),
            *self.user_middleware,
            Middleware(ExceptionMiddleware, handlers=handlers, debug=self.debug),
            Middleware(AsyncExitStackMiddleware),
        ]
        app: ASGIApp = self.router
        for cls, args, kwargs in reversed(stack):
            app = cls(app, *args, **kwargs)
        return app

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, built when routes changed since the last time."""
        version = self.router._get_routes_version()
        if not self.openapi_schema or self._openapi_routes_version != version:
            from pronghorn._openapi.document import get_openapi

            self.openapi_schema = get_openapi(
                title=self.title,
                version=self.version,
                openapi_version=self.openapi_version,
                summary=self.summary,
                description=self.description,
                terms_of_service=self.terms_of_service,
                contact=self.contact,
                license_info=self.license_info,
                routes=self.routes,
                webhooks=self.webhooks.routes,
                tags=self.openapi_tags,
                servers=self.servers,
                separate_input_output_schemas=self.separate_input_output_schemas,
                external_docs=self.openapi_external_docs,
            )
            self._openapi_routes_version = version
        return self.openapi_schema

    def setup(self) -> None:
        """Add the routes of the document and its pages; called once, by the constructor."""
        if not self.openapi_url:
            return
        from pronghorn._openapi import docs
        from pronghorn._openapi.pages import documentation_routes

        app: Any = self
        for path, endpoint in documentation_routes(app, makers=self.page_makers or docs):
            self.add_route(path, endpoint, include_in_schema=False)

    # --- serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, connection or lifespan (ASGI 3.0)."""
        if self.root_path:
            scope["root_path"] = self.root_path
        kind = scope["type"]
        if kind == "lifespan":
            generation.bump()  # what is done at start-up counts from the first request on
            await telemetry_lifespan(
                config=self._telemetry.config, app=super().__call__, scope=scope, receive=receive, send=send
            )
            return
        if kind not in ("http", "websocket") or TELEMETRY_KEY in scope or not self._telemetry.enabled():
            # Within a request that is observed, as a mounted application's is, stages have to be seen.
            observed = scope.get(TELEMETRY_KEY) is not None
            if kind == "http" and not observed and await self._fast.serve_asgi(scope, receive, send):
                return
            await super().__call__(scope, receive, send)
            return
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        scope["app"] = self
        await self._telemetry(
            app=super().__call__,
            scope=scope,
            receive=receive,
            send=send,
            legacy_otel=legacy_otel(self.middleware_stack),
        )

    @property
    def handle_exchange(self) -> Callable[[Exchange], Reply | None]:
        """Serves one request of a server that speaks the engine's own protocol; see `Exchange`.

        It gives the reply when that could be made at once, and None when it follows through the exchange.
        """
        # PERF: servers ask for it once, and are spared a call with every request. bench/counted.py
        return self._fast.handle

    def limits_body(self, exchange: Exchange) -> bool:
        """Whether a `max_body_size` of the application's own is in force for a request."""
        from pronghorn._app.limits import limits_body

        return limits_body(self, exchange)

    def __rsgi__(self, scope: Any, protocol: Any) -> Any:
        """Serve one request or connection of an RSGI server (Granian)."""
        from pronghorn.adapters.rsgi import serve

        return serve(self, scope, protocol)

    def __rsgi_init__(self, loop: Any) -> None:
        """Start up, before an RSGI server serves."""
        from pronghorn.adapters.rsgi import start

        start(self, loop)

    def __rsgi_del__(self, loop: Any) -> None:
        """Shut down, when an RSGI server ends."""
        from pronghorn.adapters.rsgi import stop

        stop(self, loop)

    # --- declaring routes

    @spelled_out(AddApiRouteOptions, SHOWN_DEFAULTS)
    def add_api_route(
        self, path: str, endpoint: Callable[..., Any], **options: Unpack[AddApiRouteOptions]
    ) -> None:
        """Add a path operation; see `get` and `RouteOptions`."""
        self.router.add_api_route(path, endpoint, **options)

    @spelled_out(ApiRouteOptions, SHOWN_DEFAULTS)
    def api_route(
        self, path: str, **options: Unpack[ApiRouteOptions]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a path operation for the methods in ``methods`` (GET by default)."""
        given = completed(options, ApiRouteOptions, "api_route")

        def decorator(func: DecoratedCallable) -> DecoratedCallable:
            self.router.add_api_route(path, func, **given)
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
        self.router.add_api_websocket_route(path, endpoint, name=name, dependencies=dependencies)

    def websocket(
        self, path: str, name: str | None = None, *, dependencies: Sequence[Depends] | None = None
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a WebSocket endpoint; see `APIRouter.websocket`."""
        return self.router.websocket(path, name=name, dependencies=dependencies)

    def websocket_route(
        self, path: str, name: str | None = None
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a WebSocket endpoint that only takes the connection."""
        return self.router.websocket_route(path, name=name)

    @spelled_out(IncludeOptions, SHOWN_DEFAULTS)
    def include_router(self, router: APIRouter, **options: Unpack[IncludeOptions]) -> None:
        """Include the routes of a router, those that it has now and those added to it later.

        Args:
            router: the router.
            options: see `IncludeOptions`.
        """
        self.router.include_router(router, **options)

    def frontend(
        self, path: str, *, directory: Directory, fallback: Fallback = "auto", check_dir: Any = "auto"
    ) -> None:
        """Serve a built frontend below ``path``; see `APIRouter.frontend`."""
        check = resolve_check_dir(directory, check_dir)
        self.router.frontend(path, directory=directory, fallback=fallback, check_dir=check)

    # --- events, middleware, handlers

    @deprecated(
        "on_event is deprecated, use lifespan event handlers instead. Read more about it in the "
        "[FastAPI docs for Lifespan Events](https://fastapi.tiangolo.com/advanced/events/)."
    )
    def on_event(self, event_type: str) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a function to run at ``startup`` or ``shutdown``."""
        return self.router.on_event(event_type)

    def middleware(self, middleware_type: str) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a function around every request: it takes the request and the next step.

        Args:
            middleware_type: ``"http"``.
        """

        def decorator(func: DecoratedCallable) -> DecoratedCallable:
            self.add_middleware(BaseHTTPMiddleware, dispatch=func)
            return func

        return decorator

    def exception_handler(
        self, exc_class_or_status_code: int | type[Exception]
    ) -> Callable[[DecoratedCallable], DecoratedCallable]:
        """Declare a function that answers an exception: it takes the request and the exception.

        Args:
            exc_class_or_status_code: which exceptions, by class (with subclasses) or status code.
        """

        def decorator(func: DecoratedCallable) -> DecoratedCallable:
            self.add_exception_handler(exc_class_or_status_code, func)
            return func

        return decorator


FastAPI = Pronghorn
