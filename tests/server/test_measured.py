"""Size and duration in the access log, by every way that a response can take."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from pronghorn.server import Server, running
from pronghorn.server.exchange import HttpExchange
from pronghorn.server.measured import MeasuredExchange
from tests.server.applications import Fast
from tests.server.line import GET, Line, hello
from tests.server.peer import connected


class Streaming(Fast):
    def do_stream(self, exchange: Any) -> None:
        async def pieces() -> None:
            await exchange.send({"type": "http.response.start", "status": 200, "headers": []})
            for piece in (b"a" * 10, b"", b"b" * 100_000):
                await exchange.send({"type": "http.response.body", "body": piece, "more_body": True})
            assert exchange.send_piece(b"d" * 5) is None
            await exchange.send({"type": "http.response.body", "body": b"c"})

        exchange.spawn(pieces())


@pytest.fixture
def server(caplog: pytest.LogCaptureFixture) -> Iterator[Server]:
    caplog.set_level(logging.INFO, "pronghorn.access")
    with running(Streaming(), access_log=True, access_log_format="json") as server:
        yield server


@pytest.mark.parametrize(
    ("method", "path", "size"),
    [
        ("GET", "/hello", 5),
        ("GET", "/fields", 4),
        ("GET", "/raw", 3),
        ("GET", "/close", 3),
        ("GET", "/empty", 0),
        ("GET", "/large", 1_000_000),
        ("GET", "/largeraw", 1_000_000),
        ("GET", "/stream", 100_016),
        ("GET", "/raises", 21),
        ("GET", "/split", 21),
        ("HEAD", "/hello", 0),
        ("HEAD", "/stream", 0),
    ],
)
def test_the_size_is_that_of_the_body(
    server: Server, caplog: pytest.LogCaptureFixture, method: str, path: str, size: int
) -> None:
    with connected(server) as peer:
        answer = peer.get(path, method=method)
        if answer.header("connection") is None:
            peer.get("/close")  # when this is answered, the first line is written
        assert peer.is_closed()
    first = json.loads(next(line.getMessage() for line in caplog.records if line.name == "pronghorn.access"))
    assert (first["status"], first["size"]) == (answer.status, size)
    assert size == len(answer.body)
    assert 0 < first["seconds"] < 30


@pytest.mark.parametrize(
    ("said", "status", "expected"),
    [
        (b"nonsense\r\n\r\n", 400, ("-", "-", 0)),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, ("-", "-", 0)),
        (
            b"POST /body?a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\nx\r\n",
            400,
            ("POST", "/body?a", None),
        ),
    ],
    ids=["no request", "a long target", "a broken body"],
)
def test_what_the_server_refuses_is_told_too(
    server: Server,
    caplog: pytest.LogCaptureFixture,
    said: bytes,
    status: int,
    expected: tuple[str, str, float | None],
) -> None:
    with connected(server) as peer:
        peer.say(said)
        answer = peer.answer()
        assert peer.is_closed()
    (line,) = [json.loads(one.getMessage()) for one in caplog.records if one.name == "pronghorn.access"]
    method, target, seconds = expected
    assert (answer.status, line["status"]) == (status, status)
    assert (line["method"], line["target"]) == (method, target)
    assert line["size"] == len(answer.body) > 0
    assert line["seconds"] == seconds if seconds is not None else line["seconds"] > 0


@pytest.mark.anyio
async def test_nothing_is_measured_where_nobody_asks() -> None:
    seen: list[Any] = []

    def handle(exchange: Any) -> Any:
        seen.append(type(exchange))
        return hello(exchange)

    line = Line(handle)
    line.say(GET + GET)
    assert seen == [HttpExchange, HttpExchange]
    line.site.log_access = lambda exchange, status: None
    line.say(GET + GET)
    assert seen[2:] == [MeasuredExchange, MeasuredExchange]
