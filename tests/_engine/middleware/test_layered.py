"""Layers that fail, and layers that need a thread: in place, in worker threads and in tasks."""

import asyncio
from base64 import b64encode
from typing import Any

import pytest
from itsdangerous import TimestampSigner
from starlette.middleware.sessions import SessionMiddleware

from pronghorn import FastAPI, Request
from pronghorn._engine.middleware.layered import LayeredDispatcher
from pronghorn.middleware.gzip import GZipMiddleware
from tests._engine.middleware.memory import Answer, Call, ask

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def build() -> FastAPI:
    app = FastAPI()
    app.add_middleware(SessionMiddleware, secret_key="secret")
    app.add_middleware(GZipMiddleware, minimum_size=100, thread_minimum_size=1000)

    @app.get("/in-place")
    async def in_place(request: Request, size: int = 10) -> str:
        return "x" * int(request.headers["x-size"])

    @app.get("/thread")
    def thread(request: Request) -> str:
        return "x" * int(request.headers["x-size"])

    @app.get("/task")
    async def task(request: Request) -> str:
        await asyncio.sleep(0)
        return "x" * int(request.headers["x-size"])

    @app.get("/unwritable-in-place")
    async def unwritable_in_place(request: Request) -> None:
        request.session["what"] = object()

    @app.get("/unwritable-task")
    async def unwritable_task(request: Request) -> None:
        await asyncio.sleep(0)
        request.session["what"] = object()

    @app.get("/unwritable-thread")
    def unwritable_thread(request: Request) -> None:
        request.session["what"] = object()

    @app.exception_handler(TypeError)
    async def too_late(request: Request, error: TypeError) -> Any:
        raise AssertionError("what fails outside of the handlers is not for them")

    return app


async def both(way: str, call: Call) -> tuple[Answer, Answer]:
    app = build()
    actual = await ask(app, way, call, [])
    assert type(app._fast._outer) is LayeredDispatcher
    return actual, await ask(build(), "general", call, [])


@pytest.mark.parametrize("way", ["exchange", "asgi"])
@pytest.mark.parametrize("path", ["/in-place", "/thread", "/task"])
@pytest.mark.parametrize("size", [b"10", b"500", b"5000"])
async def test_bodies_of_any_size_are_compressed(way: str, path: str, size: bytes) -> None:
    call = Call(path=path, headers=[(b"x-size", size), (b"accept-encoding", b"gzip")])
    actual, expected = await both(way, call)
    assert actual == expected
    assert (dict(actual.headers).get(b"content-encoding") == b"gzip") is (size != b"10")


@pytest.mark.parametrize("way", ["exchange", "asgi"])
@pytest.mark.parametrize("path", ["/unwritable-in-place", "/unwritable-thread", "/unwritable-task"])
async def test_a_session_that_cannot_be_written_is_a_server_error(way: str, path: str) -> None:
    actual, expected = await both(way, Call(path=path))
    assert actual == expected
    assert (actual.status, actual.body) == (500, b"Internal Server Error")
    assert "response already started" in actual.error


@pytest.mark.parametrize("way", ["exchange", "asgi"])
async def test_a_session_that_cannot_be_read_is_a_server_error(way: str) -> None:
    cookie = TimestampSigner("secret").sign(b64encode(b"no json"))
    actual, expected = await both(way, Call(path="/task", headers=[(b"cookie", b"session=" + cookie)]))
    assert actual == expected
    assert actual.status == 500
    assert "JSONDecodeError" in actual.error
