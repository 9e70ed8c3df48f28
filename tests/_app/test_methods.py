from typing import Any

from pronghorn import APIRouter, FastAPI
from pronghorn._app.methods import with_heads
from pronghorn._routing.table import Entry, RouteTable
from pronghorn.routing import APIRoute
from pronghorn.testclient import TestClient


def test_what_is_registered_for_head_wins_over_what_is_for_get() -> None:
    entries = [
        Entry("/{name}", frozenset({"GET"}), "get"),
        Entry("/a", frozenset({"HEAD"}), "head"),
        Entry("/b", None, "any"),
        Entry("/c", frozenset({"POST"}), "post"),
    ]
    table = RouteTable(with_heads(entries))

    assert table.match("/a", "HEAD") == ("head", {})
    assert table.match("/b", "HEAD") == ("any", {})
    assert table.match("/c", "HEAD") == ("get", {"name": "c"})
    assert table.match("/a", "GET") == ("get", {"name": "a"})
    assert table.match("/c", "PUT") is None


class Wrapped(APIRoute):
    """A route that takes the general way."""

    def get_route_handler(self) -> Any:
        handler = super().get_route_handler()

        async def handle(request: Any) -> Any:
            response = await handler(request)
            response.headers["x-wrapped"] = request.method
            return response

        return handle


def test_routes_of_the_general_way_answer_too() -> None:
    app = FastAPI(auto_head=True)
    direct, included = APIRouter(route_class=Wrapped), APIRouter(route_class=Wrapped)
    app.router.route_class = Wrapped

    @app.get("/direct")
    @included.get("/included")
    async def read() -> str:
        return "read"

    app.include_router(direct)
    app.include_router(included)
    client = TestClient(app)

    for path in ("/direct", "/included"):
        reply = client.head(path)
        assert (reply.status_code, reply.content, reply.headers["x-wrapped"]) == (200, b"", "HEAD")
        assert client.put(path).headers["allow"] == "GET, HEAD"


def test_a_mounted_application_decides_for_itself() -> None:
    def application(auto_head: bool) -> FastAPI:
        app = FastAPI(auto_head=auto_head)

        @app.get("/read")
        async def read() -> str:
            return "read"

        return app

    outer = application(True)
    outer.mount("/without", application(False))
    outer.mount("/with", application(True))
    client = TestClient(outer)

    assert client.head("/read").status_code == 200
    assert client.head("/without/read").status_code == 405
    assert client.head("/with/read").status_code == 200


def test_without_the_setting_nothing_else_is_allowed() -> None:
    app = FastAPI()

    @app.get("/read")
    async def read() -> str:
        return "read"

    reply = TestClient(app).head("/read")
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET")
