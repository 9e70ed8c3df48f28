"""Frontends: files behind the routes, their fallbacks and guards, whatever serves them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import pytest

from pronghorn import APIRouter, Cookie, Depends, FastAPI, HTTPException, Response, WebSocket
from tests.serving import Client, Serve

pytestmark = pytest.mark.anyio

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def write(directory: Path, **files: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / name.replace("_", ".")).write_text(text)
    return directory


async def require_session(response: Response, session: Annotated[str | None, Cookie()] = None) -> None:
    if session is None:
        raise HTTPException(401)
    response.headers["x-session"] = session


def build(directory: Path) -> FastAPI:
    site = write(directory / "site", index_html="site", app_js="0123456789", api_txt="file", slash_txt="file")
    write(site / "about", index_html="about")
    write(site / "dir", index_html="directory")
    admin = write(directory / "admin", index_html="admin")
    docs = write(directory / "docs", index_html="docs", **{"404_html": "no such page"})

    app = FastAPI()
    guarded = APIRouter(prefix="/ui", dependencies=[Depends(require_session)])
    guarded.frontend("/", directory=admin)
    middle = APIRouter()
    middle.include_router(guarded, prefix="/admin")

    app.frontend("/", directory=site)
    app.frontend("/manual/", directory=docs)
    app.include_router(middle, prefix="/v1")

    @app.get("/api.txt")
    async def api() -> dict[str, str]:
        return {"from": "route"}

    @app.get("/dir/")
    async def slash() -> dict[str, str]:
        return {"from": "slash"}

    @app.websocket("/app.js")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("socket")
        await websocket.close()

    return app


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return build(tmp_path_factory.mktemp("frontends"))


@pytest.fixture
async def client(serve: Serve, app: FastAPI) -> AsyncIterator[Client]:
    async with serve(app) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "headers", "expected"),
    [
        ("GET", "/", {}, (200, "site")),
        ("GET", "/app.js", {}, (200, "0123456789")),
        ("HEAD", "/app.js", {}, (200, "")),
        ("GET", "/app.js", {"range": "bytes=2-4"}, (206, "234")),
        ("GET", "/about/", {}, (200, "about")),
        ("POST", "/app.js", {}, (405, '{"detail":"Method Not Allowed"}')),
        ("POST", "/missing.js", HTML, (404, '{"detail":"Not Found"}')),
        ("GET", "/missing.js", {"accept": "*/*"}, (404, '{"detail":"Not Found"}')),
        ("GET", "/dashboard/settings", HTML, (200, "site")),
        ("GET", "/manual/", {}, (200, "docs")),
        ("GET", "/manual/missing", {"accept": "*/*"}, (404, "no such page")),
        ("GET", "/manuals", HTML, (200, "site")),
        ("GET", "/%2e%2e/admin/index.html", {}, (404, '{"detail":"Not Found"}')),
    ],
)
async def test_a_frontend_answers_what_no_route_does(
    client: Client, method: str, path: str, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    response = await client.request(method, path, headers=headers)
    assert (response.status_code, response.text) == expected


async def test_a_directory_is_redirected_to_its_slash(client: Client) -> None:
    response = await client.get("/about", follow_redirects=False)
    assert response.status_code == 307
    assert response.headers["location"].endswith("/about/")
    assert response.headers["location"].startswith("http://")


async def test_a_file_that_the_client_has_is_not_sent_again(client: Client) -> None:
    etag = (await client.get("/app.js")).headers["etag"]
    response = await client.get("/app.js", headers={"if-none-match": etag})
    assert (response.status_code, response.content) == (304, b"")


async def test_routes_and_their_slash_redirects_come_first(client: Client) -> None:
    assert (await client.get("/api.txt")).json() == {"from": "route"}
    assert (await client.post("/api.txt")).status_code == 405
    assert (await client.get("/dir")).json() == {"from": "slash"}
    async with client.websocket_connect("/app.js") as websocket:
        assert await websocket.receive_text() == "socket"


async def test_the_dependencies_of_a_router_guard_its_frontend(client: Client) -> None:
    refused = await client.get("/v1/admin/ui/", headers=HTML)
    assert (refused.status_code, refused.json()) == (401, {"detail": "Unauthorized"})
    headers = {**HTML, "cookie": "session=me"}
    for path in ("/v1/admin/ui/", "/v1/admin/ui/settings"):
        response = await client.get(path, headers=headers)
        assert (response.status_code, response.text) == (200, "admin")
        assert response.headers["x-session"] == "me"


async def test_frontends_are_not_part_of_the_document(client: Client) -> None:
    document: Any = (await client.get("/openapi.json")).json()
    assert sorted(document["paths"]) == ["/api.txt", "/dir/"]


async def test_a_route_added_later_comes_before_the_frontend(serve: Serve, tmp_path: Path) -> None:
    app = FastAPI()
    router = APIRouter()
    router.frontend("/", directory=write(tmp_path / "site", index_html="site"))
    app.include_router(router, prefix="/app")
    async with serve(app) as client:
        assert (await client.get("/app/late", headers=HTML)).text == "site"
        router.add_api_route("/late", lambda: "route")
        assert (await client.get("/app/late", headers=HTML)).json() == "route"
