"""The routes by which an application shows its documentation.

Connects an application's settings to the pages of `docs`, the assets of `offline` and the
application's document. The application registers what `documentation_routes` gives and does no
more. This module must not load the document's models: pages are registered at every start.

Invariant: settings are read when a page is asked for, so changing them later has its effect.
"""

from collections.abc import Awaitable, Callable, Iterator
from logging import getLogger
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from pronghorn._base.declaration import require
from pronghorn._openapi import docs
from pronghorn._openapi.offline import AssetLibrary, asset_response, installed_assets

__all__ = ["DOCS_ASSETS", "DocumentedApplication", "PageMakers", "documentation_routes"]

DOCS_ASSETS = ("local", "cdn")
"""Where documentation pages may find their scripts: in the application itself, or on a public CDN."""

Endpoint = Callable[[Request], Awaitable[Response]]

_SCALAR_SELF_CONTAINED = {
    "withDefaultFonts": False,
    "telemetry": False,
    "agent": {"disabled": True},
    "mcp": {"disabled": True},
    "hideClientButton": True,
    "showDeveloperTools": "never",
}


class DocumentedApplication(Protocol):
    """What the pages need to know of an application; the attributes are its constructor's."""

    title: str
    openapi_url: str | None
    docs_url: str | None
    redoc_url: str | None
    scalar_url: str | None
    docs_assets: str
    root_path_in_servers: bool
    swagger_ui_oauth2_redirect_url: str | None
    swagger_ui_init_oauth: dict[str, Any] | None
    swagger_ui_parameters: dict[str, Any] | None

    def openapi(self) -> dict[str, Any]:
        """The application's document."""
        ...


class PageMakers(Protocol):
    """Where the page functions are looked up, each time a page is asked for.

    Applications and plugins replace them on a module; passing that module honours it.
    """

    @property
    def get_swagger_ui_html(self) -> Callable[..., Response]:
        """Makes the Swagger UI page."""
        ...

    @property
    def get_redoc_html(self) -> Callable[..., Response]:
        """Makes the ReDoc page."""
        ...

    @property
    def get_swagger_ui_oauth2_redirect_html(self) -> Callable[[], Response]:
        """Makes the page that OAuth 2 providers redirect to."""
        ...


def documentation_routes(
    app: DocumentedApplication, makers: PageMakers = docs, library: AssetLibrary | None = None
) -> Iterator[tuple[str, Endpoint]]:
    """The routes of an application's document and its pages.

    Args:
        app: the application; pages whose URL is `None` are left out, and all of them without an
            `openapi_url`.
        makers: where the page functions are looked up.
        library: where the pages' scripts are; the installed ones when `None`.

    Yields:
        The path and endpoint of each, in the order in which to register them. The endpoints'
        names are the routes' names, which applications look up with `url_path_for`.

    Raises:
        DeclarationError: `docs_assets` is none of `DOCS_ASSETS`.
    """
    require(
        app.docs_assets in DOCS_ASSETS,
        f"docs_assets has to be one of {', '.join(map(repr, DOCS_ASSETS))}, but is {app.docs_assets!r}.",
    )
    if not app.openapi_url:
        return
    pages = _Pages(app, makers, installed_assets() if library is None else library)
    yield app.openapi_url, _named(pages.openapi, "openapi")
    if app.docs_url:
        yield app.docs_url, _named(pages.with_assets(pages.swagger_ui), "swagger_ui_html")
        if app.swagger_ui_oauth2_redirect_url:
            redirect = _named(pages.swagger_ui_redirect, "swagger_ui_redirect")
            yield app.swagger_ui_oauth2_redirect_url, redirect
    if app.redoc_url:
        yield app.redoc_url, _named(pages.with_assets(pages.redoc), "redoc_html")
    if app.scalar_url:
        yield app.scalar_url, _named(pages.with_assets(pages.scalar), "scalar_html")


def _named(handler: Callable[[Request], Awaitable[Response]], name: str) -> Endpoint:
    """A function of this name: Starlette names a route after its endpoint."""

    async def endpoint(request: Request) -> Response:
        return await handler(request)

    endpoint.__name__ = endpoint.__qualname__ = name
    return endpoint


