"""HEAD on GET operations: only where the application asks for it, and then by every way of serving."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn import APIRouter, Depends, FastAPI, Request, Response
from pronghorn.middleware.cors import CORSMiddleware
from pronghorn.responses import FileResponse, StreamingResponse
from tests.serving import Serve

pytestmark = pytest.mark.anyio


class Layer:
    """Middleware of the general kind."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


async def entered() -> AsyncIterator[str]:
    yield "entered"


async def chunks() -> AsyncIterator[bytes]:
    yield b"one"
    yield b"two"


def application(*middleware: Middleware, auto_head: bool = True) -> FastAPI:
    app = FastAPI(auto_head=auto_head, middleware=middleware)

    @app.post("/items/{number}")
    async def change(number: int) -> Any:
        return number

    @app.get("/items/{number}")
    async def read(number: int, request: Request, response: Response) -> Any:
        response.headers["x-method"] = request.method
        return {"number": number}

    @app.get("/own")
    def own_get() -> str:
        return "by GET"

    @app.head("/own")
    def own_head(response: Response) -> None:
        response.headers["x-own"] = "yes"

    @app.get("/stream")
    async def stream(state: str = Depends(entered)) -> StreamingResponse:
        return StreamingResponse(chunks(), headers={"x-state": state})

    @app.get("/file")
    def file() -> FileResponse:
        return FileResponse(Path(__file__), media_type="text/x-python")

    router = APIRouter(prefix="/in")

    @router.get("/text")
    def text() -> str:
        return "text"

    app.include_router(router, prefix="/router")
    return app


LAYERS = {
    "bare": application(),
    "known": application(Middleware(CORSMiddleware, allow_origins=["*"])),
    "general": application(Middleware(Layer)),
}
WITHOUT = application(auto_head=False)


@pytest.fixture(params=sorted(LAYERS))
def app(request: pytest.FixtureRequest) -> FastAPI:
    found: FastAPI = LAYERS[request.param]
    return found


@pytest.mark.parametrize("path", ["/items/7", "/items/x", "/router/in/text", "/file"])
async def test_head_is_answered_as_get_without_the_body(serve: Serve, app: FastAPI, path: str) -> None:
    async with serve(app) as client:
        by_get = await client.get(path)
        by_head = await client.head(path)

    ignored = {"date", "x-method"}
    assert by_head.status_code == by_get.status_code
    assert by_head.content == b""
    assert {name: value for name, value in by_head.headers.items() if name not in ignored} == {
        name: value for name, value in by_get.headers.items() if name not in ignored
    }
    assert int(by_head.headers["content-length"]) == len(by_get.content) > 0


async def test_the_operation_sees_the_method(serve: Serve, app: FastAPI) -> None:
    async with serve(app) as client:
        assert (await client.head("/items/7")).headers["x-method"] == "HEAD"


async def test_an_operation_for_head_wins_wherever_it_stands(serve: Serve, app: FastAPI) -> None:
    async with serve(app) as client:
        assert (await client.head("/own")).headers["x-own"] == "yes"


async def test_a_stream_gives_its_head(serve: Serve, app: FastAPI) -> None:
    async with serve(app) as client:
        reply = await client.head("/stream")
        after = await client.get("/stream")

    assert (reply.status_code, reply.content, reply.headers["x-state"]) == (200, b"", "entered")
    assert after.content == b"onetwo"


async def test_other_methods_are_told_of_it(serve: Serve, app: FastAPI) -> None:
    async with serve(app) as client:
        reply = await client.delete("/router/in/text")
        unknown = await client.head("/unknown")

    assert reply.status_code == 405
    assert reply.headers["allow"] == "GET, HEAD"
    assert unknown.status_code == 404


async def test_without_the_setting_head_is_not_allowed(serve: Serve) -> None:
    async with serve(WITHOUT) as client:
        reply = await client.head("/items/7")
        by_itself = await client.head("/own")

    assert (reply.status_code, by_itself.headers["x-own"]) == (405, "yes")
    assert reply.headers["allow"] == "POST"


def test_the_document_does_not_change() -> None:
    assert LAYERS["bare"].openapi() == WITHOUT.openapi()
