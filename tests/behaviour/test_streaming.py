"""Bodies that are produced piece by piece: raw streams, JSON Lines, Server-Sent Events."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextvars import ContextVar
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel

from pronghorn import BackgroundTasks, Depends, FastAPI
from pronghorn._base import sse
from pronghorn.responses import PlainTextResponse, StreamingResponse
from pronghorn.sse import EventSourceResponse, ServerSentEvent
from tests.serving import Serve

pytestmark = pytest.mark.anyio


class Item(BaseModel):
    name: str
    price: float | None = None


app = FastAPI()


@app.get("/raw")
async def raw() -> Any:
    async def produce() -> AsyncIterator[bytes]:
        for number in range(3):
            yield b"%d;" % number

    return StreamingResponse(produce(), media_type="text/x-own")


@app.get("/raw/sync")
def raw_sync() -> Any:
    def produce() -> Iterator[str]:
        yield from ("a", "é")

    return StreamingResponse(produce(), media_type="text/plain")


@app.get("/raw/class", response_class=StreamingResponse)
async def raw_class() -> AsyncIterator[str]:
    yield "one,"
    yield "two"


@app.get("/lines")
async def lines(count: int = 2) -> AsyncIterable[Item]:
    for number in range(count):
        yield Item(name=f"n{number}")


@app.get("/lines/sync")
def lines_sync() -> Iterable[Item]:
    yield Item(name="é", price=1.5)


@app.get("/lines/untyped")
async def lines_untyped():  # type: ignore[no-untyped-def]
    yield {"a": 1}
    yield [None, float("nan")]


@app.get("/lines/filtered")
async def lines_filtered() -> AsyncIterable[Item]:
    yield {"name": "x", "secret": 1}  # type: ignore[misc]


@app.get("/events", response_class=EventSourceResponse)
async def events() -> AsyncIterable[Item]:
    yield Item(name="a")
    yield Item(name="b", price=2)


@app.get("/events/full", response_class=EventSourceResponse)
async def events_full() -> AsyncIterable[ServerSentEvent]:
    yield ServerSentEvent(data={"a": 1}, event="greeting", id="7", retry=1000, comment="hi")
    yield ServerSentEvent(raw_data="two\nlines")


@app.get("/events/sync", response_class=EventSourceResponse)
def events_sync() -> Iterable[str]:
    yield "é"


@pytest.mark.parametrize(
    ("url", "content", "content_type"),
    [
        ("/raw", b"0;1;2;", "text/x-own; charset=utf-8"),
        ("/raw/sync", "aé".encode(), "text/plain; charset=utf-8"),
        ("/raw/class", b"one,two", None),
        ("/lines", b'{"name":"n0","price":null}\n{"name":"n1","price":null}\n', "application/jsonl"),
        ("/lines?count=0", b"", "application/jsonl"),
        ("/lines/sync", '{"name":"é","price":1.5}\n'.encode(), "application/jsonl"),
        ("/lines/untyped", b'{"a": 1}\n[null, null]\n', "application/jsonl"),
        ("/lines/filtered", b'{"name":"x","price":null}\n', "application/jsonl"),
        (
            "/events",
            b'data: {"name":"a","price":null}\n\ndata: {"name":"b","price":2.0}\n\n',
            "text/event-stream; charset=utf-8",
        ),
        (
            "/events/full",
            b': hi\nevent: greeting\ndata: {"a": 1}\nid: 7\nretry: 1000\n\ndata: two\ndata: lines\n\n',
            "text/event-stream; charset=utf-8",
        ),
        ("/events/sync", 'data: "é"\n\n'.encode(), "text/event-stream; charset=utf-8"),
    ],
)
async def test_streams(serve: Serve, url: str, content: bytes, content_type: str | None) -> None:
    async with serve(app) as client:
        response = await client.get(url)
        assert (response.status_code, response.content) == (200, content)
        assert response.headers.get("content-type") == content_type
        # A server that knows at once that nothing follows may say so.
        assert response.headers.get("content-length", "0") == "0"
        # The connection is still in step.
        assert (await client.get("/raw")).content == b"0;1;2;"


async def test_events_are_not_to_be_cached_or_buffered(serve: Serve) -> None:
    async with serve(app) as client:
        headers = (await client.get("/events")).headers
    assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-cache", "no")


async def test_many_lines(serve: Serve) -> None:
    async with serve(app) as client:
        response = await client.get("/lines?count=5000")
    assert [json.loads(line)["name"] for line in response.text.splitlines()] == [f"n{n}" for n in range(5000)]


async def test_parameters_are_checked_before_a_stream_begins(serve: Serve) -> None:
    async with serve(app) as client:
        response = await client.get("/lines?count=x")
    assert (response.status_code, response.json()["detail"][0]["loc"]) == (422, ["query", "count"])


class Gate:
    """Lets a test decide when the application goes on, whichever thread that runs in."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event = asyncio.Event()
        self._opened = False

    async def wait(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        if self._opened:
            return
        await self._event.wait()

    def open(self) -> None:
        self._opened = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._event.set)


