"""Rows 8 and 9: many connections that do nothing, and many that read slowly."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import time
from collections.abc import AsyncIterator

from reliability.check import Figure, Skipped, at_least, at_most, exactly
from reliability.peer import Gone, Peer, connect, connected, get
from reliability.serving import Served, serving, until, untroubled

KIB, MIB = 2**10, 2**20
_IDLE = 10_000
_STALL = 31
"""Seconds: 30 without progress, and one for the server's clock and for ours."""
_AT_ONCE = 200


def _need_descriptors(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        if hard < count:
            raise Skipped(f"{count} file descriptors are needed, {hard} are allowed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


async def _arrive(port: int) -> Peer:
    peer = await connect(port)
    await peer.get()
    return peer


async def _crowd(server: Served) -> tuple[int, int]:
    """The server's memory with 10,000 idle connections, and how many of 100 still answer."""
    crowd: list[Peer] = []
    for _ in range(_IDLE // _AT_ONCE):
        crowd += await asyncio.gather(*(_arrive(server.port) for _ in range(_AT_ONCE)))
    held = server.memory()
    alive = 0
    for peer in crowd[:: _IDLE // 100]:
        with contextlib.suppress(*Gone, TimeoutError):
            alive += (await peer.get()).status == 200
    for peer in crowd:
        peer.close()
    del crowd
    await until(lambda: server.descriptors() < 100, 60)
    return held, alive


async def idle() -> AsyncIterator[Figure]:
    """Three times 10,000."""
    _need_descriptors(_IDLE + 200)
    with serving(keep_alive_timeout=120) as server:
        async with connected(server.port) as peer:
            for _ in range(100):
                await peer.get()
        begun, sizes = server.memory(), []
        for turn in range(3):
            held, alive = await _crowd(server)
            sizes.append(held)
            if turn == 0:
                yield at_most("memory of each", (held - begun) / _IDLE / KIB, 8, "KiB")
            yield at_least(f"run {turn + 1}: of 100 asked again answer", alive, 100)
        yield at_most("memory of the third run over the second", (sizes[2] - sizes[1]) / MIB, 1, "MiB")
        yield untroubled(server)


async def _never_reads(port: int, target: str) -> Peer:
    peer = await connect(port, receive_buffer=4096)
    await peer.say(get(target))
    return peer


async def _last_progress(server: Served) -> float:
    """When the server wrote the last bytes: the kernel takes some, though the peer takes none."""
    last, written = time.monotonic(), server.bytes_written()
    while time.monotonic() - last < 2:
        await asyncio.sleep(0.02)
        if (now := server.bytes_written()) != written:
            last, written = time.monotonic(), now
    return last


async def _dropped(server: Served, base: int, begun: float) -> float:
    """The seconds from `begun` until no connection is left; a minute more if one stays."""
    await until(lambda: server.descriptors() <= base, 60)
    return time.monotonic() - begun


async def slow_readers() -> AsyncIterator[Figure]:
    """50 clients that ask for 200 MB and take nothing of it, and one for 200 MB in one piece."""
    with serving() as server:
        base = server.descriptors()
        async with connected(server.port) as peer:
            await peer.get("/stream?size=10000000")
        await until(lambda: server.descriptors() <= base, 10)
        before = server.memory()
        crowd = [await _never_reads(server.port, "/stream?size=200000000") for _ in range(50)]
        begun = await _last_progress(server)
        yield at_most("memory of each", (server.memory() - before) / 50 / 1000, 130, "kB")
        async with connected(server.port) as peer:
            yield exactly("others are served", (await peer.get()).status, 200)
        yield at_most("all are dropped after", await _dropped(server, base, begun), _STALL, "s")
        for peer in crowd:
            peer.close()
        before = server.memory()
        whole = await _never_reads(server.port, "/whole?size=200000000")
        begun = await _last_progress(server)
        yield at_most("memory of 200 MB in one piece", (server.memory() - before) / 1e6, 201, "MB")
        yield at_most("dropped after", await _dropped(server, base, begun), _STALL, "s")
        whole.close()
        await until(lambda: server.memory() < before + 10 * MIB, 5)
        yield at_most("memory afterwards", (server.memory() - before) / MIB, 10, "MiB more")
        yield untroubled(server)
