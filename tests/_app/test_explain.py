"""What is told of an application's routes, and of one path operation."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated

import anyio
import pytest

from pronghorn import APIRouter, Depends, FastAPI, Form, Request, Security, WebSocket
from pronghorn._app.explain import RouteDescription, describe_routes, explain
from pronghorn.responses import PlainTextResponse
from pronghorn.security import HTTPBearer

HERE = "tests/_app/test_explain.py"


def limit(top: int = 10) -> int:
    return top


async def session() -> AsyncIterator[str]:
    yield "session"


def file() -> Iterator[str]:
    yield "file"


bearer = HTTPBearer()


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    monkeypatch.chdir(Path(__file__).parents[2])
    app = FastAPI()

    @app.get("/in-place/{key}")
    async def in_place(key: str, flag: bool = False) -> dict[str, str]:
        return {}

    @app.get("/thread", response_class=PlainTextResponse, response_model=None)
    def thread(top: Annotated[int, Depends(limit)]) -> str:
        return ""

    @app.put("/task", status_code=202)
    async def task(body: list[int]) -> None:
        await anyio.sleep(0)

    @app.post("/form")
    async def form(name: Annotated[str, Form()]) -> str:
        return name

    @app.get("/exits")
    async def exits(
        one: Annotated[str, Depends(session)],
        two: Annotated[str, Depends(file, scope="function")],
        token: Annotated[object, Security(bearer)],
    ) -> None: ...

    @app.websocket("/feed")
    async def feed(websocket: WebSocket) -> None: ...

    router = APIRouter()

    @router.api_route("/deep", methods=["GET", "POST"], name="deep_one")
    async def deep() -> None: ...

    @router.websocket("/deep-feed")
    async def deep_feed(websocket: WebSocket) -> None: ...

    app.include_router(router, prefix="/api")
    app.mount("/static", PlainTextResponse("static"), name="static")
    app.host("api.example.org", PlainTextResponse("host"))
    return app


def described(app: FastAPI, path: str) -> RouteDescription:
    (found,) = [one for one in describe_routes(app) if one.path == path]
    return found


@pytest.mark.parametrize(
    ("path", "method", "endpoint", "dependencies", "way"),
    [
        ("/in-place/{key}", "GET", "in_place", (), "in place"),
        ("/thread", "GET", "thread", ("limit",), "thread"),
        ("/task", "PUT", "task", (), "task"),
        ("/form", "POST", "form", (), "general"),
        ("/exits", "GET", "exits", ("session", "file", "HTTPBearer"), "task"),
        ("/api/deep", "GET, POST", "deep", (), "in place"),
        ("/feed", "WEBSOCKET", "feed", (), "general"),
        ("/api/deep-feed", "WEBSOCKET", "deep_feed", (), "general"),
        ("/static", "*", "PlainTextResponse", (), "general"),
        ("api.example.org", "*", "PlainTextResponse", (), "general"),
    ],
)
def test_every_kind_of_route_is_described(
    app: FastAPI, path: str, method: str, endpoint: str, dependencies: tuple[str, ...], way: str
) -> None:
    found = described(app, path)
    assert (found.method, found.endpoint, found.dependencies, found.way) == (
        method,
        endpoint,
        dependencies,
        way,
    )


def test_a_route_is_placed_from_the_working_directory(app: FastAPI) -> None:
    assert described(app, "/thread").location.startswith(f"{HERE}:")
    assert described(app, "/api/deep").name == "deep_one"


def test_functions_of_ours_have_no_place(app: FastAPI) -> None:
    assert described(app, "/docs").location == ""
    assert described(app, "/docs").way == "general"


def test_routes_come_in_the_order_in_which_they_are_tried(app: FastAPI) -> None:
    paths = [one.path for one in describe_routes(app)]
    assert paths.index("/thread") < paths.index("/task") < paths.index("/api/deep")


def test_what_is_read_and_called_is_told_in_order(app: FastAPI) -> None:
    explained = explain(app, "GET", "/in-place/{key}")
    assert "runs      in place" in explained.text
    assert "reads     path    key: str\n          query   flag: bool = False" in explained.text
    assert "calls     1. in_place  async def that never awaits  (tests/_app" in explained.text
    assert "answers   200, JSONResponse of dict[str, str]" in explained.text
    assert "plan_in_place(x" in explained.source


def test_a_requested_path_finds_its_operation(app: FastAPI) -> None:
    assert explain(app, "GET", "/in-place/3") == explain(app, "GET", "/in-place/{key}")
    assert "deep_one" in explain(app, "POST", "/api/deep").text


def test_exits_are_placed(app: FastAPI) -> None:
    text = explain(app, "GET", "/exits").text
    assert "1. session  async generator that never awaits, its exit after the reply" in text
    assert "2. file  generator, its exit after the call" in text
    assert "3. HTTPBearer  async def that never awaits\n" in text


def test_an_operation_without_a_plan_says_that_it_takes_the_general_way(app: FastAPI) -> None:
    explained = explain(app, "POST", "/form")
    assert "runs      general: the reference way answers it" in explained.text
    assert explained.source == ""
    assert "body    name: str" in explained.text


def test_the_status_and_class_of_the_answer_are_told(app: FastAPI) -> None:
    assert "answers   202, JSONResponse" in explain(app, "PUT", "/task").text
    assert explain(app, "GET", "/thread").text.endswith("answers   200, PlainTextResponse")


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/thread"), ("GET", "/nowhere"), ("GET", "/docs")])
def test_what_no_operation_answers_is_a_lookup_error(app: FastAPI, method: str, path: str) -> None:
    with pytest.raises(LookupError, match=f"{method} {path}"):
        explain(app, method, path)


def test_an_instance_is_named_by_its_class() -> None:
    app = FastAPI()

    class Endpoint:
        async def __call__(self, request: Request) -> None: ...

    app.get("/instance", name="instance")(Endpoint())
    assert described(app, "/instance").endpoint == "Endpoint"
