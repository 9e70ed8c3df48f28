"""Rows 3 and 4: clients that take their time, and so many of them that there is no descriptor left."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from reliability.check import Figure, at_least, at_most, exactly, none_of
from reliability.peer import Gone, Peer, connect, connected, get
from reliability.serving import serving, untroubled

_BAR = 30.0
_GIVE_UP = 45.0

Says = Callable[[Peer], Awaitable[None]]


def _once(data: bytes) -> Says:
    async def say(peer: Peer) -> None:
        await peer.say(data)

    return say


def _drip(start: bytes, piece: bytes, every: float) -> Says:
    async def say(peer: Peer) -> None:
        await peer.say(start)
        while True:
            await asyncio.sleep(every)
            await peer.say(piece)

    return say


async def _first_good(peer: Peer) -> None:
    await peer.get()
    await peer.say(b"G")


_HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"
_POST = get("/", "Content-Length: 100", method="POST")

SLOW: dict[str, Says] = {
    "nothing at all": _once(b""),
    "a head that stops": _once(_HEAD),
    "a field every 3 s": _drip(_HEAD, b"X-A: 1\r\n", 3),
    "a byte of the head every second": _drip(b"G", b"E", 1),
    "one answer, then a byte": _first_good,
    "a body that stops": _once(_POST + b"x" * 10),
    "a byte of the body every 3 s": _drip(_POST, b"x", 3),
    "a chunk every 3 s": _drip(get("/", "Transfer-Encoding: chunked", method="POST"), b"1\r\nx\r\n", 3),
    "a head cut by one empty line": _drip(b"\r\n", b"", 5),
}


async def _held(port: int, says: Says) -> float:
    """The seconds that a slow client could keep its connection."""
    begun = time.monotonic()
    async with connected(port) as peer:
        saying = asyncio.create_task(_quietly(says, peer))
        with contextlib.suppress(*Gone, TimeoutError):
            await asyncio.wait_for(peer.reader.read(), _GIVE_UP)
        saying.cancel()
    return time.monotonic() - begun


async def _quietly(says: Says, peer: Peer) -> None:
    with contextlib.suppress(*Gone):
        await says(peer)


async def slow_clients() -> AsyncIterator[Figure]:
    """Each way of being slow ends within 30 s."""
    with serving() as server:
        times = await asyncio.gather(*(_held(server.port, says) for says in SLOW.values()))
        for name, seconds in zip(SLOW, times, strict=True):
            yield at_most(name, seconds, _BAR, "s")
        yield untroubled(server)


async def _answer(port: int) -> float:
    """The seconds until a well-behaved client has its answer, trying as a client does."""
    begun = time.monotonic()
    while time.monotonic() - begun < 60:
        if await _status(port) == 200:
            return time.monotonic() - begun
        await asyncio.sleep(0.1)
    return 60.0


async def _status(port: int) -> int:
    with contextlib.suppress(*Gone, TimeoutError):
        async with connected(port) as peer:
            await peer.say(get())
            return (await peer.response(timeout=60)).status
    return 0


async def descriptors() -> AsyncIterator[Figure]:
    """300 clients that never finish their heads, before a server of 256 descriptors."""
    with serving(environment={"RELIABILITY_DESCRIPTORS": "256"}) as server:
        before = server.cpu_seconds()
        crowd = [await connect(server.port) for _ in range(300)]
        for peer in crowd:
            with contextlib.suppress(*Gone):
                await peer.say(_HEAD)
        times = await asyncio.gather(*(_answer(server.port) for _ in range(5)))
        yield at_most("five good clients have their answers after", max(times), 12, "s")
        yield at_most("the server's processor time meanwhile", server.cpu_seconds() - before, 3, "s")
        for peer in crowd:
            peer.close()
        again = [await _answer(server.port) for _ in range(20)]
        yield at_least("answers afterwards", sum(seconds < 1 for seconds in again), 20)
        yield exactly("the server lives", server.is_alive(), True)


async def half_open() -> AsyncIterator[Figure]:
    """500 clients that sent FIN, and do not go: no loop spins over them."""
    with serving() as server:
        crowd = [await connect(server.port) for _ in range(500)]
        for peer in crowd:
            await peer.say(_HEAD)
            peer.writer.write_eof()
        await asyncio.sleep(0.5)
        before = server.cpu_seconds()
        await asyncio.sleep(5)
        yield at_most("the server's share of a processor", (server.cpu_seconds() - before) / 5 * 100, 3, "%")
        left = [str(i) for i, peer in enumerate(crowd) if not await peer.is_closed(timeout=1)]
        yield none_of("connections still held", left, 500)
        for peer in crowd:
            peer.close()
