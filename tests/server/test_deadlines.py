"""Deadlines of a connection."""

from __future__ import annotations

import asyncio
import socket

import pytest

from pronghorn._engine.exchange import Exchange
from pronghorn._engine.reply import Reply
from tests.server.line import GET, POST, Line, Transport, hello, settle, spawning

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


async def test_a_peer_that_stops_taking_is_dropped_as_soon_as_one_that_never_began() -> None:
    line = Line(lambda exchange: Reply(200, b"x" * 1_000_000, b"text/plain"))
    line.transport.capacity = 1000
    line.say(GET)
    assert line.after(10) == ""
    line.transport.take(100)
    assert line.after(30) == ""
    assert line.after(1) == "aborted"


async def test_a_growing_buffer_does_not_hide_that_the_peer_takes_some() -> None:
    line = Line(hello)
    outlet = line.connection.outlet
    line.transport.pending = 100
    outlet.watch(0)
    line.transport.pending = 300
    assert not outlet.is_stuck(5, 10)
    line.transport.take(100)
    assert not outlet.is_stuck(9, 10)
    assert not outlet.is_stuck(18, 10)
    assert outlet.is_stuck(19, 10)


async def test_a_request_that_only_the_event_loop_has_kept_waiting_is_answered() -> None:
    line = Line(hello)
    line.say(GET)
    line.transport.socket, peer = socket.socketpair()
    with line.transport.socket, peer:
        peer.sendall(GET)
        assert line.after(60) == ""
        line.connection.shut_down()
        assert line.transport.ended == ""
        line.say(line.transport.socket.recv(1000))
        assert line.after(6) == "closed"
        newcomer = Transport()
        line.join(newcomer)
        newcomer.socket = line.transport.socket
        peer.sendall(GET)
        line.after(60)
        assert newcomer.ended == ""
        newcomer.socket.recv(1000)
        line.after(1)
        assert newcomer.ended == "closed"


async def test_a_closing_connection_must_be_flushed_in_time() -> None:
    line = Line(hello)
    line.say(GET)
    line.transport.pending = 100
    assert line.after(6) == "closed"
    line.transport.take(10)
    assert line.after(29) == "closed"
    assert line.after(2) == "aborted"


async def test_a_peer_that_goes_on_after_a_refusal_is_no_longer_read_and_then_cut_off() -> None:
    line = Line(hello)
    line.say(b"nonsense\r\n\r\n")
    assert line.transport.ended == "half-closed"
    for _ in range(17):
        line.say(b"x" * 60_000)
    assert line.transport.reading
    line.say(b"x" * 60_000)
    assert not line.transport.reading
    assert line.after(2) == "half-closed"
    assert line.after(1) == "aborted"


async def test_where_half_closing_is_not_possible_a_refusal_closes() -> None:
    line = Line(hello, half_close=False)
    line.say(b"nonsense\r\n\r\n")
    assert line.transport.ended == "closed"
