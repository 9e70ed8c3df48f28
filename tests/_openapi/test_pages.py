import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from pronghorn._base.declaration import DeclarationError
from pronghorn._openapi import docs
from pronghorn._openapi.offline import AssetLibrary
from pronghorn._openapi.pages import documentation_routes


class Documented:
    """An application as the pages see it."""

    title = "Books"
    openapi_url: str | None = "/openapi.json"
    docs_url: str | None = "/docs"
    redoc_url: str | None = "/redoc"
    scalar_url: str | None = "/scalar"
    docs_assets = "local"
    root_path_in_servers = True
    swagger_ui_oauth2_redirect_url: str | None = "/docs/oauth2-redirect"
    swagger_ui_init_oauth: dict[str, Any] | None = None
    swagger_ui_parameters: dict[str, Any] | None = None

    def __init__(self, **changes: Any) -> None:
        self.document: dict[str, Any] = {"openapi": "3.1.0"}
        vars(self).update(changes)

    def openapi(self) -> dict[str, Any]:
        return self.document


@pytest.fixture
def library(tmp_path: Path) -> AssetLibrary:
    for name in (
        "swagger-ui-dist@5.1/swagger-ui-bundle.js",
        "swagger-ui-dist@5.1/swagger-ui.css",
        "redoc@2.1/redoc.standalone.js",
        "scalar-api-reference@1.1/standalone.js",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    return AssetLibrary(tmp_path)


def client(app: Documented, library: AssetLibrary, root_path: str = "", **options: Any) -> TestClient:
    routes = [
        Route(path, endpoint) for path, endpoint in documentation_routes(app, library=library, **options)
    ]
    return TestClient(Starlette(routes=routes), root_path=root_path)


def names(app: Documented, library: AssetLibrary) -> dict[str, str]:
    routes = documentation_routes(app, library=library)
    return {path: getattr(endpoint, "__name__", "") for path, endpoint in routes}


def test_routes_are_named_after_what_they_show(library: AssetLibrary) -> None:
    assert names(Documented(), library) == {
        "/openapi.json": "openapi",
        "/docs": "swagger_ui_html",
        "/docs/oauth2-redirect": "swagger_ui_redirect",
        "/redoc": "redoc_html",
        "/scalar": "scalar_html",
    }


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"openapi_url": None}, []),
        ({"docs_url": None}, ["/openapi.json", "/redoc", "/scalar"]),
        ({"swagger_ui_oauth2_redirect_url": None}, ["/openapi.json", "/docs", "/redoc", "/scalar"]),
        ({"redoc_url": None, "scalar_url": None}, ["/openapi.json", "/docs", "/docs/oauth2-redirect"]),
    ],
)
def test_what_has_no_url_is_left_out(
    changes: dict[str, Any], paths: list[str], library: AssetLibrary
) -> None:
    assert list(names(Documented(**changes), library)) == paths


@pytest.mark.parametrize(
    ("path", "assets"),
    [
        ("/docs", ["swagger-ui-dist@5.1/swagger-ui-bundle.js", "swagger-ui-dist@5.1/swagger-ui.css"]),
        ("/redoc", ["redoc@2.1/redoc.standalone.js"]),
        ("/scalar", ["scalar-api-reference@1.1/standalone.js"]),
    ],
)
def test_a_page_is_served_with_all_that_it_loads(path: str, assets: list[str], library: AssetLibrary) -> None:
    browser = client(Documented(), library)
    page = browser.get(path).text

    assert "https://" not in page
    assert all(f'"?asset={name}"' in page for name in assets)
    assert [browser.get(f"{path}?asset={name}").text for name in assets] == assets


def test_assets_are_found_below_any_mount(library: AssetLibrary) -> None:
    routes = [Route(path, endpoint) for path, endpoint in documentation_routes(Documented(), library=library)]
    browser = TestClient(Starlette(routes=[Mount("/a", routes=[Mount("/b", routes=routes)])]))

    page = browser.get("/a/b/redoc")
    assert 'spec-url="/a/b/openapi.json"' in page.text
    asset = browser.get(str(page.url.join("?asset=redoc@2.1/redoc.standalone.js")))
    assert asset.text == "redoc@2.1/redoc.standalone.js"


