"""Functions around requests that do not wait for the inner part, or that are not let finish."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from pronghorn import BackgroundTasks, FastAPI, HTTPException, Request
from pronghorn.responses import PlainTextResponse, StreamingResponse
from tests._engine.middleware.memory import Answer, Call, MemoryExchange, ask, by_asgi

pytestmark = pytest.mark.anyio

Next = Callable[[Request], Awaitable[Any]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def impatient(log: list[str]) -> tuple[FastAPI, asyncio.Event]:
    """An application whose function answers after the inner part was begun and before it has ended."""
    app = FastAPI()
    begun, released = asyncio.Event(), asyncio.Event()

    @app.middleware("http")
    async def give_up(request: Request, call_next: Next) -> Any:
        asking = asyncio.ensure_future(call_next(request))
        await begun.wait()
        begun.clear()
        asking.cancel()
        asyncio.get_running_loop().call_later(0, released.set)
        return PlainTextResponse("gave up", 504)

    @app.get("/work")
    async def work(background: BackgroundTasks) -> str:
        begun.set()
        await released.wait()
        background.add_task(log.append, "work")
        return "late"

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        begun.set()
        await released.wait()

        async def pieces() -> AsyncIterator[str]:
            log.append("streaming")
            yield ""

        return StreamingResponse(pieces())

    @app.get("/fails")
    async def fails() -> None:
        begun.set()
        await released.wait()
        raise ValueError("late")

    @app.get("/plain")
    async def plain() -> None:
        begun.set()
        await released.wait()

    return app, released


@pytest.mark.parametrize("path", ["/work", "/fails", "/plain"])
@pytest.mark.parametrize("way", ["asgi", "exchange"])
async def test_what_nobody_waits_for_is_finished(way: str, path: str) -> None:
    log: list[str] = []
    app, released = impatient(log)
    other, _ = impatient(log)
    expected = await ask(other, "general", Call(path=path), log)
    assert expected.status == 504
    released.clear()
    assert await ask(app, way, Call(path=path), log) == expected


async def test_a_stream_that_nobody_waits_for_comes_to_its_end() -> None:
    log: list[str] = []
    app, _ = impatient(log)
    answer = await ask(app, "exchange", Call(path="/stream"), log)
    assert (answer.status, answer.error) == (504, "")


async def test_a_function_that_raises_cancels_the_inner_part() -> None:
    app = FastAPI()
    begun = asyncio.Event()
    log: list[str] = []

    @app.middleware("http")
    async def raising(request: Request, call_next: Next) -> Any:
        asyncio.ensure_future(call_next(request)).add_done_callback(lambda asking: asking.cancelled())
        await begun.wait()
        raise ValueError("from the function")

    @app.get("/")
    async def endless() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    answer = await ask(app, "exchange", Call(), log)
    assert (answer.status, answer.error) == (500, "ValueError('from the function')")
    assert "cancelled" in answer.log


async def test_a_request_that_is_cancelled_cancels_the_inner_part() -> None:
    app = FastAPI()
    sent = asyncio.Event()
    log: list[str] = []

    @app.middleware("http")
    async def passing(request: Request, call_next: Next) -> Any:
        response = await call_next(request)
        response.background = BackgroundTasks()
        response.background.add_task(wait)
        return response

    async def wait() -> None:
        sent.set()
        await asyncio.Event().wait()

    @app.get("/")
    async def root(background: BackgroundTasks) -> None:
        background.add_task(log.append, "never")

    serving = asyncio.create_task(by_asgi(app, Call(), Answer()))
    await sent.wait()
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert log == []


async def test_the_inner_part_is_told_that_the_response_was_sent() -> None:
    app = FastAPI()
    messages: list[Any] = []

    @app.middleware("http")
    async def passing(request: Request, call_next: Next) -> Any:
        return await call_next(request)

    @app.get("/")
    async def root(request: Request, background: BackgroundTasks) -> None:
        async def look() -> None:
            messages.append(await request.receive())

        background.add_task(look)

    assert (await ask(app, "exchange", Call(), [])).status == 200
    assert messages == [{"type": "http.disconnect"}]


async def test_a_peer_that_leaves_while_the_body_is_read() -> None:
    app = FastAPI()

    @app.middleware("http")
    async def passing(request: Request, call_next: Next) -> Any:
        return await call_next(request)

    @app.post("/")
    async def root(number: dict[str, int]) -> None:
        """Never called."""

    class Leaving(MemoryExchange):
        async def receive(self) -> Any:
            return {"type": "http.disconnect"}

    answer = Answer()
    x = Leaving(Call("POST", headers=[(b"content-type", b"application/json")], body=b"{"), answer)
    assert app.handle_exchange(x) is None
    await x.tasks[0]
    assert (answer.status, answer.body) == (400, b'{"detail":"There was an error parsing the body"}')


async def test_a_handler_must_answer() -> None:
    app = FastAPI()

    @app.middleware("http")
    async def passing(request: Request, call_next: Next) -> Any:
        return await call_next(request)

    @app.exception_handler(KeyError)
    async def silent(request: Request, error: KeyError) -> None:
        """Answers nothing."""

    @app.get("/")
    async def root() -> None:
        raise KeyError

    @app.get("/refused")
    async def refused() -> None:
        raise HTTPException(418)

    assert (await ask(app, "exchange", Call(), [])).error == "RuntimeError('No response returned.')"
    assert (await ask(app, "exchange", Call(path="/refused"), [])).status == 418