@pytest.mark.parametrize("kind", ["raw", "lines", "events"])
async def test_pieces_arrive_while_others_are_still_to_come(serve: Serve, kind: str) -> None:
    gate, open_ended = Gate(), FastAPI()

    @open_ended.get("/raw")
    async def raw() -> Any:
        async def produce() -> AsyncIterator[str]:
            yield "first\n"
            await gate.wait()
            yield "second\n"

        return StreamingResponse(produce())

    @open_ended.get("/lines")
    async def lines() -> AsyncIterable[str]:
        yield "first"
        await gate.wait()
        yield "second"

    @open_ended.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterable[str]:
        yield "first"
        await gate.wait()
        yield "second"

    async with asyncio.timeout(10):
        async with serve(open_ended) as client, client.stream("GET", f"/{kind}") as response:
            seen = ""
            async for text in response.aiter_text():
                seen += text
                if "first" in seen:
                    gate.open()
    assert "second" in seen


async def test_a_client_that_leaves_ends_the_stream(serve: Serve) -> None:
    ended, leaving = Gate(), FastAPI()

    def resource() -> Iterator[str]:
        try:
            yield "open"
        finally:
            ended.open()

    @leaving.get("/", dependencies=[Depends(resource)])
    async def endpoint() -> AsyncIterable[str]:
        while True:
            yield "x" * 10_000

    async with asyncio.timeout(10):
        async with serve(leaving) as client:
            async with client.stream("GET", "/") as response:
                assert response.status_code == 200
            await ended.wait()


# --- events, by every way and behind what wraps `send`


def behind(app: FastAPI, layer: str) -> FastAPI:
    """The application as it is, or behind a plain ASGI function that is around every message."""

    class Around:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async def passing(message: Any) -> None:
                await send(message)

            await self.app(scope, receive, passing)

    if layer == "around":
        app.add_middleware(Around)
    return app


layers = pytest.mark.parametrize("layer", ["none", "around"])


@layers
async def test_a_comment_is_sent_while_a_generator_waits(
    serve: Serve, layer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "PING_INTERVAL", 0.01)
    gate, quiet = Gate(), FastAPI()

    @quiet.get("/", response_class=EventSourceResponse)
    async def events() -> AsyncIterable[str]:
        yield "first"
        yield "second"
        await gate.wait()
        yield "third"

    seen = ""
    async with asyncio.timeout(10):
        async with serve(behind(quiet, layer)) as client, client.stream("GET", "/") as response:
            async for text in response.aiter_text():
                seen += text
                if seen.count(": ping") >= 3:
                    gate.open()
    assert seen.replace(": ping\n\n", "") == 'data: "first"\n\ndata: "second"\n\ndata: "third"\n\n'
    assert seen.startswith('data: "first"\n\ndata: "second"\n\n: ping\n\n: ping\n\n')


