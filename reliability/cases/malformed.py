"""What is no HTTP request, and what goes over the limits: one 4xx, and the door."""

from __future__ import annotations

from reliability.cases.case import Case, refused
from reliability.peer import chunked, get

_HOST = b"Host: reliability\r\n"


def _line(line: bytes) -> bytes:
    return line + b"\r\n" + _HOST + b"\r\n"


LINES = tuple(
    Case(name, clause, data, refused())
    for name, clause, data in (
        ("line: lower-case method", "9110 9.1", _line(b"get / HTTP/1.1")),
        ("line: unknown method", "9110 9.1", _line(b"PRONG / HTTP/1.1")),
        ("line: very long method", "9110 9.1", _line(b"G" * 5000 + b" / HTTP/1.1")),
        ("line: brackets in the method", "9110 5.6.2", _line(b"G[E]T / HTTP/1.1")),
        ("line: no target", "9112 3", _line(b"GET HTTP/1.1")),
        ("line: no version", "9112 3", b"GET / \r\n" + _HOST + b"\r\n"),
        ("line: tab for a space", "9112 3", _line(b"GET\t/ HTTP/1.1")),
        ("line: two spaces before the version", "9112 3", _line(b"GET /  HTTP/1.1")),
        ("line: space in the target", "9112 3.2", _line(b"GET /a b HTTP/1.1")),
        ("line: space at its start", "9112 2.2", _line(b" GET / HTTP/1.1")),
        ("line: space at its end", "9112 3", _line(b"GET / HTTP/1.1 ")),
        ("line: words in front", "9112 3", _line(b"And now: GET / HTTP/1.1")),
        ("line: ended by LF", "9112 2.2", b"GET / HTTP/1.1\n" + _HOST + b"\r\n"),
        ("line: ended by CR", "9112 2.2", b"GET / HTTP/1.1\r" + _HOST + b"\r\n"),
        ("line: many empty ones", "9112 2.2", b"\r\n" * 50),
        ("line: only spaces", "9112 3", b"   \r\n\r\n"),
        ("version: lower case", "9112 2.3", _line(b"GET / http/1.1")),
        ("version: without a minor", "9112 2.3", _line(b"GET / HTTP/1")),
        ("version: leading zeros", "9112 2.3", _line(b"GET / HTTP/01.01")),
        ("version: two digits", "9112 2.3", _line(b"GET / HTTP/1.10")),
        ("version: a space in it", "9112 2.3", _line(b"GET / HTTP/ 1.1")),
        ("version: another protocol", "9112 2.3", _line(b"GET / RTSP/1.0")),
        ("version: of Icecast", "9112 2.3", _line(b"SOURCE / ICE/1.0")),
        ("target: fragment", "9112 3.2", _line(b"GET /a#b HTTP/1.1")),
        ("target: asterisk for GET", "9112 3.2.4", _line(b"GET * HTTP/1.1")),
        ("target: no slash", "9112 3.2", _line(b"GET a HTTP/1.1")),
        ("target: scheme that is not ours", "9112 3.2.2", _line(b"GET ftp://reliability/ HTTP/1.1")),
        ("target: user in the authority", "9110 4.2.4", _line(b"GET http://me@reliability/ HTTP/1.1")),
        ("target: NUL", "3986 2", _line(b"GET /\0a HTTP/1.1")),
        ("target: control character", "3986 2", _line(b"GET /\x07 HTTP/1.1")),
        ("target: delete character", "3986 2", _line(b"GET /\x7f HTTP/1.1")),
        ("target: UTF-8 unescaped", "3986 2", _line("GET /é HTTP/1.1".encode())),
        ("target: overlong UTF-8", "3986 2", _line(b"GET /\xc0\xaf HTTP/1.1")),
        ("bytes: TLS", "9112 3", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 50),
        ("bytes: noise", "9112 3", bytes(range(128, 256)) * 2),
    )
)

