"""What RFC 9110 and 9112 ask of an answer to a request that is in order, or not complete yet."""

from __future__ import annotations

from reliability.cases.case import (
    Case,
    Conversation,
    answered,
    either,
    refused,
    waits,
    with_field,
    with_status,
    without_field,
)
from reliability.peer import chunked, get, post

_KEY = ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")
_UPGRADE = ("Connection: Upgrade", "Upgrade: websocket", *_KEY)
_WHOLE = get("/", "X-A:", method="GET")


def _not_switched(heard: Conversation) -> bool:
    return len(heard.responses) == 1 and heard.responses[0].status >= 200 and not heard.broken


def _bodyless(heard: Conversation) -> bool:
    return answered(1, b"")(heard) and int(heard.responses[0].header("content-length") or 0) > 0


ANSWERS = tuple(
    Case(name, clause, data, judge)
    for name, clause, data, judge in (
        ("get", "9110 9.3.1", get("/"), answered()),
        ("date", "9110 6.6.1", get("/"), with_field("date", answered())),
        ("content type", "9110 8.3", get("/"), with_field("content-type", answered())),
        ("names in any case", "9110 5.1", b"GET / HTTP/1.1\r\nhOsT:\treliability\r\n\r\n", answered()),
        ("empty value", "9110 5.5", get("/", "X-A:"), answered()),
        ("value of spaces", "9110 5.5", get("/", "X-A:   "), answered()),
        ("value beyond ASCII", "9110 5.5", get("/", "X-A: \xe9"), answered()),
        ("empty line first", "9112 2.2", b"\r\n" + get("/"), answered()),
        ("two requests in one", "9112 9.3", get("/") * 2, answered(2)),
        ("eight requests in one", "9112 9.3", get("/") * 8, answered(8)),
        ("absolute form", "9112 3.2.2", get("http://reliability/"), answered()),
        ("absolute form, other host", "9112 3.2.2", get("http://other/"), answered()),
        ("asterisk form", "9112 3.2.4", get("*", method="OPTIONS"), with_status(200, 204, 404, 405)),
        ("long target", "9110 4.1", get("/seen/" + "a" * 4000), answered()),
        ("escaped NUL", "3986 2.1", get("/seen/%00"), either(answered(), refused(), with_status(404))),
        ("escaped line break", "3986 2.1", get("/seen/%0d%0aX-B:%201"), without_field("x-b", with_status(200, 400, 404))),
        ("body", "9112 6.2", post("/", b"hello"), answered(1, b"hello")),
        ("body of nothing", "9112 6.2", post("/", b""), answered(1, b"")),
        ("body not announced", "9112 6.3", get("/", method="POST"), answered(1, b"")),
        ("chunked body", "9112 7.1", chunked("/", b"5\r\nhello\r\n0\r\n\r\n"), answered(1, b"hello")),
        ("several chunks", "9112 7.1", chunked("/", b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"), answered(1, b"hello!")),
        ("no chunk", "9112 7.1", chunked("/", b"0\r\n\r\n"), answered(1, b"")),
        ("chunk size in capitals", "9112 7.1", chunked("/", b"A\r\n0123456789\r\n0\r\n\r\n"), answered(1, b"0123456789")),
        ("chunk size with zeros", "9112 7.1", chunked("/", b"005\r\nhello\r\n000\r\n\r\n"), answered(1, b"hello")),
        ("chunk extension", "9112 7.1.1", chunked("/", b"5;a=b;c\r\nhello\r\n0\r\n\r\n"), answered(1, b"hello")),
        ("chunk extension in quotes", "9112 7.1.1", chunked("/", b'5;a="b c"\r\nhello\r\n0\r\n\r\n'), answered(1, b"hello")),
        ("trailer", "9112 7.1.2", chunked("/", b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"), answered(1, b"hello")),
        ("range of POST", "9110 14.2", post("/", b"hello", "Range: bytes=0-1"), answered(1, b"hello")),
        ("expectation", "9110 10.1.1", get("/", "Expect: 100-continue"), answered()),
        ("head", "9110 9.3.2", get("/head", method="HEAD"), _bodyless),
        ("no content", "9110 15.3.5", get("/empty"), without_field("content-length", without_field("transfer-encoding", with_status(204)))),
        ("method not allowed", "9110 15.5.6", get("/", method="DELETE"), with_field("allow", with_status(405))),
        ("close", "9112 9.6", get("/", "Connection: close"), answered(closed=True)),
        ("close, then another", "9112 9.6", get("/", "Connection: close") + get("/"), answered(closed=True)),
        ("HTTP/1.0", "9112 9.3", b"GET / HTTP/1.0\r\nHost: a\r\n\r\n", answered(closed=True)),
        ("HTTP/1.0 without a host", "9112 3.2", b"GET / HTTP/1.0\r\n\r\n", answered(closed=True)),
        ("HTTP/1.0 that stays", "9112 9.3", b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", answered()),
        ("HTTP/1.0, no interim answer", "9110 15.2", b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", answered(1, b"hello", closed=True)),
        ("HTTP/1.0, no chunks", "9112 6.1", b"GET /stream?size=5 HTTP/1.0\r\n\r\n", without_field("transfer-encoding", answered(1, b"xxxxx", closed=True))),
        ("upgrade of POST", "6455 4.1", get("/", *_UPGRADE, method="POST"), _not_switched),
        ("upgrade without Connection", "6455 4.2.1", get("/", "Upgrade: websocket", *_KEY), _not_switched),
        ("upgrade to the unknown", "9110 7.8", get("/", "Connection: Upgrade", "Upgrade: prong/1"), answered()),
        ("upgrade in HTTP/1.0", "9110 7.8", get("/", *_UPGRADE).replace(b"HTTP/1.1", b"HTTP/1.0"), _not_switched),
        ("upgrade to another version", "6455 4.4", get("/ws", *_UPGRADE).replace(b"Version: 13", b"Version: 99"), with_field("sec-websocket-version", with_status(426))),
        ("upgrade without a key", "6455 4.2.1", get("/ws", *_UPGRADE[:2], _KEY[1]), with_status(400)),
    )
)  # fmt: skip

UNFINISHED = (
    *(
        Case(f"unfinished: {len(piece)} bytes of the head", "9112 3", piece, waits)
        for piece in (_WHOLE[:size] for size in range(1, len(_WHOLE)))
    ),
    Case("unfinished: nothing", "9112 3", b"", waits),
    Case("unfinished: body", "9112 8", post("/", b"hello")[:-1], waits),
    Case("unfinished: chunk size", "9112 8", chunked("/", b"5"), waits),
    Case("unfinished: chunk", "9112 8", chunked("/", b"5\r\nhel"), waits),
    Case("unfinished: no last chunk", "9112 8", chunked("/", b"5\r\nhello\r\n"), waits),
    Case("unfinished: trailers", "9112 8", chunked("/", b"5\r\nhello\r\n0\r\nX-A: 1\r\n"), waits),
    Case("unfinished: huge body", "9112 8", get("/", "Content-Length: 999999", method="POST"), waits),
)

RULES = (*ANSWERS, *UNFINISHED)
