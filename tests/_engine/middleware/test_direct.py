"""Functions that wait for nothing but `call_next` are run in place, and answer as they do in general."""

import asyncio
import contextvars
import functools
import gc
import weakref
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import nullcontext
from typing import Any

import pytest
from starlette.background import BackgroundTask
from starlette.middleware.base import BaseHTTPMiddleware

from pronghorn import BackgroundTasks, Body, FastAPI, HTTPException, Request, Response
from pronghorn._compile.callables import awaits_only_its_second
from pronghorn._engine.reply import Reply
from pronghorn.middleware.cors import CORSMiddleware
from pronghorn.responses import PlainTextResponse, StreamingResponse
from tests._engine.middleware.memory import Answer, Call, MemoryExchange, ask

pytestmark = pytest.mark.anyio

Next = Callable[[Request], Awaitable[Response]]
seen: contextvars.ContextVar[str] = contextvars.ContextVar("seen", default="nothing")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def passing(request: Request, call_next: Next) -> Response:
    response = await call_next(request)
    response.headers["x-passed"] = "1"
    return response


async def choosing(request: Request, call_next: Next) -> Response:
    if request.method == "OPTIONS":
        return PlainTextResponse("none")
    try:
        return await call_next(request)
    except ValueError:
        again = request
        return await call_next(again)


class Method(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: Next) -> Response:
        return await call_next(request)


async def reading(request: Request, call_next: Next) -> Response:
    await request.body()
    return await call_next(request)


async def holding(request: Request, call_next: Next) -> Response:
    with nullcontext():
        return await call_next(request)


async def holding_async(request: Request, call_next: Next) -> Response:
    async with nullcontext():
        return await call_next(request)


async def replacing(request: Request, call_next: Any) -> Any:
    call_next = functools.partial(call_next, request)
    return await call_next(request)


async def awaiting_later(request: Request, call_next: Any) -> Any:
    response = call_next(request)
    return await response


async def making(request: Request, call_next: Any) -> Any:
    return await call_next(Request(request.scope))


async def enclosing(request: Request, call_next: Any) -> Any:
    async def inner() -> Any:
        return await call_next(request)

    return await inner()


async def extra(request: Request, call_next: Next, more: int = 0) -> Response:
    return await call_next(request)


def returning(request: Request, call_next: Next) -> Awaitable[Response]:
    return call_next(request)


@pytest.mark.parametrize("function", [passing, choosing, Method(FastAPI()).dispatch])
def test_functions_that_wait_for_nothing_else_are_known(function: Any) -> None:
    assert awaits_only_its_second(function)


@pytest.mark.parametrize(
    "function",
    [
        *(reading, holding, holding_async, replacing, awaiting_later, making, enclosing, extra, returning),
        functools.partial(passing),
    ],
)
def test_others_are_not(function: Any) -> None:
    assert not awaits_only_its_second(function)


