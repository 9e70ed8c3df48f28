"""A connection on a transport in memory, with a clock set by hand."""

from __future__ import annotations

import asyncio
import contextvars
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from pronghorn._engine.exchange import Exchange
from pronghorn._engine.reply import Reply
from pronghorn.server.config import ServerConfig
from pronghorn.server.connection import HttpConnection
from pronghorn.server.site import Site
from pronghorn.server.tasks import Tasks

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"


async def settle() -> None:
    """Let spawned tasks run as far as they can."""
    for _ in range(5):
        await asyncio.sleep(0)


class Transport(asyncio.Transport):
    """Keeps what is written; takes as much of it as `capacity` says."""

    def __init__(self, *, half_close: bool = True) -> None:
        super().__init__()
        self.written = bytearray()
        self.pending = 0
        self.capacity = 10**9
        self.high = 0
        self.reading = True
        self.ended = ""
        self.half_close = half_close
        self.protocol: Any = None
        self.socket: socket.socket | None = None

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        known = {"peername": ("1.2.3.4", 5), "sockname": "/run/socket", "socket": self.socket}
        return known.get(name, default)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = high or 0

    def get_write_buffer_size(self) -> int:
        return self.pending

    def write(self, data: Any) -> None:
        assert not self.ended, f"write on a transport that is {self.ended}"
        self.written += data
        self.pending += len(data)
        taken = min(self.capacity, self.pending)
        self.capacity -= taken
        self.pending -= taken
        if self.pending > self.high:
            self.protocol.pause_writing()

    def take(self, size: int) -> None:
        """The peer takes some of it."""
        self.pending = max(0, self.pending - size)

    def is_closing(self) -> bool:
        return self.ended in ("closed", "aborted")

    def can_write_eof(self) -> bool:
        return self.half_close

    def write_eof(self) -> None:
        self.ended = "half-closed"

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def close(self) -> None:
        self.ended = self.ended if self.ended == "aborted" else "closed"

    def abort(self) -> None:
        self.ended = "aborted"

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol


class App:
    """Calls `handler` for each exchange."""

    def __init__(self, handler: Callable[[Exchange], Reply | None]) -> None:
        self.handle_exchange = handler


class Line:
    """One connection, its transport and its time."""

    def __init__(
        self, handler: Callable[[Exchange], Reply | None], *, half_close: bool = True, **options: Any
    ) -> None:
        loop = asyncio.get_running_loop()
        self.site = Site(App(handler), ServerConfig(**options), loop, Tasks(loop, contextvars.copy_context()))
        self.now = self.site.clock.now
        self.transport = Transport(half_close=half_close)
        self.connection = self.join(self.transport)

    def join(self, transport: Transport) -> HttpConnection:
        connection = HttpConnection(self.site)
        transport.protocol = connection
        connection.connection_made(transport)
        return connection

    def say(self, data: bytes) -> None:
        self.connection.data_received(data)

    def after(self, seconds: float) -> str:
        """Let time pass, tick by tick; how the transport ended."""
        for _ in range(int(seconds * 2)):
            self.now += 0.5
            self.site.clock.tick(self.now)
        return self.transport.ended

    @property
    def heard(self) -> bytes:
        heard = bytes(self.transport.written)
        self.transport.written.clear()
        return heard


def hello(exchange: Exchange) -> Reply:
    return Reply(200, b"hello", b"text/plain")


def spawning(work: Callable[[Exchange], Awaitable[None]]) -> Callable[[Exchange], None]:
    def handle(exchange: Exchange) -> None:
        exchange.spawn(work(exchange))  # type: ignore[arg-type]

    return handle