def _root_path(request: Request) -> str:
    """The path below which the application is reached, as its server or parent says."""
    root_path: str = request.scope.get("root_path", "")
    return root_path.rstrip("/")


class _Pages:
    """An application's document and pages, as endpoints."""

    def __init__(self, app: DocumentedApplication, makers: PageMakers, library: AssetLibrary) -> None:
        self._app = app
        self._makers = makers
        self._library = library

    async def openapi(self, request: Request) -> Response:
        """The document, with the address that the application is reached at among its servers."""
        document = self._app.openapi()
        root_path = _root_path(request)
        servers = document.get("servers", [])
        if root_path and self._app.root_path_in_servers and root_path not in [s.get("url") for s in servers]:
            # A copy: other requests may reach the application elsewhere.
            document = {**document, "servers": [{"url": root_path}, *servers]}
        return JSONResponse(document)

    def with_assets(self, page: Callable[[Request], Response]) -> Endpoint:
        """A page that also answers for the assets that it refers to."""

        async def endpoint(request: Request) -> Response:
            name = request.query_params.get("asset")
            if name is None:
                return page(request)
            return await asset_response(self._library, name, request.headers)

        return endpoint

    def swagger_ui(self, request: Request) -> Response:
        """The Swagger UI page."""
        redirect_url = self._app.swagger_ui_oauth2_redirect_url
        make = self._makers.get_swagger_ui_html
        local: dict[str, Any] = {}
        # A replacement brings addresses of its own.
        if make is docs.get_swagger_ui_html:
            local = self._local_urls(
                "swagger-ui-dist",
                swagger_js_url="swagger-ui-bundle.js",
                swagger_css_url="swagger-ui.css",
            )
        return make(
            openapi_url=self._openapi_url(request),
            title=f"{self._app.title} - Swagger UI",
            oauth2_redirect_url=_root_path(request) + redirect_url if redirect_url else redirect_url,
            init_oauth=self._app.swagger_ui_init_oauth,
            swagger_ui_parameters=self._app.swagger_ui_parameters,
            **local,
        )

    async def swagger_ui_redirect(self, request: Request) -> Response:
        """The page that OAuth 2 providers redirect to."""
        return self._makers.get_swagger_ui_oauth2_redirect_html()

    def redoc(self, request: Request) -> Response:
        """The ReDoc page; with local assets it does without Google's fonts."""
        make = self._makers.get_redoc_html
        local: dict[str, Any] = {}
        if make is docs.get_redoc_html:
            local = self._local_urls("redoc", redoc_js_url="redoc.standalone.js")
            if local:
                local["with_google_fonts"] = False
        return make(openapi_url=self._openapi_url(request), title=f"{self._app.title} - ReDoc", **local)

    def scalar(self, request: Request) -> HTMLResponse:
        """The Scalar page; with local assets it does without what calls Scalar's servers."""
        local: dict[str, Any] = self._local_urls("scalar-api-reference", scalar_js_url="standalone.js")
        if local:
            local["scalar_parameters"] = _SCALAR_SELF_CONTAINED
        return docs.get_scalar_html(
            openapi_url=self._openapi_url(request), title=f"{self._app.title} - Scalar", **local
        )

    def _openapi_url(self, request: Request) -> str:
        return _root_path(request) + (self._app.openapi_url or "")

    def _local_urls(self, library: str, **files: str) -> dict[str, Any]:
        """The arguments that point a page at local assets; none when it is to use the CDN."""
        if self._app.docs_assets != "local":
            return {}
        assets = {argument: self._library.find(library, file) for argument, file in files.items()}
        urls = {argument: asset.url for argument, asset in assets.items() if asset is not None}
        if len(urls) < len(files):
            getLogger("fastapi").warning(
                "The documentation page loads %s from a public CDN, because it is not installed here. "
                "Run `python -m pronghorn._openapi.fetch_assets` to install it, or pass "
                'docs_assets="cdn" if the CDN is what you want.',
                library,
            )
            return {}
        return urls