@pytest.mark.parametrize(
    ("path", "cdn"), [("/docs", "swagger-ui-dist@5/"), ("/redoc", "redoc@2/"), ("/scalar", "api-reference@1")]
)
def test_the_cdn_is_used_where_asked_for(path: str, cdn: str, library: AssetLibrary) -> None:
    page = client(Documented(docs_assets="cdn"), library).get(path).text

    assert f"https://cdn.jsdelivr.net/npm/{'@scalar/' if path == '/scalar' else ''}{cdn}" in page
    assert "?asset" not in page


def test_an_unknown_place_of_assets_is_refused(library: AssetLibrary) -> None:
    with pytest.raises(DeclarationError, match="docs_assets has to be one of 'local', 'cdn', but is 'lokal'"):
        names(Documented(docs_assets="lokal"), library)


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/scalar"])
def test_without_installed_assets_the_cdn_is_used_and_it_is_said(
    path: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="fastapi"):
        page = client(Documented(), AssetLibrary(tmp_path)).get(path).text

    assert "https://cdn.jsdelivr.net/npm/" in page
    assert "loads" in caplog.text
    assert "python -m pronghorn._openapi.fetch_assets" in caplog.text


def test_the_swagger_ui_page_has_the_applications_settings(library: AssetLibrary) -> None:
    app = Documented(swagger_ui_init_oauth={"clientId": "c"}, swagger_ui_parameters={"deepLinking": False})
    page = client(app, library, root_path="/api/").get("/docs").text

    assert "<title>Books - Swagger UI</title>" in page
    assert "url: '/api/openapi.json'," in page
    assert "oauth2RedirectUrl: window.location.origin + '/api/docs/oauth2-redirect'," in page
    assert '"deepLinking": false,' in page
    assert 'ui.initOAuth({"clientId": "c"});' in page


def test_settings_are_read_when_a_page_is_asked_for(library: AssetLibrary) -> None:
    app = Documented()
    browser = client(app, library)
    app.title, app.swagger_ui_oauth2_redirect_url = "Films", None

    page = browser.get("/docs").text
    assert "<title>Films - Swagger UI</title>" in page
    assert "oauth2RedirectUrl" not in page


def test_the_redirect_page_is_served(library: AssetLibrary) -> None:
    assert "swaggerUIRedirectOauth2" in client(Documented(), library).get("/docs/oauth2-redirect").text


def replaced(make: Callable[..., Response]) -> Any:
    return SimpleNamespace(
        get_swagger_ui_html=make,
        get_redoc_html=make,
        get_swagger_ui_oauth2_redirect_html=docs.get_swagger_ui_oauth2_redirect_html,
    )


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_replaced_page_functions_are_called_with_addresses_of_their_own(
    path: str, library: AssetLibrary
) -> None:
    received: dict[str, Any] = {}

    def make(**arguments: Any) -> Response:
        received.update(arguments)
        return HTMLResponse("mine")

    page = client(Documented(), library, makers=replaced(make)).get(path)

    assert page.text == "mine"
    assert received["openapi_url"] == "/openapi.json"
    assert not any("js_url" in name for name in received)


def test_the_document_names_where_the_application_is_reached(library: AssetLibrary) -> None:
    app = Documented()
    app.document["servers"] = [{"url": "https://x.org"}]

    below = client(app, library, root_path="/api/").get("/openapi.json").json()
    here = client(app, library).get("/openapi.json").json()

    assert below["servers"] == [{"url": "/api"}, {"url": "https://x.org"}]
    assert here["servers"] == [{"url": "https://x.org"}]


@pytest.mark.parametrize(
    ("changes", "document"),
    [({"root_path_in_servers": False}, {"openapi": "3.1.0"}), ({}, {"servers": [{"url": "/api"}]})],
)
def test_the_document_stays_as_it_is_where_that_is_known_or_unwanted(
    changes: dict[str, Any], document: dict[str, Any], library: AssetLibrary
) -> None:
    app = Documented(document=document, **changes)

    assert client(app, library, root_path="/api").get("/openapi.json").json() == document
