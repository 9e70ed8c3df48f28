"""Rows 5, 6 and 7: more of something than a server should ever hold."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from reliability.check import Figure, at_least, at_most, exactly
from reliability.peer import Gone, Peer, Response, chunked, connected, get
from reliability.polite import polite_client
from reliability.serving import Served, serving, untroubled

MIB = 2**20
_FLOOD = 100_000_000
_PIECE = 16 * 1024
_BYTES = 2_000_000

FLOODS = {
    "header value": (b"GET / HTTP/1.1\r\nHost: a\r\nX-A: ", b"a" * _PIECE),
    "header fields": (b"GET / HTTP/1.1\r\nHost: a\r\n", (b"X-A: " + b"a" * 93 + b"\r\n") * (_PIECE // 100)),
    "request target": (b"GET /", b"a" * _PIECE),
    "method": (b"", b"G" * _PIECE),
    "trailers": (chunked("/", b"0\r\n"), (b"X-A: " + b"a" * 93 + b"\r\n") * (_PIECE // 100)),
    "chunk extension": (chunked("/", b"5;a="), b"a" * _PIECE),
    "empty lines": (b"", b"\r\n" * (_PIECE // 2)),
}
"""What is sent 100 MB of, by name: how it begins, and the piece that is repeated."""


@dataclass
class Poured:
    """How a flood went."""

    sent: int = 0
    answer: Response | None = None


async def pour(port: int, start: bytes, piece: bytes, most: int = _FLOOD) -> Poured:
    """Send `start`, then `piece` again and again, until the server answers, closes, or `most` are sent."""
    poured = Poured()
    async with connected(port) as peer:
        answer = asyncio.create_task(peer.response(timeout=60))
        with contextlib.suppress(*Gone):
            await peer.say(start)
            while poured.sent < most and not answer.done():
                await peer.say(piece)
                poured.sent += len(piece)
                await asyncio.sleep(0)
        with contextlib.suppress(*Gone, TimeoutError):
            poured.answer = await answer
    return poured


async def floods() -> AsyncIterator[Figure]:
    """Each flood is answered with a 4xx before a megabyte of it is held, and others hardly notice."""
    with serving() as server:
        await pour(server.port, b"GET / HTTP/1.1\r\nHost: a\r\nX-A: ", b"a" * _PIECE)  # first of all, warm up
        before = server.memory()
        async with polite_client(server.port, 6.0) as latencies:
            await asyncio.sleep(0.5)
            for name, (start, piece) in FLOODS.items():
                held, read = server.restart_peak(), server.bytes_read()
                poured = await pour(server.port, start, piece)
                status = poured.answer.status if poured.answer else 0
                yield exactly(f"{name}: answered with a 4xx", 400 <= status < 500, True)
                # What was sent lies in the kernel for the most part, which takes some megabytes from a peer; of
                # what is read, a megabyte at most is thrown away while the peer has time for the answer.
                passed = (
                    f"{poured.sent / MIB:.1f} MiB sent, {(server.bytes_read() - read) / MIB:.1f} MiB read"
                )
                yield at_most(
                    f"{name}: memory at its height ({passed})", (server.peak() - held) / 1e6, 1, "MB more"
                )
        yield at_most("memory after all of them", (server.memory() - before) / MIB, 2, "MiB more")
        yield at_most("a polite client's 99th percentile meanwhile", latencies.percentile(0.99), 50, "ms")
        yield exactly("its failures", latencies.failed, 0)
        yield untroubled(server)


async def tiny_chunks() -> AsyncIterator[Figure]:
    """2 MB of body in chunks of one byte."""
    body = b"x" * _BYTES
    expected = hashlib.sha256(body).hexdigest()
    with serving(max_body_size=None) as server:
        before = server.memory()
        async with connected(server.port) as peer:
            begun = server.cpu_seconds()
            answer = await peer.ask(chunked("/count", b"1\r\nx\r\n" * _BYTES + b"0\r\n\r\n"))
            seconds = server.cpu_seconds() - begun
        yield exactly("the body arrived whole", expected in answer.body.decode(), True)
        yield at_most("the server's processor time for 2,000,000 chunks", seconds, 1.5, "s")
        yield at_most("memory", (server.memory() - before) / MIB, 8, "MiB more")


async def _pipeline(peer: Peer, seconds: float) -> int:
    requests = get("/") * 400
    sent = 0
    with contextlib.suppress(TimeoutError, *Gone):
        async with asyncio.timeout(seconds):
            while True:
                await peer.say(requests)
                sent += len(requests)
    return sent


async def pipeline() -> AsyncIterator[Figure]:
    """Requests without end, none of whose responses is read."""
    with serving() as server:
        async with connected(server.port) as peer:
            for _ in range(200):
                await peer.get()
        before = server.memory()
        async with connected(server.port, receive_buffer=4096) as peer:
            peer.reader._limit = 2**10  # type: ignore[attr-defined]  # read nothing, hold nothing
            sent = await _pipeline(peer, 8)
            grown = server.memory() - before
            yield at_most("memory after 8 s", grown / MIB, 5, "MiB more")
            yield at_most("what the server took in", sent / MIB, 12, "MiB")
            async with connected(server.port) as other:
                yield exactly("others are served", (await other.get()).status, 200)
        yield await _lets_go(server)


async def _lets_go(server: Served) -> Figure:
    async with connected(server.port) as peer:
        answers = [await peer.get() for _ in range(100)]
    return at_least("answers afterwards", sum(answer.status == 200 for answer in answers), 100)
