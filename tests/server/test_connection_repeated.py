"""Requests on a connection that had nothing to do are answered as any other, only sooner."""

from __future__ import annotations

from typing import Any

import pytest

from pronghorn._engine.exchange import Exchange
from pronghorn._engine.reply import Reply
from tests.server.line import GET, Line, hello, settle, spawning

pytestmark = pytest.mark.anyio


def fail(exchange: Exchange) -> Reply:
    raise RuntimeError("on purpose")


async def work(exchange: Exchange) -> None:
    exchange.respond(Reply(201, b"done", b"text/plain"))


def with_fields(exchange: Exchange) -> Reply:
    return Reply(200, b"fields", b"text/plain", [(b"x-a", b"b")])


def large(exchange: Exchange) -> Reply:
    return Reply(200, b"x" * 200_000, b"text/plain")


def closing(exchange: Exchange) -> Reply:
    return Reply(200, b"last", None, [(b"content-length", b"4"), (b"connection", b"close")])


@pytest.mark.parametrize(
    "handler",
    [hello, fail, spawning(work), with_fields, large, closing],
    ids=lambda handler: handler.__name__,
)
async def test_a_second_request_is_answered_like_the_first(handler: Any) -> None:
    line = Line(handler)
    line.say(GET)
    await settle()
    first, ended = line.heard, line.transport.ended
    if ended:
        line.say(GET)
        await settle()
        assert line.heard == b""
        return
    for _ in range(3):
        line.say(GET)
        await settle()
        assert line.heard == first
    assert line.connection.active is None
    assert line.site.waiting == 0


async def test_what_follows_a_reply_is_done_for_every_request() -> None:
    done: list[int] = []

    async def after() -> None:
        done.append(1)

    line = Line(lambda exchange: Reply(200, b"", b"text/plain", (), after))
    for _ in range(3):
        line.say(GET)
    await settle()
    assert len(done) == 3


async def test_a_server_with_enough_to_do_says_so() -> None:
    line = Line(hello, max_active_requests=1)
    line.say(GET)
    line.site.waiting = 1
    line.say(GET)
    assert line.heard.count(b"HTTP/1.1 503 Service Unavailable") == 1


async def test_an_idle_connection_ends_in_time_counted_from_its_last_response() -> None:
    line = Line(hello, keep_alive_timeout=5)
    line.say(GET)
    assert line.after(4) == ""
    line.say(GET)
    assert line.after(4) == ""
    assert line.after(3) == "closed"


async def test_the_last_response_of_a_server_that_stops_closes_the_connection() -> None:
    line = Line(hello)
    line.say(GET)
    line.site.drain()
    line.say(GET)
    assert b"connection: close" in line.heard
    assert line.transport.ended == "closed"


async def test_a_peer_that_lags_behind_is_on_the_clock_for_that() -> None:
    line = Line(lambda exchange: Reply(200, b"x" * 60_000, b"text/plain"), write_timeout=10)
    line.say(GET)
    line.transport.capacity = 0
    line.say(GET)
    line.say(GET)
    assert line.after(9) == ""
    assert line.after(5) == "aborted"
