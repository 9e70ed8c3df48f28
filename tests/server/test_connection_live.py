"""The whole server over real sockets: the fast entry and the order of responses."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from pronghorn.server import Server, running
from tests.server.applications import Fast
from tests.server.peer import connected


@pytest.fixture(scope="module")
def app() -> Fast:
    return Fast()


@pytest.fixture(scope="module", params=["uvloop", "asyncio"])
def server(app: Fast, request: pytest.FixtureRequest) -> Iterator[Server]:
    with running(app, loop=request.param) as server:
        yield server


def test_a_reply_is_written_with_date_and_length(server: Server) -> None:
    with connected(server) as peer:
        answer = peer.get("/hello")
        assert (answer.status, answer.body) == (200, b"hello")
        assert answer.header("content-type") == "text/plain"
        assert answer.header("date") is not None
        assert answer.header("server") is None
        assert answer.header("connection") is None


def test_a_connection_serves_many_requests(server: Server) -> None:
    with connected(server) as peer:
        assert [peer.get("/hello").body for _ in range(20)] == [b"hello"] * 20


def test_further_fields_follow(server: Server) -> None:
    with connected(server) as peer:
        answer = peer.get("/fields")
        assert answer.status == 201
        assert answer.header("x-one") == "1"
        assert answer.header("set-cookie") == "a=b"
        assert peer.get("/fields").status == 201


def test_the_application_can_ask_to_close(server: Server) -> None:
    with connected(server) as peer:
        assert peer.get("/close").header("connection") == "close"
        assert peer.is_closed()


def test_the_client_can_ask_to_close(server: Server) -> None:
    with connected(server) as peer:
        assert peer.get("/hello", "Connection: close").header("connection") == "close"
        assert peer.is_closed()


def test_a_complete_header_list_is_completed_where_http_needs_it(server: Server) -> None:
    with connected(server) as peer:
        answer = peer.get("/raw")
        assert answer.header("x-raw") == "yes"
        assert answer.header("content-length") == "3"


def test_head_and_204_have_no_body(server: Server) -> None:
    with connected(server) as peer:
        answer = peer.get("/hello", method="HEAD")
        assert answer.header("content-length") == "5"
        empty = peer.get("/empty")
        assert empty.status == 204
        assert empty.header("content-length") is None
        assert peer.get("/hello").body == b"hello"


def test_an_old_client_is_answered_and_let_go(server: Server) -> None:
    with connected(server) as peer:
        peer.say(b"GET /hello HTTP/1.0\r\n\r\n")
        answer = peer.answer()
        assert answer.body == b"hello"
        assert answer.header("connection") == "close"
        assert peer.is_closed()


def test_an_old_client_may_stay_if_it_asks(server: Server) -> None:
    with connected(server) as peer:
        for _ in range(2):
            peer.say(b"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert peer.answer().header("connection") == "keep-alive"


def test_large_bodies_arrive_whole(server: Server) -> None:
    with connected(server) as peer:
        for path in ("/large", "/largeraw", "/large"):
            assert len(peer.get(path).body) == 1_000_000


def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    paths = ["hello", "fields", "raw", "large", "empty"] * 12
    with connected(server) as peer:
        peer.say(b"".join(f"GET /{path} HTTP/1.1\r\nHost: a\r\n\r\n".encode() for path in paths))
        lengths = [len(peer.answer().body) for _ in paths]
    assert lengths == [5, 4, 3, 1_000_000, 0] * 12


def test_a_body_in_the_same_packet_is_there_at_once(server: Server) -> None:
    with connected(server) as peer:
        assert peer.post("/body", b"abc").body == b"at once: abc"
        assert peer.get("/body").body == b"at once: "


def test_a_body_that_arrives_later_is_waited_for(server: Server) -> None:
    with connected(server) as peer:
        for _ in range(2):
            peer.say(b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n")
            assert peer.head() == (100, [])
            peer.say(b"abc")
            peer.say(b"def")
            assert peer.answer().body == b"later: abcdef"


def test_after_work_runs_when_the_reply_is_out(server: Server, app: Fast) -> None:
    app.events.clear()
    with connected(server) as peer:
        assert peer.get("/after").body == b"first"
        assert peer.get("/hello").body == b"hello"
    assert app.events == ["after"]


@pytest.mark.parametrize("path", ["/raises", "/split", "/silent"])
def test_an_application_that_fails_is_answered_for(
    server: Server, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), connected(server) as peer:
        answer = peer.get(path)
        assert (answer.status, answer.body) == (500, b"Internal Server Error")
        assert peer.is_closed()
    assert caplog.records


def test_a_second_reply_is_an_error_that_harms_nobody(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(server) as peer:
        assert peer.get("/twice").body == b"one"
        assert peer.get("/hello").body == b"hello"
    assert "already been started" in caplog.text


def test_what_is_not_http_gets_one_400_and_the_door(server: Server) -> None:
    with connected(server) as peer:
        peer.say(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = peer.answer()
        assert answer.status == 400
        assert answer.header("connection") == "close"
        assert peer.is_closed()


def test_requests_before_a_bad_one_are_answered(server: Server) -> None:
    with connected(server) as peer:
        peer.say(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        assert peer.answer().body == b"hello"
        assert peer.answer().status == 400
        assert peer.is_closed()


def test_a_bad_body_ends_a_request_that_waits_for_it(server: Server) -> None:
    with connected(server) as peer:
        peer.say(b"POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        peer.say(b"xyz\r\n")
        assert peer.answer().status == 400
        assert peer.is_closed()


def test_an_unread_short_body_is_thrown_away(server: Server) -> None:
    with connected(server) as peer:
        peer.say(b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
        assert peer.answer().body == b"hello"
        peer.say(b"12345")
        assert peer.get("/hello").body == b"hello"


def test_an_unread_long_body_ends_the_connection(server: Server) -> None:
    with connected(server) as peer:
        peer.say(b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" + b"x" * 1000)
        assert peer.answer().header("connection") == "close"
        assert peer.is_closed()


def test_an_unmet_expectation_ends_the_connection(server: Server) -> None:
    with connected(server) as peer:
        peer.say(b"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert peer.answer().header("connection") == "close"
        assert peer.is_closed()


def test_a_client_that_goes_on_sending_after_the_last_request_reads_its_answer_to_the_end(
    server: Server,
) -> None:
    for method, fields in (
        ("GET", "Connection: close"),
        ("POST", "Content-Length: 900000\r\nConnection: close"),
    ):
        with connected(server) as peer:
            peer.say(f"{method} /hello HTTP/1.1\r\nHost: peer\r\n{fields}\r\n\r\n".encode() + b"x" * 900_000)
            assert peer.answer().body == b"hello"
            assert peer.stream.read(1) == b""
