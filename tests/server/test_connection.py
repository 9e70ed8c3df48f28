"""The order of requests and responses, flow control and ends of a connection."""

from __future__ import annotations

import asyncio
import gc
import socket

import pytest

from pronghorn._engine.exchange import Exchange
from pronghorn._engine.reply import Reply
from pronghorn.server.connection import HttpConnection
from pronghorn.server.reader import RequestReader
from tests.server.line import GET, Line, Transport, hello, settle, spawning

pytestmark = pytest.mark.anyio


async def test_large_bodies_are_sent_as_the_peer_takes_them() -> None:
    line = Line(lambda exchange: Reply(200, b"x" * 1_000_000, b"text/plain"))
    line.transport.capacity = 0
    line.say(GET + GET)
    sizes: list[int] = []
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


async def test_a_broken_body_that_nobody_wanted_gets_no_second_response() -> None:
    line = Line(hello)
    line.say(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n\r\n")
    assert line.heard.count(b"HTTP/1.1 ") == 1
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


async def test_what_an_application_says_after_a_refusal_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    async def late_reply(exchange: Exchange) -> None:
        await exchange.receive()
        exchange.respond(Reply(200, b"late", b"text/plain"))

    async def late_messages(exchange: Exchange) -> None:
        await exchange.receive()
        await exchange.send({"type": "http.response.start", "status": 200})
        await exchange.send({"type": "http.response.body"})

    for work in (late_reply, late_messages):
        line = Line(spawning(work))
        line.say(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        await settle()
        line.say(b"nonsense\r\n")
        await settle()
        assert line.heard.count(b"HTTP/1.1 ") == 1
        assert not line.site.tasks.running
    assert not caplog.records


CLOSING = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("rest", [b"x", GET, GET[:9]], ids=["anything", "a request", "half a request"])
async def test_a_peer_that_says_more_after_its_last_request_can_read_the_response(rest: bytes) -> None:
    line = Line(hello)
    line.say(CLOSING + rest)
    assert line.heard.count(b"HTTP/1.1 ") == 1
    assert line.transport.ended == "half-closed"
    line.say(b"x" * 1000)
    assert line.heard == b""
    assert line.after(2) == "half-closed"
    assert line.after(1) == "aborted"


async def test_requests_after_the_last_one_that_is_answered_do_not_reset_its_response() -> None:
    line = Line(lambda exchange: Reply(200, b"bye", b"text/plain", [(b"connection", b"close")]))
    line.say(GET + GET)
    assert line.heard.count(b"HTTP/1.1 ") == 1
    assert line.transport.ended == "half-closed"


async def test_what_the_kernel_has_and_nobody_reads_does_not_reset_the_response_either() -> None:
    line = Line(hello)
    line.transport.socket, peer = socket.socketpair()
    with line.transport.socket, peer:
        peer.sendall(b"x")
        line.say(CLOSING)
    assert line.transport.ended == "half-closed"


async def test_a_connection_without_anything_unread_is_closed_at_once() -> None:
    line = Line(hello)
    line.say(CLOSING)
    assert line.transport.ended == "closed"


async def test_a_connection_leaves_no_cycles_to_the_collector() -> None:
    line = Line(hello)
    line.say(GET + b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
    line.connection.connection_lost(None)
    gc.collect()
    gc.disable()
    try:
        gone = {id(line.connection), id(line.connection._reader)}
        del line.connection, line.transport.protocol
        left = [one for one in gc.get_objects() if isinstance(one, HttpConnection | RequestReader)]
        assert not gone & set(map(id, left))
    finally:
        gc.enable()
