"""Writing at the pace of the peer.

Lives here: the gate that writers wait at, and the way out of an HTTP connection. Must not live here: what
is written.
Invariants:
- Whoever waits is let go when the gate opens, also when the connection is lost.
- The socket is written to directly only while the transport has nothing left to write, and is open.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any, Protocol

SLICE = 64 * 1024
"""The largest piece handed to the transport at once."""


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
            await self.opening()

    def opening(self) -> asyncio.Future[None]:
        """Done once the gate is opened the next time."""
        waiter = self._loop.create_future()
        self._waiters.append(waiter)
        return waiter


class Sending(Protocol):
    """A body on its way that is not in memory."""

    def go_on(self) -> None:
        """Send what the peer takes; called again whenever it has caught up."""

    def abandon(self) -> None:
        """The connection is lost."""


class Outlet(WriteGate):
    """What is written to one HTTP connection: joined where it is small, sliced where it is large.

    Args:
        loop: the event loop.

    Attributes:
        transport: where it goes.
        socket: the descriptor of its socket; -1 where bytes do not reach that as they are.
        corked: whether writes are kept in `pending`, to leave as one.
        sending: the body that is on its way by itself, if there is one.
    """

    __slots__ = ("_left", "_moved", "_rest", "corked", "pending", "sending", "socket", "transport")

    transport: asyncio.Transport

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._rest: tuple[memoryview, Callable[[], None]] | None = None
        self.sending: Sending | None = None
        self.corked = False
        self.pending: list[bytes] = []
        self.socket = -1
        self._left = 0
        self._moved = 0.0

    def attach(self, transport: asyncio.Transport) -> None:
        """From now on there is somewhere to write to."""
        self.transport = transport
        self.socket = _socket_of(transport)

    @property
    def is_clear(self) -> bool:
        """Whether the socket may be written to: it is this connection's yet, and there is nothing before."""
        transport = self.transport
        return self.socket >= 0 and not transport.get_write_buffer_size() and not transport.is_closing()

    def send(self, data: bytes) -> None:
        """Send bytes at once where nothing is before them, so that what follows may go past the transport.

        Writing to the socket lets other threads have Python's lock: a response that is nothing but bytes is not
        worth that, and leaves by the transport.
        """
        if self.is_clear:
            try:
                sent = os.write(self.socket, data)
            except OSError:  # it is full, or the transport will find out what else it is
                sent = 0
            if sent == len(data):
                return
            data = data[sent:]
        self.transport.write(data)

    def write(self, data: bytes | memoryview) -> None:
        """Send bytes; together with others of the same turn where possible."""
        if self.corked and type(data) is bytes:
            self.pending.append(data)
        elif data:
            self.flush()
            self.transport.write(data)

    def flush(self) -> None:
        """Let what is pending leave, as one write."""
        pending = self.pending
        if pending:
            data = pending[0] if len(pending) == 1 else b"".join(pending)
            pending.clear()
            self.transport.write(data)

    def write_at_length(self, data: memoryview, done: Callable[[], None]) -> None:
        """Send many bytes slice by slice, as the peer takes them; then call `done`."""
        self.flush()
        self._rest = (data, done)
        self.write_on()

    def write_on(self) -> None:
        """Go on with many bytes, while the peer keeps up."""
        if self.sending is not None:
            self.sending.go_on()
        while self._rest is not None and not self.is_shut:
            data, done = self._rest
            self.transport.write(data[:SLICE])
            if len(data) > SLICE:
                self._rest = (data[SLICE:], done)
            else:
                self._rest = None
                done()

    def watch(self, now: float) -> None:
        """From now on the peer is expected to take something."""
        self._left, self._moved = self.transport.get_write_buffer_size(), now

    def is_stuck(self, now: float, seconds: float) -> bool:
        """Whether the peer has taken nothing for so many seconds. To be asked at every tick since `watch`."""
        left = self.transport.get_write_buffer_size()
        if left < self._left:
            self._moved = now
        self._left = left
        return now - self._moved >= seconds

    def abandon(self) -> None:
        """The connection is lost: forget what was to be written, and let those go who wait."""
        self._rest = None
        self.pending.clear()
        if self.sending is not None:
            self.sending.abandon()
        self.open()


def _socket_of(transport: asyncio.Transport) -> int:
    """The descriptor of a transport's socket, where bytes reach it as they are."""
    socket: Any = transport.get_extra_info("socket")
    if socket is None or transport.get_extra_info("sslcontext") is not None or not hasattr(os, "sendfile"):
        return -1
    descriptor: int = socket.fileno()
    return descriptor
