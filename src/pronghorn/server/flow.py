"""Waiting for a slow peer.

Lives here: the gate that writers wait at. Must not live here: what they write.
Invariant: whoever waits is let go when the gate opens, also when the connection is lost.
"""

from __future__ import annotations

import asyncio


class WriteGate:
    """Open while the peer keeps up.

    Args:
        loop: the event loop of those who wait.
    """

    __slots__ = ("_loop", "_waiters", "is_shut")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiters: list[asyncio.Future[None]] = []
        self.is_shut = False

    def shut(self) -> None:
        """The peer lags behind."""
        self.is_shut = True

    def open(self) -> None:
        """The peer has caught up, or is gone: in both cases nobody need wait."""
        self.is_shut = False
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait_open(self) -> None:
        """Wait until the gate is open."""
        if self.is_shut:
            waiter = self._loop.create_future()
            self._waiters.append(waiter)
            await waiter
