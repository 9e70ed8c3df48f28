from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Match, Mount, Route
from starlette.types import Receive, Scope, Send

from pronghorn import APIRouter, FastAPI
from pronghorn._app.matching import first_match
from pronghorn.routing import APIRoute
from pronghorn.testclient import TestClient
from tests.engine.telemetry.recorded import Recorded


def scope_of(path: str, method: str = "GET") -> Any:
    return {
        "type": "http",
        "path": path,
        "method": method,
        "headers": [],
        "query_string": b"",
        "root_path": "",
    }


def client_of(router: APIRouter) -> TestClient:
    """A client of the router, as any ASGI application may hold one."""
    return TestClient(Starlette(routes=[Mount("/", app=router)]), follow_redirects=False)


def answer(name: str) -> Any:
    async def endpoint(request: Any) -> PlainTextResponse:
        return PlainTextResponse(name)

    return endpoint


def test_the_first_route_that_matches_in_full_wins() -> None:
    partly = APIRoute("/{name}", answer("partly"), methods=["POST"])
    first = APIRoute("/{name}", answer("first"))
    second = APIRoute("/a", answer("second"))

    _, route, child_scope = first_match([partly, first, second], scope_of("/a"))

    assert route is first
    assert child_scope["path_params"] == {"name": "a"}


def test_else_the_first_that_matches_in_part() -> None:
    first = APIRoute("/a", answer("first"), methods=["POST"])
    second = APIRoute("/a", answer("second"), methods=["PUT"])

    assert first_match([first, second], scope_of("/a"))[1] is first


def test_else_none() -> None:
    assert first_match([APIRoute("/b", answer("b"))], scope_of("/a")) == (Match.NONE, None, {})


def plain_router(**options: Any) -> APIRouter:
    router = APIRouter(**options)
    router.add_route("/items", answer("items"))
    router.add_route("/shelves/", answer("shelves"))
    return router


@pytest.mark.parametrize(
    ("path", "status", "target"),
    [
        ("/items/", 307, "http://testserver/items"),
        ("/shelves", 307, "http://testserver/shelves/"),
        ("/shelves?q=1", 307, "http://testserver/shelves/?q=1"),
        ("/other/", 404, None),
        ("/", 404, None),
    ],
)
@pytest.mark.parametrize("included", [False, True])
def test_a_path_with_the_other_slash_is_redirected(
    included: bool, path: str, status: int, target: str | None
) -> None:
    router = plain_router()
    if included:
        outer = APIRouter()
        outer.include_router(router)
        router = outer

    reply = client_of(router).get(path)

    assert (reply.status_code, reply.headers.get("location")) == (status, target)


def test_redirects_may_be_switched_off() -> None:
    assert client_of(plain_router(redirect_slashes=False)).get("/items/").status_code == 404


def test_what_nothing_matches_is_for_the_default() -> None:
    async def default(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("default", 410)(scope, receive, send)

    reply = client_of(plain_router(default=default)).get("/other")

    assert (reply.status_code, reply.text) == (410, "default")


# --- frontends


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("index")
    (tmp_path / "a.txt").write_text("file")
    return tmp_path


@pytest.mark.parametrize("included", [0, 1, 2])
def test_a_frontend_comes_after_routes_and_redirects(site: Path, included: int) -> None:
    router = plain_router()
    router.frontend("/", directory=site)
    for _ in range(included):
        outer = APIRouter()
        outer.include_router(router)
        router = outer
    app = FastAPI()
    app.include_router(router)
    client = TestClient(app, follow_redirects=False)

    assert [client.get(path).text for path in ("/items", "/a.txt", "/")] == ["items", "file", "index"]
    assert client.get("/items/").status_code == 307
    assert [client.get("/b.txt").status_code, client.post("/a.txt").status_code] == [404, 405]


def test_an_application_may_serve_a_frontend(site: Path) -> None:
    app = FastAPI()
    app.frontend("/site", directory=site, fallback=None)
    client = TestClient(app)

    assert [client.get("/site/a.txt").text, client.get("/site/b").status_code] == ["file", 404]


# --- what observers see


def number(item_id: int) -> int:
    return item_id


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


@pytest.mark.parametrize("included", [0, 1, 2])
def test_a_redirect_is_known_by_the_route_that_it_leads_to(recorded: Recorded, included: int) -> None:
    router = APIRouter()
    router.get("/items/{item_id}")(number)
    for _ in range(included):
        outer = APIRouter()
        outer.include_router(router)
        router = outer
    app = FastAPI(telemetry=recorded.config)
    app.include_router(router, prefix="/v1")

    client = TestClient(app, follow_redirects=False)
    assert [client.get(path).status_code for path in ("/v1/items/3/", "/v1/items/3", "/v1/x")] == [
        307,
        200,
        404,
    ]

    assert [span.name for span in recorded.spans() if span.parent is None] == [
        "GET /v1/items/{item_id}",
        "GET /v1/items/{item_id}",
        "GET",
    ]


def test_a_method_that_no_route_takes_is_refused_by_the_first() -> None:
    router = APIRouter()
    router.routes.extend(
        [Route("/a", answer("a"), methods=["PUT"]), Route("/a", answer("a"), methods=["POST"])]
    )

    reply = client_of(router).get("/a")

    assert (reply.status_code, reply.headers["allow"]) == (405, "PUT")


def test_later_routes_of_the_same_path_may_take_the_method() -> None:
    router, inner = APIRouter(), APIRouter()
    inner.add_route("/a", answer("inner"), methods=["PUT"])
    router.include_router(inner)
    router.add_route("/a", answer("outer"))
    client = client_of(router)

    assert (client.put("/a").text, client.get("/a").text, client.post("/a").status_code) == (
        "inner",
        "outer",
        405,
    )
