"""Exits of dependencies: where they run, what they wait for, and who waits for them."""

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import anyio
import pytest

from pronghorn import BackgroundTasks, Depends, FastAPI, HTTPException
from pronghorn.responses import StreamingResponse
from tests.serving import Serve

pytestmark = pytest.mark.anyio

seen = contextvars.ContextVar("seen", default="nothing")


class Diary:
    """Who did what, and whether on an event loop."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.done = threading.Event()

    def note(self, text: str) -> None:
        place = "loop" if asyncio._get_running_loop() is not None else "thread"
        self.lines.append(f"{text} ({place}, {seen.get()} seen)")

    def end(self) -> None:
        self.done.set()


def mixed(diary: Diary) -> FastAPI:
    """An application whose dependencies are of every kind, none of which waits."""
    app = FastAPI()

    def first() -> Iterator[None]:
        diary.note("enter first")
        seen.set("first")
        try:
            yield
        except BaseException as error:
            diary.note(f"first meets {type(error).__name__}")
            raise
        finally:
            diary.note("leave first")
            diary.end()

    async def second() -> AsyncIterator[None]:
        diary.note("enter second")
        seen.set("second")
        try:
            yield
        finally:
            diary.note("leave second")

    def third() -> None:
        diary.note("third")
        seen.set("third")

    def fourth() -> Iterator[None]:
        diary.note("enter fourth")
        yield
        diary.note("leave fourth")

    needs = [
        Depends(first),
        Depends(second),
        Depends(third),
        Depends(fourth, scope="function"),
    ]

    @app.get("/async", dependencies=needs)
    async def in_place(background: BackgroundTasks, fails: bool = False) -> None:
        diary.note("endpoint")
        background.add_task(diary.note, "background")
        if fails:
            raise HTTPException(409)

    @app.get("/def", dependencies=needs)
    def in_thread() -> None:
        diary.note("endpoint")
        seen.set("endpoint")

    return app


async def test_every_exit_runs_where_its_dependency_does(serve_once: Serve) -> None:
    diary = Diary()
    async with serve_once(mixed(diary)) as client:
        assert (await client.get("/async")).status_code == 200
        await asyncio.to_thread(diary.done.wait, 10)
    assert diary.lines == [
        "enter first (thread, nothing seen)",
        "enter second (loop, nothing seen)",
        "third (thread, second seen)",
        "enter fourth (thread, second seen)",
        "endpoint (loop, second seen)",
        "leave fourth (thread, second seen)",
        "background (thread, second seen)",
        "leave second (loop, second seen)",
        "leave first (thread, second seen)",
    ]


async def test_every_exit_meets_an_exception_where_its_dependency_runs(serve_once: Serve) -> None:
    diary = Diary()
    async with serve_once(mixed(diary)) as client:
        assert (await client.get("/async?fails=1")).status_code == 409
        await asyncio.to_thread(diary.done.wait, 10)
    assert diary.lines[4:] == [
        "endpoint (loop, second seen)",
        "leave second (loop, second seen)",
        "first meets HTTPException (thread, second seen)",
        "leave first (thread, second seen)",
    ]


async def test_what_a_synchronous_endpoint_sets_is_gone_when_exits_run(serve_once: Serve) -> None:
    diary = Diary()
    async with serve_once(mixed(diary)) as client:
        assert (await client.get("/def")).status_code == 200
        await asyncio.to_thread(diary.done.wait, 10)
    assert diary.lines[4:] == [
        "endpoint (thread, second seen)",
        "leave fourth (thread, second seen)",
        "leave second (loop, second seen)",
        "leave first (thread, second seen)",
    ]


@pytest.mark.parametrize("kind", ["thread", "in place"])
async def test_the_reply_does_not_wait_for_an_exit(kind: str, way: str, serve: Serve) -> None:
    if way == "inprocess":
        pytest.skip("The in-process client waits for what follows a reply, on purpose.")
    if (kind, way) == ("in place", "rsgi"):
        pytest.skip("Granian writes replies on threads of its own.")
    proceed, left = threading.Event(), threading.Event()
    app = FastAPI()

    def leave() -> None:
        proceed.wait(10)
        left.set()

    def synchronous() -> Iterator[None]:
        yield
        leave()

    async def asynchronous() -> AsyncIterator[None]:
        yield
        leave()

    @app.get("/", dependencies=[Depends(synchronous if kind == "thread" else asynchronous)])
    async def endpoint() -> str:
        return "replied"

    async with serve(app) as client:
        assert (await client.get("/")).json() == "replied"
        assert not left.is_set()
        proceed.set()
        assert await asyncio.to_thread(left.wait, 10)


async def test_exits_never_wait_for_a_thread_that_endpoints_hold(serve: Serve) -> None:
    only_one = threading.Lock()
    app = FastAPI()

    def resource() -> Iterator[None]:
        assert only_one.acquire(timeout=20)
        yield
        only_one.release()

    @app.get("/", dependencies=[Depends(resource)])
    def endpoint() -> str:
        return "had it"

    async with serve(app) as client:
        replies = await asyncio.gather(*(client.get("/") for _ in range(60)))
    assert [reply.json() for reply in replies] == ["had it"] * 60


async def test_a_cancel_scope_may_be_held_around_a_request(serve_once: Serve) -> None:
    left: list[str] = []
    app = FastAPI()

    async def timed() -> AsyncIterator[None]:
        with anyio.fail_after(30):
            yield
        left.append("left")

    async def pieces() -> AsyncIterator[bytes]:
        await asyncio.sleep(0)
        yield b"stream"

    @app.get("/whole")
    async def whole(timed: Annotated[None, Depends(timed)]) -> Any:
        return "whole"

    @app.get("/stream")
    async def stream(timed: Annotated[None, Depends(timed)]) -> Any:
        return StreamingResponse(pieces())

    @app.get("/failing")
    async def failing(timed: Annotated[None, Depends(timed)]) -> Any:
        raise HTTPException(418)

    async with serve_once(app) as client:
        assert (await client.get("/whole")).json() == "whole"
        assert (await client.get("/stream")).content == b"stream"
        assert (await client.get("/failing")).status_code == 418
    assert left == ["left"] * 2


@pytest.mark.parametrize("kind", ["def", "async def"])
async def test_a_dependency_yields_once(kind: str, serve: Serve) -> None:
    app = FastAPI()
    closed: list[str] = []

    def twice_def() -> Iterator[None]:
        try:
            yield
            yield
        finally:
            closed.append("closed")

    async def twice_async() -> AsyncIterator[None]:
        try:
            yield
            yield
        finally:
            closed.append("closed")

    def never_def() -> Iterator[None]:
        return
        yield

    async def never_async() -> AsyncIterator[None]:
        return
        yield

    twice, never = (twice_def, never_def) if kind == "def" else (twice_async, never_async)

    @app.get("/twice", dependencies=[Depends(twice, scope="function")])
    async def called() -> str:
        return "called"

    @app.get("/never", dependencies=[Depends(never)])
    async def not_called() -> str:
        raise AssertionError

    @app.exception_handler(RuntimeError)
    async def tell(_: Any, error: RuntimeError) -> Any:
        return StreamingResponse(iter([str(error)]), status_code=500)

    async with serve(app) as client:
        assert (await client.get("/twice")).text == "generator didn't stop"
        assert (await client.get("/never")).text == "generator didn't yield"
