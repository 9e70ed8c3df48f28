from __future__ import annotations

import asyncio
import threading
import time
from types import FrameType

import pytest

from pronghorn.server.watch import LoopWatch

pytestmark = pytest.mark.anyio


async def until_set(event: threading.Event) -> None:
    while not event.is_set():
        await asyncio.sleep(0.001)


async def test_a_loop_that_stands_still_is_reported_once_each_time() -> None:
    seen: list[tuple[str, float]] = []
    reported = threading.Event()

    def blocked(frame: FrameType, seconds: float) -> bool:
        seen.append((frame.f_code.co_name, seconds))
        reported.set()
        return True

    def stand_still() -> None:
        reported.clear()
        assert reported.wait(10)
        time.sleep(0.2)  # several looks of the watch later it is still the same standstill

    watch = LoopWatch(0.05, blocked)
    watch.start()
    for _ in range(2):
        stand_still()
        await asyncio.sleep(0.05)
    watch.stop()
    assert len(seen) == 2
    assert all(seconds >= 0.05 for _, seconds in seen)


async def test_a_loop_of_which_nothing_could_be_said_is_looked_at_again() -> None:
    enough = threading.Event()
    looks: list[float] = []

    def blocked(frame: FrameType, seconds: float) -> bool:
        looks.append(seconds)
        if len(looks) == 3:
            enough.set()
        return False

    watch = LoopWatch(0.05, blocked)
    watch.start()
    assert enough.wait(10)
    watch.stop()
    assert looks == sorted(looks)


async def test_a_loop_that_turns_beats_and_is_not_reported() -> None:
    beats = 0
    enough = threading.Event()

    def beat() -> None:
        nonlocal beats
        beats += 1
        if beats == 5:
            enough.set()

    reports: list[float] = []

    def blocked(frame: FrameType, seconds: float) -> bool:
        reports.append(seconds)
        return True

    watch = LoopWatch(5, blocked, beat)
    watch._interval = 0.01
    watch.start()
    await until_set(enough)
    watch.stop()
    assert reports == []


async def test_a_watch_that_never_started_can_be_stopped() -> None:
    LoopWatch(1, lambda *_: True).stop()