async def upper(pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        yield piece.upper()


def made(log: list[str]) -> FastAPI:
    """An application behind three functions that are run in place, and CORS."""
    app = FastAPI()

    @app.middleware("http")
    async def inner(request: Request, call_next: Next) -> Response:
        log.append(f"inner: {seen.get()}, {request.state.by}")
        seen.set("inner")
        response = await call_next(request)
        log.append(f"inner again: {seen.get()}")
        if request.url.path == "/replaced":
            response = PlainTextResponse("replaced")
        if request.url.path == "/background/own":
            response.background = BackgroundTask(log.append, "own background")
        if request.url.path == "/streamed":
            stream: Any = response
            stream.body_iterator = upper(stream.body_iterator)
        if request.url.path == "/typed":
            response.headers["content-type"] = "text/plain"
            response.status_code = 203
        return response

    @app.middleware("http")
    async def middle(request: Request, call_next: Next) -> Response:
        if request.url.path == "/moved":
            request.scope["path"] = "/whole"
        if request.url.path == "/posted":
            request.scope["method"] = "POST"
        if request.url.path == "/rooted":
            request.scope["root_path"] = "/rooted"
            request.scope["path"] = "/rooted/whole"
        try:
            response = await call_next(request)
        except KeyError:
            return PlainTextResponse("caught", 503)
        if request.url.path == "/late":
            raise LookupError("late")
        response.headers["x-middle"] = str(response.status_code)
        return response

    @app.middleware("http")
    async def outer(request: Request, call_next: Next) -> Response:
        request.state.by = "outer"
        seen.set("outer")
        if request.url.path == "/never":
            return PlainTextResponse("never called", 403)
        response = await call_next(request)
        response.headers.append("x-outer", seen.get())
        del response.headers["content-type"]
        return response

    app.add_middleware(CORSMiddleware, allow_origins=["*"])
    add_routes(app, log)
    return app


def add_routes(app: FastAPI, log: list[str]) -> None:
    @app.get("/whole")
    @app.get("/never")
    @app.get("/late")
    @app.get("/replaced")
    @app.get("/posted")
    @app.get("/streamed")
    @app.get("/typed")
    @app.get("/background/own")
    async def whole() -> str:
        log.append(f"endpoint: {seen.get()}")
        seen.set("endpoint")
        return "whole"

    @app.post("/posted")
    async def posted() -> str:
        return "posted"

    @app.get("/background")
    async def background(tasks: BackgroundTasks) -> None:
        tasks.add_task(lambda: log.append("background"))

    @app.get("/background/fails")
    async def failing_background(tasks: BackgroundTasks) -> None:
        missing: dict[str, str] = {}
        tasks.add_task(missing.pop, "missing")

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            for number in range(3):
                log.append(f"piece {number}")
                yield str(number)

        return StreamingResponse(pieces())

    @app.get("/http-error")
    async def http_error() -> None:
        raise HTTPException(418)

    @app.get("/key-error")
    async def key_error() -> None:
        raise KeyError

    @app.get("/fails")
    async def fails() -> None:
        raise ValueError

    @app.get("/empty", status_code=204)
    async def empty() -> None: ...

    @app.post("/body")
    async def body(text: str = Body()) -> str:
        return text


JSON = [(b"content-type", b"application/json")]
PATHS = [
    "/whole",
    "/late",
    "/replaced",
    "/moved",
    "/posted",
    "/rooted",
    "/streamed",
    "/typed",
    "/background/own",
    "/never",
    "/background",
    "/background/fails",
    "/stream",
    "/http-error",
]
CALLS = [
    *(Call(path=path) for path in [*PATHS, "/key-error", "/fails", "/empty", "/nowhere"]),
    Call(path="/whole", method="OPTIONS"),
    Call(path="/body", method="POST", body=b'"text"', headers=JSON),
    Call(path="/body", method="POST", body=b"no text", headers=JSON),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.path} {len(call.body)}")
@pytest.mark.parametrize("way", ["asgi", "exchange"])
async def test_functions_run_in_place_answer_as_in_general(way: str, call: Call) -> None:
    expected_log: list[str] = []
    log: list[str] = []
    expected = await ask(made(expected_log), "general", call, expected_log)

    assert await ask(made(log), way, call, log) == expected


@pytest.mark.parametrize("path", ["/whole", "/http-error", "/background", "/never"])
async def test_they_need_no_task(path: str) -> None:
    x = MemoryExchange(Call(path=path), Answer())

    assert isinstance(made([]).handle_exchange(x), Reply)
    assert x.tasks == []


@pytest.mark.parametrize("path", ["/whole", "/replaced", "/never", "/background", "/streamed", "/stream"])
async def test_nothing_of_a_request_is_left_for_the_collector(path: str) -> None:
    app = made([])
    gc.disable()
    try:
        x = MemoryExchange(Call(path=path), Answer())
        held = weakref.ref(x)
        reply = app.handle_exchange(x)
        if reply is not None:
            x.respond(reply)
        while x.tasks:
            await x.tasks.pop(0)
        del x, reply
        await asyncio.sleep(0)
        assert held() is None
    finally:
        gc.enable()
