from __future__ import annotations

import asyncio

import pytest

from pronghorn.server.clock import NEVER, Clock
from pronghorn.server.config import ServerConfig
from pronghorn.server.heads import Heads
from pronghorn.server.plain import HeaderLines

pytestmark = pytest.mark.anyio


class Alarm:
    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.rang: list[float] = []
        self.event = asyncio.Event()

    def past_deadline(self, now: float) -> None:
        self.rang.append(now)
        self.deadline = NEVER
        self.event.set()


async def test_deadlines_that_have_passed_are_told_once() -> None:
    early, late = Alarm(10), Alarm(20)
    clock = Clock(asyncio.get_running_loop(), Heads(), HeaderLines(ServerConfig()), [early, late])
    for now in (9.0, 10.0, 15.0):
        clock.tick(now)
    assert (early.rang, late.rang) == ([10.0], [])
    assert clock.now == 15.0


async def test_it_ticks_by_itself_until_stopped() -> None:
    alarm = Alarm(0)
    clock = Clock(asyncio.get_running_loop(), Heads(), HeaderLines(ServerConfig()), [alarm])
    clock.start()
    await asyncio.wait_for(alarm.event.wait(), 5)
    clock.stop()
    clock.stop()
