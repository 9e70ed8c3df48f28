"""One coarse clock per event loop, instead of a timer per request.

Lives here: the tick, and asking connections whose deadline has passed what to do about it. Must not live
here: what a deadline means (`connection`, `websocket`).
Invariant: setting or clearing a deadline is one store; only the tick looks at it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

from pronghorn.server.heads import Heads

NEVER = float("inf")
TICK = 0.5


class Timed(Protocol):
    """Something with a deadline."""

    deadline: float

    def past_deadline(self, now: float) -> None:
        """The deadline has passed: act, or set another."""


class Renewable(Protocol):
    """Something that gets old."""

    def renew(self, now: float) -> None:
        """Put right what is too old at this time of the event loop."""


class Clock:
    """Ticks while it runs.

    Args:
        loop: the event loop of the connections.
        heads: renewed at each tick, so that no response has to ask for the time.
        memory: renewed too.
        timed: who is looked at; may change at any time.

    Attributes:
        now: the loop's time at the last tick; at most a tick old.
    """

    __slots__ = ("_handle", "_heads", "_loop", "_memory", "_timed", "now")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, heads: Heads, memory: Renewable, timed: Iterable[Timed]
    ) -> None:
        self._loop = loop
        self._heads = heads
        self._memory = memory
        self._timed = timed
        self._handle: asyncio.TimerHandle | None = None
        self.now = loop.time()

    def start(self) -> None:
        """Begin to tick."""
        self._handle = self._loop.call_later(TICK, self._next)

    def stop(self) -> None:
        """Tick no more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def tick(self, now: float) -> None:
        """Look at every deadline once."""
        self.now = now
        self._heads.refresh()
        self._memory.renew(now)
        for timed in [timed for timed in self._timed if timed.deadline <= now]:
            timed.past_deadline(now)

    def _next(self) -> None:
        self._handle = self._loop.call_later(TICK, self._next)
        self.tick(self._loop.time())
