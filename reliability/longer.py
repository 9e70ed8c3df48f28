"""Rows 19, 20 and 25: a million requests, hours, and more than there is room for."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator

from websockets.asyncio.client import connect as connect_websocket

from bench.traffic import Sample
from bench.workloads import Workload
from bench.wrk import run_wrk
from reliability.aborts import MIB
from reliability.check import Figure, Skipped, at_least, at_most, exactly
from reliability.disk import form
from reliability.peer import Gone, Peer, connect, connected, get, post
from reliability.polite import Latencies, polite_client
from reliability.serving import Served, serving, until, untroubled

_UPLOAD = post("/upload", form(2000), "Content-Type: multipart/form-data; boundary=b")
KINDS = {
    "JSON": get("/"),
    "not found": get("/nothing"),
    "upload": _UPLOAD,
    "stream": get("/stream?size=40000"),
    "thread": get("/work?number=3"),
}
"""One request of each kind."""


def _load(port: int, name: str, count: int) -> None:
    """Have wrk send at least `count` requests of a kind on 16 connections; every one has to be answered."""
    sample = Sample(KINDS[name], 404 if name == "not found" else 200)
    workload = Workload(name, name, lambda: [sample])
    while count > 0:
        count -= run_wrk(workload, port, seconds=5 if count > 100_000 else 1, connections=16).count


async def _echo_many(port: int, count: int) -> None:
    async with connect_websocket(f"ws://127.0.0.1:{port}/ws") as client:
        for _ in range(count):
            await client.send("hello")
            await client.recv()


async def _leak(server: Served, name: str, count: int) -> AsyncIterator[Figure]:
    async def some(number: int) -> None:
        if name == "WebSocket":
            await asyncio.gather(*(_echo_many(server.port, number // 16) for _ in range(16)))
        else:
            await asyncio.to_thread(_load, server.port, name, number)

    base = server.descriptors()
    await some(count // 10)
    await until(lambda: server.descriptors() <= base, 10)
    before = server.memory()
    await some(count)
    await until(lambda: server.descriptors() <= base, 10)
    yield at_most(f"{name}: memory after {count:,}", (server.memory() - before) / MIB, 1, "MiB more")
    yield at_most(f"{name}: descriptors", server.descriptors() - base, 0, "more")


async def leak() -> AsyncIterator[Figure]:
    """`RELIABILITY_REQUESTS` (a million) of each kind, after a tenth of them."""
    needs("wrk")
    count = int(os.environ.get("RELIABILITY_REQUESTS", "1000000"))
    with serving() as server:
        for name in (*KINDS, "WebSocket"):
            async for figure in _leak(server, name, count):
                yield figure
        yield untroubled(server)


async def leak_short() -> AsyncIterator[Figure]:
    """10,000 of each kind."""
    needs("wrk")
    with serving() as server:
        for name in (*KINDS, "WebSocket"):
            async for figure in _leak(server, name, 10_000):
                yield figure
        yield untroubled(server)


async def _paced(port: int, rate: float, until: float, told: Counter[str], times: list[float]) -> None:
    """A client that asks for every kind in turn, `rate` times a second."""
    async with connected(port) as peer:
        number = 0
        while (now := time.monotonic()) < until:
            request = list(KINDS.values())[number % len(KINDS)]
            number += 1
            answer = await peer.ask(request)
            times.append(time.monotonic() - now)
            told["failed" if answer.status >= 500 else "done"] += 1
            await asyncio.sleep(max(0.0, 1 / rate - (time.monotonic() - now)))


def _percentile(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)] * 1000


async def soak() -> AsyncIterator[Figure]:
    """`RELIABILITY_MINUTES` (120) of mixed requests at a steady rate."""
    minutes = float(os.environ.get("RELIABILITY_MINUTES", "120"))
    with serving() as server:
        told: Counter[str] = Counter()
        rounds: list[list[float]] = []
        for _ in range(4):
            times: list[float] = []
            end = time.monotonic() + minutes * 15
            await asyncio.gather(*(_paced(server.port, 50, end, told, times) for _ in range(16)))
            rounds.append(times)
        first, last = _percentile(rounds[0]), _percentile(rounds[-1])
        yield at_most("99th percentile of the last quarter, of the first one's", last / first, 1.1, "times")
        yield exactly(f"failed, of {sum(told.values()):,}", told["failed"], 0)
        yield untroubled(server)


_SLOTS, _SECONDS = 16, 0.2
_PEAK = _SLOTS / _SECONDS
"""Requests a second that the server can answer when so many may wait, and each takes so long."""


async def _one(port: int, told: Counter[str]) -> None:
    peer: Peer | None = None
    try:
        peer = await connect(port)
        told[str((await peer.get(f"/wait?seconds={_SECONDS}")).status)] += 1
    except (*Gone, TimeoutError):
        told["lost"] += 1
    finally:
        if peer is not None:
            peer.close()


async def _rush(port: int, seconds: float) -> tuple[Counter[str], float]:
    """Five times as many requests as there is room for, from clients that do not wait for each other.

    Returns:
        The answers by status, and after how many seconds all were there.
    """
    told: Counter[str] = Counter()
    tasks: list[asyncio.Task[None]] = []
    begun = time.monotonic()
    while (now := time.monotonic() - begun) < seconds:
        tasks += [asyncio.create_task(_one(port, told)) for _ in range(int(now * _PEAK * 5) - len(tasks))]
        await asyncio.sleep(0.005)
    await asyncio.gather(*tasks)
    return told, time.monotonic() - begun


async def overload() -> AsyncIterator[Figure]:
    """Five times what it can do; clients in processes of their own tell how fast they are refused."""
    with serving(max_active_requests=_SLOTS) as server:
        target = f"/wait?seconds={_SECONDS}"
        async with (
            polite_client(server.port, 6.0, target) as one,
            polite_client(server.port, 6.0, target) as another,
        ):
            told, seconds = await _rush(server.port, 8.0)
        answered = told["200"] + len(one.of(200).seconds) + len(another.of(200).seconds)
        yield at_least("answers, of the peak", answered / seconds / _PEAK * 100, 80, "%")
        yield exactly("answers but 200 and 503", sum(told.values()) - told["200"] - told["503"], 0)
        refused = Latencies(one.of(503).seconds + another.of(503).seconds)
        yield at_least("refusals of clients that ask on and on", len(refused.seconds), 100)
        yield at_most("their 99th percentile", refused.percentile(0.99), 20, "ms")
        yield untroubled(server)


def needs(program: str) -> str:
    """The path of a program.

    Raises:
        Skipped: it is not installed.
    """
    path = shutil.which(program)
    if path is None:
        raise Skipped(f"{program} is not installed")
    return path
