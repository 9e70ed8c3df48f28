"""The documentation pages in a real browser that reaches nothing but the application itself."""

import json
import shutil
import socket
from collections.abc import Iterator
from threading import Thread
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from pronghorn._openapi.fetch_assets import install
from pronghorn._openapi.pages import documentation_routes

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed"
)

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Books", "version": "1"},
    "paths": {
        "/books/{isbn}": {"get": {"tags": ["books"], "responses": {"200": {"description": "One book"}}}}
    },
}
# Shown beside "API docs by Redocly"; the page leaves it out when it cannot be had.
LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """An application's documentation, served below a mount."""
    assert install() == []
    app: Any = SimpleNamespace(
        title="Books",
        openapi_url="/openapi.json",
        docs_url="/docs",
        redoc_url="/redoc",
        scalar_url="/scalar",
        docs_assets="local",
        root_path_in_servers=True,
        swagger_ui_oauth2_redirect_url=None,
        swagger_ui_init_oauth=None,
        swagger_ui_parameters=None,
        openapi=lambda: DOCUMENT,
    )
    routes = [Route(path, endpoint) for path, endpoint in documentation_routes(app)]
    mounted = Starlette(routes=[Mount("/api", routes=routes)])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(mounted, log_level="error", lifespan="off"))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://localhost:{listener.getsockname()[1]}/api"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    """Chromium, for which no name but localhost exists."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


def requested_elsewhere(browser: Any, address: str) -> set[str]:
    """The addresses outside the application that the browser asked for."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = {one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"}
    network = {url for url in urls if urlsplit(url).scheme in ("http", "https", "ws", "wss")}
    return {url for url in network if not url.startswith(address)}


@pytest.mark.parametrize(("page", "elsewhere"), [("docs", set()), ("redoc", {LOGO}), ("scalar", set())])
def test_a_page_shows_the_document_without_internet(
    page: str, elsewhere: set[str], browser: webdriver.Chrome, address: str
) -> None:
    browser.get(f"{address}/{page}")

    WebDriverWait(browser, 30).until(
        lambda driver: "/books/" in driver.find_element("tag name", "body").text.replace("\u200b", "")
    )
    assert requested_elsewhere(browser, address) <= elsewhere
