"""Bodies that are produced piece by piece: raw streams, JSON Lines, Server-Sent Events."""

import asyncio
import json
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from pronghorn import Depends, FastAPI
from pronghorn.responses import StreamingResponse
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
