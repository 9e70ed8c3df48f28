"""Deadlines and flow control of a connection, on a transport in memory and a clock set by hand."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from pronghorn._engine.exchange import Exchange
from pronghorn._engine.reply import Reply
from pronghorn.server.config import ServerConfig
from pronghorn.server.connection import HttpConnection
from pronghorn.server.site import Site
from pronghorn.server.tasks import Tasks


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

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("1.2.3.4", 5), "sockname": "/run/socket"}.get(name, default)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = high or 0

    def get_write_buffer_size(self) -> int:
        return self.pending

    def write(self, data: Any) -> None:
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


GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"

Test = Callable[[], Coroutine[Any, Any, None]]


async def settle() -> None:
    """Let spawned tasks run as far as they can."""
    for _ in range(5):
        await asyncio.sleep(0)


pytestmark = pytest.mark.anyio


async def test_a_connection_that_says_nothing_is_closed() -> None:
    line = Line(hello)
    assert line.after(9) == ""
    assert line.after(2) == "closed"
    assert line.heard == b""


async def test_a_head_must_be_complete_in_time() -> None:
    line = Line(hello)
    for _ in range(9):
        line.say(b"G" if not line.connection._reader.gathered else b"E")
        assert line.after(1) == ""
    assert line.after(2) == "half-closed"
    assert line.heard.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    line.say(b"more")
    assert line.after(3) == "aborted"


async def test_a_later_head_has_its_own_time() -> None:
    line = Line(hello)
    line.say(GET)
    assert line.after(4) == ""
    line.say(b"GET")
    assert line.after(9) == ""
    line.say(b" / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert line.after(4) == ""
    line.say(b"GET")
    assert line.after(12) == "half-closed"


async def test_an_idle_connection_is_closed() -> None:
    line = Line(hello)
    line.say(GET)
    assert line.after(5) == ""
    assert line.after(1) == "closed"


async def test_a_request_under_way_has_no_deadline() -> None:
    line = Line(lambda exchange: None)
    line.say(GET)
    assert line.after(1000) == ""


async def test_a_body_that_stops_is_given_up() -> None:
    errors: list[str] = []

    async def read(exchange: Exchange) -> None:
        try:
            await exchange.read_body()
        except Exception as error:
            errors.append(type(error).__name__)
            raise

    line = Line(spawning(read))
    line.say(POST)
    await settle()
    line.say(b"x" * 20_000)
    await settle()
    assert line.after(14) == ""
    assert line.after(3) == "half-closed"
    assert line.heard.startswith(b"HTTP/1.1 408")
    await settle()
    assert errors == ["ClientDisconnect"]
    assert not line.site.tasks.running


async def test_a_body_that_trickles_is_given_up() -> None:
    async def read(exchange: Exchange) -> None:
        await exchange.read_body()

    line = Line(spawning(read))
    line.say(POST)
    for _ in range(9):
        line.say(b"x" * 400)
        await settle()
        assert line.after(1) == ""
    for _ in range(3):
        line.say(b"x" * 400)
        await settle()
        line.after(1)
    assert line.transport.ended == "half-closed"


async def test_a_body_that_keeps_its_pace_is_read() -> None:
    async def read(exchange: Exchange) -> None:
        exchange.respond(Reply(200, b"%d" % len(await exchange.read_body()), b"text/plain"))

    line = Line(spawning(read))
    line.say(POST)
    for _ in range(50):
        line.say(b"x" * 2000)
        await settle()
        assert line.after(1) == ""
    assert line.heard.endswith(b"100000")


async def test_an_application_that_takes_its_time_costs_the_peer_nothing() -> None:
    go = asyncio.Event()

    async def read(exchange: Exchange) -> None:
        await go.wait()
        exchange.respond(Reply(200, b"%d" % len(await exchange.read_body()), b"text/plain"))

    line = Line(spawning(read))
    line.say(POST)
    line.say(b"x" * 70_000)
    await settle()
    assert not line.transport.reading
    assert line.after(1000) == ""
    go.set()
    await settle()
    assert line.transport.reading
    line.say(b"x" * 30_000)
    await settle()
    assert line.heard.endswith(b"100000")


async def test_what_nobody_reads_must_come_in_time_too() -> None:
    line = Line(hello)
    line.say(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
    assert line.heard.endswith(b"hello")
    assert line.after(9) == ""
    assert line.after(3) == "half-closed"
    assert line.heard == b""


async def test_a_body_cut_off_after_the_response_began_ends_the_connection() -> None:
    async def work(exchange: Exchange) -> None:
        await exchange.send({"type": "http.response.start", "status": 200, "headers": []})
        await exchange.receive()

    line = Line(spawning(work))
    line.say(POST)
    await settle()
    assert line.after(20) == "aborted"


async def test_a_peer_that_takes_nothing_is_dropped() -> None:
    line = Line(lambda exchange: Reply(200, b"x" * 1_000_000, b"text/plain"))
    line.transport.capacity = 1000
    line.say(GET)
    assert len(line.heard) < 300_000
    assert line.after(29) == ""
    assert line.after(2) == "aborted"


async def test_a_peer_that_takes_little_is_given_time() -> None:
    line = Line(lambda exchange: Reply(200, b"x" * 1_000_000, b"text/plain"))
    line.transport.capacity = 1000
    line.say(GET)
    for _ in range(5):
        line.transport.take(100)
        assert line.after(29) == ""
    line.connection.connection_lost(None)


async def test_large_bodies_are_sent_as_the_peer_takes_them() -> None:
    line = Line(lambda exchange: Reply(200, b"x" * 1_000_000, b"text/plain"))
    line.transport.capacity = 0
    line.say(GET + GET)
    sizes = []
    while (len(sizes) < 30 and not line.transport.reading) or line.transport.pending:
        sizes.append(line.transport.pending)
        line.transport.take(10**9)
        line.connection.resume_writing()
    assert max(sizes) < 300_000
    heard = line.heard
    assert heard.count(b"HTTP/1.1 200") == 2
    assert heard.count(b"x") == 2_000_000 + heard.count(b"text/plain") + 0
    assert line.connection.active is None


async def test_pipelined_requests_wait_while_the_peer_does_not_read() -> None:
    asked = 0

    def handle(exchange: Exchange) -> Reply:
        nonlocal asked
        asked += 1
        return Reply(200, b"x" * 50_000, b"text/plain")

    line = Line(handle)
    line.transport.capacity = 0
    line.say(GET * 500)
    await settle()
    assert asked <= 16
    assert not line.transport.reading
    line.say(b"")
    while asked < 500:
        line.transport.take(10**9)
        line.connection.resume_writing()
        await settle()
    assert line.transport.reading


async def test_many_pipelined_requests_leave_others_a_turn() -> None:
    asked = 0

    def handle(exchange: Exchange) -> Reply:
        nonlocal asked
        asked += 1
        return Reply(200, b"", b"text/plain")

    line = Line(handle)
    line.say(GET * 100)
    assert asked == 16
    while asked < 100:
        await settle()
    assert line.heard.count(b"HTTP/1.1 200") == 100


async def test_a_connection_lost_between_turns_serves_no_more() -> None:
    asked = 0

    def handle(exchange: Exchange) -> Reply:
        nonlocal asked
        asked += 1
        return Reply(200, b"", b"text/plain")

    line = Line(handle)
    line.say(GET * 100)
    line.connection.connection_lost(None)
    await settle()
    assert asked == 16


async def test_responses_of_one_turn_are_one_write() -> None:
    line = Line(hello)
    writes: list[bytes] = []
    line.transport.write = writes.append  # type: ignore[method-assign,assignment]
    line.say(GET * 5)
    assert [write.count(b"hello") for write in writes] == [5]


async def test_a_reply_for_a_peer_that_left_is_dropped_but_its_work_done() -> None:
    held: list[Exchange] = []
    done: list[bool] = []

    async def after() -> None:
        done.append(True)

    line = Line(lambda exchange: held.append(exchange))
    line.say(GET)
    line.connection.connection_lost(None)
    assert line.site.waiting == 0
    (exchange,) = held
    exchange.respond(Reply(200, b"", b"text/plain", after=after))
    await settle()
    assert done == [True]
    assert line.heard == b""
    assert not line.site.connections
    held.clear()
    other = Line(lambda exchange: held.append(exchange))
    other.say(GET)
    other.connection.connection_lost(None)
    held[0].respond(Reply(200, b"", b"text/plain"))
    assert other.heard == b""


async def test_a_reply_that_cannot_be_written_is_a_500(caplog: pytest.LogCaptureFixture) -> None:
    held: list[Exchange] = []
    line = Line(lambda exchange: held.append(exchange))
    line.say(GET)
    held[0].respond(Reply(200, b"", b"text/plain", [(b"a b", b"")]))
    assert line.heard.startswith(b"HTTP/1.1 500")
    assert "could not be started" in caplog.text


async def test_an_oversized_connection_table_makes_room() -> None:
    line = Line(hello, max_connections=2)
    line.say(GET)
    second, third = Transport(), Transport()
    line.join(second)
    line.join(third)
    assert [line.transport.ended, second.ended, third.ended] == ["closed", "", ""]


async def test_busy_connections_are_not_made_room_of() -> None:
    line = Line(lambda exchange: None, max_connections=1)
    line.say(GET)
    second = Transport()
    line.join(second)
    assert [line.transport.ended, second.ended] == ["", ""]


async def test_a_closing_connection_must_be_flushed_in_time() -> None:
    line = Line(hello)
    line.say(GET)
    line.transport.pending = 100
    assert line.after(6) == "closed"
    line.transport.take(10)
    assert line.after(31) == "closed"
    assert line.after(31) == "aborted"


async def test_a_peer_that_goes_on_after_a_refusal_is_cut_off() -> None:
    line = Line(hello)
    line.say(b"nonsense\r\n\r\n")
    assert line.transport.ended == "half-closed"
    for _ in range(20):
        line.say(b"x" * 60_000)
    assert line.transport.ended == "aborted"


async def test_where_half_closing_is_not_possible_a_refusal_closes() -> None:
    line = Line(hello, half_close=False)
    line.say(b"nonsense\r\n\r\n")
    assert line.transport.ended == "closed"


async def test_shutting_down_closes_what_is_idle_and_waits_for_what_is_not() -> None:
    held: list[Exchange] = []
    line = Line(lambda exchange: held.append(exchange))
    idle = Transport()
    line.join(idle).shut_down()
    assert idle.ended == "closed"
    line.say(GET)
    line.connection.shut_down()
    assert line.transport.ended == ""
    held[0].respond(Reply(200, b"last", b"text/plain"))
    assert b"connection: close" in line.heard
    assert line.transport.ended == "closed"
    line.connection.shut_down()


async def test_the_last_bytes_of_a_peer_are_a_disconnect() -> None:
    line = Line(hello)
    assert line.connection.eof_received() is False


async def test_addresses_of_unix_sockets_are_told() -> None:
    held: list[Exchange] = []
    line = Line(lambda exchange: held.append(exchange))
    line.say(GET)
    assert held[0].client == ("1.2.3.4", 5)
    assert held[0].server == ("/run/socket", None)


async def test_a_refusal_waits_for_the_request_under_way() -> None:
    held: list[Exchange] = []
    line = Line(lambda exchange: held.append(exchange))
    line.say(GET + b"nonsense\r\n\r\n")
    assert line.heard == b""
    held[0].respond(Reply(200, b"first", b"text/plain"))
    heard = line.heard
    assert heard.index(b"first") < heard.index(b"HTTP/1.1 400")
    assert line.transport.ended == "half-closed"


async def test_a_queued_request_with_a_broken_body_is_refused_in_its_turn() -> None:
    held: list[Exchange] = []
    line = Line(lambda exchange: held.append(exchange))
    line.say(GET + b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n")
    held[0].respond(Reply(200, b"first", b"text/plain"))
    assert len(held) == 1
    assert b"HTTP/1.1 400" in line.heard


async def test_a_waiting_request_is_not_counted_twice() -> None:
    held: list[Exchange] = []
    line = Line(lambda exchange: held.append(exchange))
    line.say(GET)
    assert line.site.waiting == 1
    held[0].respond(Reply(200, b"", b"text/plain"))
    assert line.site.waiting == 0


async def test_a_cancelled_task_is_answered_for() -> None:
    async def work(exchange: Exchange) -> None:
        await asyncio.Event().wait()

    line = Line(spawning(work))
    line.say(GET)
    await settle()
    await line.site.tasks.cancel()
    await settle()
    assert line.heard.startswith(b"HTTP/1.1 500")
