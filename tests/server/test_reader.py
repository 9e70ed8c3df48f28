from typing import Any

import pytest

from pronghorn.server.config import ServerConfig
from pronghorn.server.incoming import Refusal
from pronghorn.server.reader import RequestReader


class Recorded:
    """A request as the reader fills it in."""

    method: str
    path: str
    raw_path: bytes
    query: bytes
    headers: list[tuple[bytes, bytes]]
    http_version: str = "1.1"
    keep_alive: bool = True
    length: int | None = 0
    body: bytes | None = None
    expects_continue: bool = False
    upgrades: bool = False
    root_path: str = ""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.complete = False

    def take_body(self, data: bytes) -> None:
        self.pieces.append(data)

    def end_body(self) -> None:
        self.complete = True

    def limits_body(self) -> bool:
        return self.path == "/limited"

    def facts(self) -> dict[str, object]:
        return {
            "method": self.method,
            "path": self.path,
            "raw_path": self.raw_path,
            "query": self.query,
            "version": self.http_version,
            "headers": self.headers,
            "keep_alive": self.keep_alive,
            "expects": self.expects_continue,
            "upgrades": self.upgrades,
            "body": self.body if self.body is not None else b"".join(self.pieces),
            "complete": self.complete or self.body is not None,
        }


def new_reader(**limits: Any) -> RequestReader[Recorded]:
    return RequestReader(ServerConfig(**limits), Recorded)


def read(*pieces: bytes, **limits: Any) -> RequestReader[Recorded]:
    reader = new_reader(**limits)
    for piece in pieces:
        reader.feed(piece)
    return reader


def outcome(*pieces: bytes) -> tuple[list[dict[str, object]], Refusal | None, bytes]:
    reader = read(*pieces)
    return [request.facts() for request in reader.requests], reader.refusal, reader.rest


def one(data: bytes) -> dict[str, object]:
    requests, refusal, _ = outcome(data)
    assert refusal is None
    (request,) = requests
    return request


def refused(data: bytes, **limits: Any) -> int:
    refusal = read(data, **limits).refusal
    assert refusal is not None
    return refusal.status


HOST = b"Host: a.example\r\n"

VALID = {
    "get": b"GET / HTTP/1.1\r\n" + HOST + b"\r\n",
    "query": b"GET /a/%C3%A9?x=1&y=%20 HTTP/1.1\r\n" + HOST + b"Accept: a\r\nAccept: b\r\n\r\n",
    "blank-line-first": b"\r\nGET / HTTP/1.1\r\n" + HOST + b"\r\n",
    "sized": b"POST /p HTTP/1.1\r\n" + HOST + b"Content-Length: 11\r\n\r\nhello\r\n\r\nyo",
    "chunked": b"POST /p HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    b"5;e=1\r\nhello\r\n4\r\n\r\n\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
    "trailers": b"POST /p HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: Chunked\r\n\r\n"
    b"5\r\nhello\r\n0\r\nAuthorization: me\r\nX-Empty:\r\n\r\n",
    "expect": b"PUT /p HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\nok",
    "pipelined": b"POST /1 HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
    b"GET /2 HTTP/1.1\r\n" + HOST + b"\r\n"
    b"POST /3 HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\n\r\nb"
    b"GET /4 HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
    "old": b"GET / HTTP/1.0\r\n\r\n",
    "old-keep-alive": b"GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n",
    "absolute": b"GET http://b.example:80/x?y HTTP/1.1\r\n" + HOST + b"\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "ignored-upgrade": b"GET / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    b"GET /2 HTTP/1.1\r\n" + HOST + b"\r\n",
    "ignored-upgrade-sized": b"POST /1 HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n"
    b"Content-Length: 5\r\n\r\nGET /GET /2 HTTP/1.1\r\n" + HOST + b"\r\n",
    "ignored-upgrade-chunked": b"POST /1 HTTP/1.1\r\n"
    + HOST
    + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /2 HTTP/1.1\r\n" + HOST + b"\r\n",
    "ignored-upgrade-close": b"POST /1 HTTP/1.1\r\n"
    + HOST
    + b"Connection: Upgrade, close\r\nUpgrade: h2c\r\n"
    b"Content-Length: 5\r\n\r\nhello",
    "line-feed-first": b"\nGET / HTTP/1.1\r\n" + HOST + b"\r\n",
    "websocket": b"GET /ws HTTP/1.1\r\n"
    + HOST
    + b"Connection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n\x81\x80",
}


@pytest.mark.parametrize("name", VALID)
def test_a_request_cut_at_any_byte_is_the_same_request(name: str) -> None:
    data = VALID[name]
    expected = outcome(data)
    assert expected[1] is None
    assert expected[0]
    for cut in range(1, len(data)):
        assert expected == outcome(data[:cut], data[cut:])


