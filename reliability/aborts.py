"""Row 10: clients that leave, in the middle of a response and in the middle of a request."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from reliability.check import Figure, at_most, exactly
from reliability.peer import Gone, Peer, connect, connected, get
from reliability.serving import Served, serving, untroubled

MIB = 2**20
_ABORTS = 2000
_AT_ONCE = 50
_PATIENCE = 20.0

Leaving = Callable[[Peer], Awaitable[None]]


async def _in_a_stream(peer: Peer) -> None:
    await peer.say(get("/stream?size=200000000"))
    await peer.reader.readexactly(20_000)


async def _in_a_whole(peer: Peer) -> None:
    await peer.say(get("/whole?size=1000000"))
    await peer.reader.readexactly(20_000)


async def _in_the_wait(peer: Peer) -> None:
    await peer.say(get("/wait?seconds=120"))
    await asyncio.sleep(0.002)


async def _in_its_body(peer: Peer) -> None:
    await peer.say(get("/count", "Content-Length: 1000000", method="POST") + b"x" * 10_000)
    await asyncio.sleep(0.002)


async def _in_its_head(peer: Peer) -> None:
    await peer.say(b"GET / HTTP/1.1\r\nHost: a\r\nX-A")


LEAVINGS: dict[str, Leaving] = {
    "a stream": _in_a_stream,
    "a whole body": _in_a_whole,
    "the wait for an answer": _in_the_wait,
    "its own body": _in_its_body,
    "its own head": _in_its_head,
}


async def abort(port: int, leaving: Leaving, *, reset: bool) -> None:
    """One connection that ends in the middle."""
    peer = await connect(port, receive_buffer=65536)
    with contextlib.suppress(*Gone):
        await leaving(peer)
    if reset:
        peer.reset()
    else:
        peer.close()


async def abort_many(port: int, leaving: Leaving, count: int) -> None:
    """`count` of them, half by FIN and half by RST, some at a time."""
    for start in range(0, count, _AT_ONCE):
        await asyncio.gather(
            *(abort(port, leaving, reset=bool((start + i) % 2)) for i in range(min(_AT_ONCE, count - start)))
        )


async def happened(server: Served) -> dict[str, int]:
    """What the application's handlers went through."""
    async with connected(server.port) as peer:
        told: dict[str, int] = json.loads((await peer.get("/happened?own")).body)
        return told


async def _settled(server: Served, descriptors: int) -> dict[str, int]:
    """Wait until handlers and descriptors are where they were, as long as that may take."""
    end = time.monotonic() + _PATIENCE
    while True:
        found = await happened(server)
        running = sum(_running(found, name) for name in ("stream", "wait", "count"))
        if time.monotonic() > end or (not running and server.descriptors() <= descriptors):
            return found
        await asyncio.sleep(0.1)


def _running(found: dict[str, int], name: str) -> int:
    ends = sum(found.get(f"{name} {end}", 0) for end in ("ended", "cancelled"))
    return found.get(f"{name} begun", 0) - ends


async def aborts() -> AsyncIterator[Figure]:
    """2,000 of each leave nothing behind: no memory, no descriptor, no handler, no traceback."""
    with serving() as server:
        descriptors = server.descriptors()
        for leaving in LEAVINGS.values():
            await abort_many(server.port, leaving, 100)
        await _settled(server, descriptors)
        before = server.memory()
        for leaving in LEAVINGS.values():
            await abort_many(server.port, leaving, _ABORTS)
        found = await _settled(server, descriptors)
        yield at_most("memory after 2,000 of each", (server.memory() - before) / MIB, 5, "MiB more")
        yield at_most("descriptors", server.descriptors() - descriptors, 0, "more")
        yield exactly("streams still running", _running(found, "stream"), 0)
        yield exactly("waiting handlers still running", _running(found, "wait"), 0)
        yield exactly("waiting handlers that came to their end", found.get("wait ended", 0), 0)
        yield untroubled(server)
