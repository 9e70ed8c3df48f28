"""Pieces of a body that reach the native server without an ASGI message for each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Coroutine
from typing import Any

import pytest

from pronghorn import FastAPI
from pronghorn._engine.exchange import exchange_of
from pronghorn.server import running
from pronghorn.server.flow import SLICE
from pronghorn.sse import EventSourceResponse
from tests.server.line import GET, Line, settle
from tests.server.peer import connected

pytestmark = pytest.mark.anyio

START = {"type": "http.response.start", "status": 200, "headers": []}
END = {"type": "http.response.body", "body": b""}


def line_of(answer: Callable[[Any], Coroutine[Any, Any, None]], **options: Any) -> Line:
    def handle(exchange: Any) -> None:
        exchange.spawn(answer(exchange))

    return Line(handle, **options)


async def send(exchange: Any, *pieces: bytes) -> list[bool]:
    """Send pieces; which of them had to be waited for."""
    waited = []
    for piece in pieces:
        sending = exchange.send_piece(piece)
        waited.append(sending is not None)
        if sending is not None:
            await sending
    return waited


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
async def test_pieces_are_framed_as_messages_are(method: bytes) -> None:
    pieces = (b"first", b"second", b"", b"x" * (SLICE + 1), b"last")

    async def by_pieces(exchange: Any) -> None:
        await exchange.send(START)
        await send(exchange, *pieces)
        await exchange.send(END)

    async def by_messages(exchange: Any) -> None:
        await exchange.send(START)
        for piece in pieces:
            await exchange.send({"type": "http.response.body", "body": piece, "more_body": True})
        await exchange.send(END)

    heard = []
    for answer in (by_pieces, by_messages):
        line = line_of(answer)
        line.say(GET.replace(b"GET", method))
        await settle()
        heard.append(line.heard)
    assert heard[0] == heard[1]
    assert heard[0].startswith(b"HTTP/1.1 200 OK")


async def test_who_sends_pieces_waits_for_a_peer_that_lags_behind() -> None:
    waited: list[bool] = []

    async def answer(exchange: Any) -> None:
        await exchange.send(START)
        waited.extend(await send(exchange, b"a", b"b", b"c" * 50_000, b"d"))
        await exchange.send(END)

    line = line_of(answer)
    line.transport.capacity = 10_000
    line.transport.high = 20_000
    line.say(GET)
    await settle()
    assert waited == []
    line.transport.capacity = 10**9
    line.transport.take(10**6)
    line.connection.resume_writing()
    await settle()
    assert waited == [True, False, True, False]
    assert line.heard.endswith(b"\r\n1\r\nd\r\n0\r\n\r\n")


async def test_pieces_for_nobody_are_dropped() -> None:
    left = asyncio.Event()
    done: list[bool] = []

    async def answer(exchange: Any) -> None:
        await exchange.send(START)
        await send(exchange, b"a")
        try:
            await left.wait()
        finally:
            await send(exchange, b"b")
            done.append(True)

    line = line_of(answer)
    line.say(GET)
    await settle()
    line.transport.abort()
    line.connection.connection_lost(None)
    left.set()
    await settle()
    assert done == [True]
    assert b"b\r\n" not in line.heard


async def test_nothing_follows_a_complete_response() -> None:
    errors: list[str] = []

    async def answer(exchange: Any) -> None:
        await exchange.send(START)
        await exchange.send(END)
        try:
            await send(exchange, b"a")
        except RuntimeError as error:
            errors.append(str(error))

    line = line_of(answer)
    line.say(GET)
    await settle()
    assert errors == ["Unexpected ASGI message 'http.response.body' sent, after response already completed."]


async def test_only_its_own_send_stands_for_an_exchange() -> None:
    found: list[Any] = []

    async def answer(exchange: Any) -> None:
        async def around(message: Any) -> None:
            await exchange.send(message)

        found.extend([exchange_of(exchange.send) is exchange, exchange_of(around), exchange_of([].append)])
        exchange.__dict__["send"] = around
        found.append(exchange_of(around))
        del exchange.__dict__["send"]
        await exchange.send(START)
        await exchange.send(END)

    line = line_of(answer)
    line.say(GET)
    await settle()
    assert found == [True, None, None, None]


def test_events_go_as_pieces_and_a_stream_that_failed_has_no_last_chunk() -> None:
    app = FastAPI()
    pieces: list[bytes] = []

    @app.get("/", response_class=EventSourceResponse)
    async def events(fail: bool) -> AsyncIterable[int]:
        for number in range(4):
            yield number
            await asyncio.sleep(0)
        if fail:
            raise ValueError("sold out")

    with running(app) as server:
        for fail in (False, True):
            with connected(server) as peer:
                peer.say(f"GET /?fail={fail} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
                peer.head()
                pieces.append(peer.stream.read())
    whole = b"".join(b"9\r\ndata: %d\n\n\r\n" % number for number in range(4))
    assert pieces == [whole + b"0\r\n\r\n", whole]