@pytest.mark.parametrize("name", VALID)
def test_a_request_in_single_bytes_is_the_same_request(name: str) -> None:
    data = VALID[name]
    assert outcome(data) == outcome(*(data[i : i + 1] for i in range(len(data))))


def test_line_and_fields_are_read() -> None:
    assert one(VALID["query"]) == {
        "method": "GET",
        "path": "/a/é",
        "raw_path": b"/a/%C3%A9",
        "query": b"x=1&y=%20",
        "version": "1.1",
        "headers": [(b"host", b"a.example"), (b"accept", b"a"), (b"accept", b"b")],
        "keep_alive": True,
        "expects": False,
        "upgrades": False,
        "body": b"",
        "complete": True,
    }


def test_bodies_are_read_to_their_end() -> None:
    assert one(VALID["sized"])["body"] == b"hello\r\n\r\nyo"
    assert one(VALID["chunked"])["body"] == b"hello\r\n\r\n0123456789"
    assert one(VALID["chunked"])["complete"]


def test_trailers_are_thrown_away() -> None:
    request = one(VALID["trailers"])
    assert request["headers"] == [(b"host", b"a.example"), (b"transfer-encoding", b"Chunked")]
    assert request["body"] == b"hello"


def test_expectation_is_noticed() -> None:
    assert one(VALID["expect"])["expects"]


def test_targets_in_other_forms_become_paths() -> None:
    absolute = one(VALID["absolute"])
    assert (absolute["path"], absolute["query"]) == ("/x", b"y")
    assert one(VALID["asterisk"])["path"] == "*"


def test_old_clients_close_unless_they_say_otherwise() -> None:
    assert not one(VALID["old"])["keep_alive"]
    requests, _, _ = outcome(VALID["old-keep-alive"])
    assert [request["keep_alive"] for request in requests] == [True, False]


def test_pipelined_requests_are_read_in_order_up_to_a_close() -> None:
    requests, refusal, rest = outcome(VALID["pipelined"] + b"GET /5 HTTP/1.1\r\n\r\n")
    assert [request["path"] for request in requests] == ["/1", "/2", "/3", "/4"]
    assert refusal is None
    assert rest == b""


def test_an_upgrade_to_something_else_is_ignored_and_its_body_read() -> None:
    for name in ("ignored-upgrade", "ignored-upgrade-sized", "ignored-upgrade-chunked"):
        requests, refusal, _ = outcome(VALID[name])
        assert refusal is None
        assert [request["upgrades"] for request in requests] == [False, False]
    assert outcome(VALID["ignored-upgrade-sized"])[0][0]["body"] == b"GET /"


def test_what_follows_a_websocket_handshake_is_kept() -> None:
    reader = read(VALID["websocket"], b"\x00\x01")
    assert reader.requests[0].upgrades
    assert reader.rest == b"\x81\x80\x00\x01"


def test_an_upgrade_from_an_old_client_is_ignored() -> None:
    data = b"GET / HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    assert not one(data)["upgrades"]


def test_reading_stops_when_enough_requests_wait() -> None:
    head = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
    reader = read(head * 20, max_pipelined=8)
    assert len(reader.requests) == 9
    assert reader.rest == head * 11
    reader.requests.clear()
    reader.feed(b"")
    assert len(reader.requests) == 9
    assert reader.rest == head * 2


def test_nothing_is_read_after_stop() -> None:
    reader = new_reader()
    reader.stop()
    reader.feed(VALID["get"])
    assert not reader.requests
    assert reader.refusal is None