@layers
async def test_a_slow_client_holds_its_events_up_and_leaving_ends_them(serve: Serve, layer: str) -> None:
    made, log, ended = [0], [], Gate()
    slow = FastAPI()

    def resource() -> Iterator[None]:
        try:
            yield
        finally:
            log.append("resource")
            ended.open()

    @slow.get("/", response_class=EventSourceResponse, dependencies=[Depends(resource)])
    async def events() -> AsyncIterable[str]:
        try:
            for _ in range(1000):
                made[0] += 1
                yield "x" * 1_000_000
        finally:
            log.append("generator")

    async with asyncio.timeout(20):
        async with serve(behind(slow, layer)) as client:
            async with client.stream("GET", "/") as response:
                async for _ in response.aiter_raw():
                    break
            await ended.wait()
    assert log == ["generator", "resource"]
    assert 0 < made[0] < 500


@layers
async def test_an_error_cuts_a_stream_of_events_off(serve: Serve, layer: str) -> None:
    app = FastAPI()

    @app.get("/", response_class=EventSourceResponse)
    async def events() -> AsyncIterable[int]:
        for number in range(5):
            yield number
            await asyncio.sleep(0)
        raise ValueError("sold out")

    seen = b""
    with contextlib.suppress(httpx2.TransportError):
        async with serve(behind(app, layer)) as client, client.stream("GET", "/") as response:
            assert response.status_code == 200
            async for piece in response.aiter_raw():
                seen += piece
                if b"data: 4" in seen:  # Granian would not end it
                    break
    assert b"data: 0\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\n" in seen


@layers
async def test_what_a_generator_sets_does_not_reach_the_work_afterwards(serve: Serve, layer: str) -> None:
    who: ContextVar[str] = ContextVar("who", default="nobody")
    seen: list[str] = []
    app, done = FastAPI(), Gate()

    def note() -> None:
        seen.append(who.get())
        done.open()

    @app.get("/", response_class=EventSourceResponse)
    async def events(tasks: BackgroundTasks) -> AsyncIterable[str]:
        tasks.add_task(note)
        for _ in range(3):
            yield who.get()
            who.set("generator")
            await asyncio.sleep(0)

    async with asyncio.timeout(10):
        async with serve(behind(app, layer)) as client:
            text = (await client.get("/")).text
            await done.wait()
    assert text == 'data: "nobody"\n\ndata: "generator"\n\ndata: "generator"\n\n'
    assert seen == ["nobody"]


@layers
async def test_many_events_without_a_pause(serve: Serve, layer: str) -> None:
    app = FastAPI()

    @app.get("/", response_class=EventSourceResponse)
    async def events() -> AsyncIterable[str]:
        for number in range(300):
            yield f"{number}" * (10_000 if number % 100 == 50 else 1)

    async with serve(behind(app, layer)) as client:
        text = (await client.get("/")).text
    expected = [f"{n}" * (10_000 if n % 100 == 50 else 1) for n in range(300)]
    assert [json.loads(event[5:]) for event in text.split("\n\n")[:-1]] == expected


@pytest.mark.parametrize("debug", [False, True])
async def test_what_is_wrong_with_a_request_for_events_is_told(serve: Serve, debug: bool) -> None:
    """Streams have no plan, but the same handlers around them."""
    app = FastAPI(debug=debug)

    class Sold(Exception):
        pass

    @app.exception_handler(Sold)
    async def sold(request: Any, error: Sold) -> PlainTextResponse:
        return PlainTextResponse(f"{request.url.path} sold", status_code=410)

    def check(kind: str) -> None:
        if kind == "sold":
            raise Sold
        if kind == "broken":
            raise ValueError("broken")

    @app.get("/", response_class=EventSourceResponse, dependencies=[Depends(check)])
    async def events(count: int) -> AsyncIterable[int]:
        yield count

    async with serve(app) as client:
        wrong = await client.get("/?kind=well&count=x")
        answers = [await client.get(f"/?kind={kind}&count=1") for kind in ("well", "sold", "broken")]
    assert [answer.status_code for answer in answers] == [200, 410, 500]
    assert answers[1].text == "/ sold"
    assert ("Traceback" in answers[2].text) is debug
    assert wrong.json()["detail"][0]["loc"] == ["query", "count"]
