"""Rows 11 to 15: what operators do to a server, and what happens to it, under load."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from statistics import median
from typing import Any

from reliability.check import Figure, at_most, exactly
from tests.server.load import KEEP_ALIVE, MODES, PER_REQUEST, POST, Load, Mode
from tests.server.peer import Peer
from tests.server.processes import Process, process, until

_BEARABLE = Mode("what one worker can do alone", keeps=False, pause=0.1)
_HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def _failed_at_stop(mode: Mode) -> int:
    with process(workers=2) as server, Load(server.port(), mode, connections=32) as load:
        load.wait_for(200)
        server.signal(signal.SIGTERM)
        server.wait()
    return len(load.failed)


async def _stops(times: int) -> AsyncIterator[Figure]:
    for mode in MODES:
        failed = sum(_failed_at_stop(mode) for _ in range(times))
        yield exactly(f"{mode.name}: failed in {times} stops", failed, 0)


async def stop() -> AsyncIterator[Figure]:
    """SIGTERM under load, a few times in each mode."""
    async for figure in _stops(3):
        yield figure


async def stop_long() -> AsyncIterator[Figure]:
    """SIGTERM under load, 20 times in each mode."""
    async for figure in _stops(20):
        yield figure


def _seconds_to_stop(first: bytes, answer: int, **options: Any) -> float:
    """How long a stop takes while a peer has said `first`, has taken `answer` bytes, and stalls."""
    with process(**options) as server:
        server.worker()
        with socket.create_connection(("127.0.0.1", server.port())) as stalled:
            stalled.sendall(first)
            if answer:
                Peer(stalled).stream.read(answer)
            begun = time.monotonic()
            server.signal(signal.SIGTERM)
            server.process.wait(60)
            return time.monotonic() - begun


async def stalled_stop() -> AsyncIterator[Figure]:
    """SIGTERM while a peer stalls, with the limit that is there without any option."""
    upload = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nbegun"
    stream = b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"
    for name, first, answer in (
        ("an upload that stalls", upload, 0),
        ("a stream that is not read", stream, 10),
        ("an open WebSocket", _HANDSHAKE, 20),
    ):
        yield at_most(f"{name}: seconds to stop", _seconds_to_stop(first, answer, workers=1), 31, "s")


def _kill_one(server: Process, load: Load) -> float:
    """Kill the worker that has answered last; the seconds until that was noticed. Waits for another one.

    Whoever waits only looks on: requests of its own would make those of the load late.
    """
    known = {done.body for done in load.done}
    times = server.log.count("another starts")
    begun = time.monotonic()
    os.kill(int(load.done[-1].body), signal.SIGKILL)
    server.wait_for("another starts", times + 1)
    told = time.monotonic() - begun
    while {done.body for done in load.done[-200:]} <= known:
        time.sleep(0.01)
    return told


def _times_as_late(server: Process) -> float:
    """The 99th percentile from the death of a worker until another one answers, of the one before."""
    with Load(server.port(), _BEARABLE, connections=32) as load:
        load.wait_for(200)
        begun = time.monotonic()
        load.wait_for(1000)
        killed = time.monotonic()
        usual = load.percentile(0.99, begun)
        _kill_one(server, load)
        late = load.percentile(0.99, killed)
    return late / usual


async def kill() -> AsyncIterator[Figure]:
    """`kill -9` of one of two workers."""
    with process(workers=2) as server:
        server.workers(2)
        with Load(server.port(), PER_REQUEST, connections=32) as load:
            load.wait_for(1000)
            told = _kill_one(server, load)
        yield at_most("failed, of 32 clients", len(load.failed), 32)
        yield at_most("noticed after", told, 0.5, "s")
        ratios = [_times_as_late(server) for _ in range(5)]
        yield at_most("99th percentile meanwhile, of the usual one, median of 5", median(ratios), 2, "times")


def _failed_at_reload(mode: Mode, times: int) -> tuple[int, int]:
    with process(workers=2) as server, Load(server.port(), mode) as load:
        for _ in range(times):
            load.wait_for(100)
            before = {done.body for done in load.done[-50:]}
            server.signal(signal.SIGHUP)
            until(lambda: {done.body for done in load.done[-50:]}, before.isdisjoint)
        server.stop()
    return len(load.failed), len(load.done)


async def replace() -> AsyncIterator[Figure]:
    """Rolling reloads, and recycling, under load."""
    for mode in (KEEP_ALIVE, PER_REQUEST, POST):
        failed, done = _failed_at_reload(mode, 10)
        yield exactly(f"{mode.name}: failed in 10 reloads, of {done:,}", failed, 0)
    with process(workers=2, max_requests=500) as server, Load(server.port(), PER_REQUEST) as load:
        server.wait_for("To be replaced, for the number of requests", 6)
        load.wait_for(100)
        server.stop()
    yield exactly(f"failed while workers are recycled, of {len(load.done):,}", len(load.failed), 0)


async def _replaced(action: str, timeout: float) -> AsyncIterator[Figure]:
    with process(workers=2, heartbeat_timeout=timeout) as server:
        server.workers(2)
        with Load(server.port(), PER_REQUEST, connections=4) as load:
            with socket.create_connection(("127.0.0.1", server.port())) as blocking:
                begun = time.monotonic()
                blocking.sendall(f"GET /{action}/60 HTTP/1.1\r\nHost: a\r\n\r\n".encode())
                server.wait_for("another starts")
                seconds = time.monotonic() - begun
            server.workers(2)
        yield at_most(f"{action}: replaced after", seconds, timeout + 2, "s")
        yield at_most(f"{action}: failed, of those that this worker had let in", len(load.failed), 4)
        yield exactly(f"{action}: its stack is in the log", f"in _{action}" in server.log, True)
    late = median(done.seconds for done in load.done) * 1000
    yield at_most(f"{action}: median of the others", late, 100, "ms")


async def blocked() -> AsyncIterator[Figure]:
    """An event loop that is blocked for a minute, by a call that lets other threads run and by one that does not."""
    for action in ("block", "hold"):
        async for figure in _replaced(action, 3.0):
            yield figure