REFUSED = {
    "no-host": (400, b"GET / HTTP/1.1\r\n\r\n"),
    "two-hosts": (400, b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
    "two-hosts-old": (400, b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
    "host-with-path": (400, b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    "host-with-user": (400, b"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
    "host-empty": (400, b"GET / HTTP/1.1\r\nHost:\r\n\r\n"),
    "host-port": (400, b"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"),
    "space-before-colon": (400, b"GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
    "folded": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"),
    "bare-lf": (400, b"GET / HTTP/1.1\nHost: a\r\n\r\n"),
    "nul": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n"),
    "bare-cr": (400, b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"),
    "lower-case-method": (400, b"get / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "unknown-method": (400, b"NONSENSE / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "fragment": (400, b"GET /#x HTTP/1.1\r\nHost: a\r\n\r\n"),
    "asterisk-get": (400, b"GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
    "other-scheme": (400, b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    "absolute-bad-authority": (400, b"GET http://a@b/ HTTP/1.1\r\nHost: a\r\n\r\n"),
    "raw-bytes-in-path": (400, b"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"),
    "length-and-chunks": (
        400,
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    "chunks-and-length": (
        400,
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    ),
    "two-lengths": (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
    "length-list": (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc"),
    "length-sign": (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc"),
    "length-huge": (400, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"),
    "other-coding": (400, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    "coding-twice": (
        400,
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    ),
    "chunks-from-old": (400, b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "chunk-size-prefix": (
        400,
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
    ),
    "chunk-bare-lf": (
        400,
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n",
    ),
    "chunk-too-long": (400, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"),
    "connect": (501, b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"),
    "version": (505, b"GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
    "not-http": (400, b"\x16\x03\x01\x02"),
    "blank-lines": (400, b"\r\n" * 20),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_rfc_9112_forbids_is_refused(name: str) -> None:
    status, data = REFUSED[name]
    assert refused(data) == status


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_is_read_after_a_refusal(name: str) -> None:
    _, data = REFUSED[name]
    reader = read(data + VALID["get"])
    assert reader.refusal is not None
    before = len(reader.requests)
    reader.feed(VALID["get"])
    assert len(reader.requests) == before


@pytest.mark.parametrize(
    "host", [b"a", b"a.example:8000", b"127.0.0.1:80", b"[::1]", b"[::1]:80", b"a:", b"x%20y"]
)
def test_hosts_of_the_grammar_are_accepted(host: bytes) -> None:
    assert one(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")["headers"] == [(b"host", host)]


def test_a_head_that_is_too_large_is_refused_before_it_is_parsed() -> None:
    head = b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 40_000
    assert refused(head) == 431
    assert refused(head + b"\r\n\r\n") == 431
    reader = new_reader()
    for _ in range(10):
        reader.feed(b"GET / HTTP/1.1\r\nX: " + b"a" * 10_000 if not reader.gathered else b"a" * 10_000)
    assert reader.refusal is not None
    assert reader.refusal.status == 431
    assert len(reader.gathered) <= 33_000


def test_too_many_fields_are_refused() -> None:
    fields = b"".join(b"X-%d: 1\r\n" % i for i in range(100))
    assert refused(b"GET / HTTP/1.1\r\n" + HOST + fields + b"\r\n") == 431


def test_a_long_target_is_refused() -> None:
    assert refused(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n") == 414
    assert refused(b"GET /" + b"a" * 40_000) == 414


def test_bodies_over_the_limit_are_refused() -> None:
    assert refused(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 11\r\n\r\n", max_body_size=10) == 413
    chunked = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + b"3\r\nabc\r\n" * 4
    assert refused(chunked, max_body_size=10) == 413
    assert (
        read(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 10\r\n\r\n", max_body_size=10).refusal is None
    )


def test_bodies_that_the_application_limits_are_its_own_affair() -> None:
    start = b"POST /limited HTTP/1.1\r\n" + HOST
    sized = start + b"Content-Length: 11\r\n\r\n" + b"a" * 11
    chunked = start + b"Transfer-Encoding: chunked\r\n\r\n" + b"3\r\nabc\r\n" * 4 + b"0\r\n\r\n"
    elsewhere = (sized + chunked).replace(b"/limited", b"/")
    reader = read(sized, chunked, max_body_size=10)
    assert [request.facts()["complete"] for request in reader.requests] == [True, True]
    assert refused(sized + elsewhere, max_body_size=10) == 413


def test_endless_trailers_and_chunk_extensions_are_refused() -> None:
    start = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
    trailers = [b"0\r\n"] + [b"X: " + b"a" * 1000 + b"\r\n"] * 40
    refusal = read(start, *trailers).refusal
    assert refusal is not None
    assert refusal.status == 431
    extension = [b"1;"] + [b"a" * 1000] * 40
    refusal = read(start, *extension).refusal
    assert refusal is not None
    assert refusal.status == 431


def test_a_reader_knows_of_what_came_after_its_last_request() -> None:
    last = b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
    for rest, expected in ((b"", False), (b"x", True), (last, True)):
        for parts in ((last + rest,), (last, rest)):
            reader = read(*parts)
            reader.requests.clear()
            assert reader.has_more is expected


def test_what_came_of_a_body_before_it_broke_counts_against_its_limit() -> None:
    start = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    assert refused(start + b"3\r\nabc\r\n" * 2 + b"nonsense", max_body_size=5) == 413
    assert refused(start + b"3\r\nabc\r\n" * 2 + b"nonsense", max_body_size=6) == 400


def test_many_small_chunks_are_no_overhead() -> None:
    start = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    reader = read(start, b"1\r\na\r\n" * 20_000, b"0\r\n\r\n")
    assert reader.refusal is None
    assert reader.requests[0].complete