VERSIONS = (
    Case("version: 2.0", "9112 2.3", _line(b"GET / HTTP/2.0"), refused(400, 505)),
    Case("version: 9.9", "9112 2.3", _line(b"GET / HTTP/9.9"), refused(400, 505)),
    Case("version: none, and no fields", "9112 2.3", b"GET /\r\n\r\n", refused(400, 505)),
    Case("version: 0.9", "9112 2.3", _line(b"GET / HTTP/0.9"), refused(400, 505)),
    Case("version: preface of HTTP/2", "9113 3.4", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", refused(400, 505)),
    Case("method: CONNECT", "9110 9.3.6", _line(b"CONNECT reliability:443 HTTP/1.1"), refused(400, 405, 501)),
)

FIELDS = tuple(
    Case(name, clause, data, refused())
    for name, clause, data in (
        ("host: none", "9112 3.2", b"GET / HTTP/1.1\r\n\r\n"),
        ("host: empty", "9110 7.2", b"GET / HTTP/1.1\r\nHost:\r\n\r\n"),
        ("host: two", "9112 3.2", get("/", "Host: other")),
        ("host: the same twice", "9112 3.2", get("/", "Host: reliability")),
        ("host: a list", "9112 3.2", b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
        ("host: with a user", "9112 3.2", b"GET / HTTP/1.1\r\nHost: me@a\r\n\r\n"),
        ("host: with a path", "9112 3.2", b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        ("host: with a query", "9112 3.2", b"GET / HTTP/1.1\r\nHost: a?b\r\n\r\n"),
        ("host: with a scheme", "9112 3.2", b"GET / HTTP/1.1\r\nHost: http://a\r\n\r\n"),
        ("host: port of letters", "3986 3.2.3", b"GET / HTTP/1.1\r\nHost: a:port\r\n\r\n"),
        ("host: two ports", "3986 3.2.3", b"GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n"),
        ("host: bracket left open", "3986 3.2.2", b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
        ("host: space in it", "3986 3.2.2", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        ("field: space before the colon", "9112 5.1", get("/", "X-A : 1")),
        ("field: tab before the colon", "9112 5.1", get("/", "X-A\t: 1")),
        ("field: no colon", "9112 5", get("/", "X-A")),
        ("field: no name", "9110 5.1", get("/", ": 1")),
        ("field: bracket in the name", "9110 5.1", get("/", "X[A]: 1")),
        ("field: NUL in the name", "9110 5.1", get("/", "X\0A: 1")),
        ("field: letter beyond ASCII in the name", "9110 5.1", get("/", "X-\xe9: 1")),
        ("field: folded", "9112 5.2", get("/", "X-A: 1\r\n 2")),
        ("field: folded by a tab", "9112 5.2", get("/", "X-A: 1\r\n\t2")),
        ("field: space at the first one", "9112 2.2", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        ("field: blank line of spaces first", "9112 2.2", b"GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n"),
        ("field: NUL in the value", "9110 5.5", get("/", "X-A: 1\x002")),
        ("field: CR in the value", "9110 5.5", get("/", "X-A: 1\r2")),
        ("field: bell in the value", "9110 5.5", get("/", "X-A: \x07")),
        ("field: delete character in the value", "9110 5.5", get("/", "X-A: \x7f")),
        ("field: ended by LF", "9112 2.2", b"GET / HTTP/1.1\r\nHost: a\nX-A: 1\r\n\r\n"),
        ("fields: ended by LF LF", "9112 2.2", b"GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\n\n"),
        (
            "fields: CR before their end",
            "9112 2.2",
            get("/", "X-A: 1").replace(b"\r\n\r\n", b"\r\n\rX: 2\r\n\r\n"),
        ),
        ("fields: ended by CR CR", "9112 2.2", b"GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\r\n\r\n"),
    )
)

LIMITS = (
    Case("limit: target of 12 kB", "9110 15.5.15", get("/" + "a" * 12_000), refused(414)),
    Case("limit: target of 64 kB", "9110 15.5.15", get("/" + "a" * 64_000), refused(414)),
    Case("limit: value of 64 kB", "6585 5", get("/", "X-A: " + "a" * 64_000), refused(431)),
    Case("limit: name of 64 kB", "6585 5", get("/", "X" * 64_000 + ": 1"), refused(431)),
    Case("limit: 1,000 fields", "6585 5", get("/", *(f"X-{i}: 1" for i in range(1000))), refused(431)),
    Case(
        "limit: chunk extension of 64 kB", "9112 7.1.1",
        chunked("/", b"5;e=" + b"a" * 64_000 + b"\r\nhello\r\n0\r\n\r\n"), refused(400, 431),
    ),
    Case(
        "limit: trailers of 64 kB", "9112 7.1.2",
        chunked("/", b"0\r\nX-A: " + b"a" * 64_000 + b"\r\n\r\n"), refused(400, 431),
    ),
    Case("limit: length beyond 64 bits", "9112 6.3", get("/", f"Content-Length: {2**64}", method="POST"), refused()),
)  # fmt: skip

MALFORMED = (*LINES, *VERSIONS, *FIELDS, *LIMITS)
