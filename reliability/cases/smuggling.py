"""Requests whose end two readers could see in two places: refused, and nothing behind them is read.

Each is followed on the same connection by a request for `/happened`: a server that takes the poison for a
whole request, or a part of it for the next one, answers more than once.
"""

from __future__ import annotations

from reliability.cases.case import Case, answered, either, refused
from reliability.peer import chunked, get, post

_HIDDEN = get("/happened")
_ONE = b"5\r\nhello\r\n0\r\n\r\n"


def _sized(*fields: str, body: bytes = b"hello") -> bytes:
    return get("/", *fields, method="POST") + body + _HIDDEN


def _coded(coding: str, *fields: str, body: bytes = _ONE, method: str = "POST") -> bytes:
    return get("/", f"Transfer-Encoding:{coding}", *fields, method=method) + body + _HIDDEN


def _chunk(body: bytes) -> bytes:
    return chunked("/", body) + _HIDDEN


LENGTHS = tuple(
    Case(f"length: {name}", "9112 6.3", data, refused())
    for name, data in (
        ("two", _sized("Content-Length: 5", "Content-Length: 10")),
        ("the same twice", _sized("Content-Length: 5", "Content-Length: 5")),
        ("list", _sized("Content-Length: 5, 10")),
        ("list of the same", _sized("Content-Length: 5, 5")),
        ("plus sign", _sized("Content-Length: +5")),
        ("minus sign", _sized("Content-Length: -5")),
        ("minus nothing", _sized("Content-Length: -0")),
        ("hexadecimal", _sized("Content-Length: 0x5")),
        ("octal", _sized("Content-Length: 0o5")),
        ("underscore", _sized("Content-Length: 1_0")),
        ("space within", _sized("Content-Length: 1 0")),
        ("words", _sized("Content-Length: five")),
        ("digits and words", _sized("Content-Length: 5x")),
        ("decimal point", _sized("Content-Length: 5.0")),
        ("exponent", _sized("Content-Length: 5e0")),
        ("quotes", _sized('Content-Length: "5"')),
        ("empty", _sized("Content-Length:")),
        ("negative beyond 64 bits", _sized("Content-Length: -123456789123456789123456789")),
        ("of HEAD, two", get("/", "Content-Length: 1", "Content-Length: 2", method="HEAD") + _HIDDEN),
        ("space before the colon", _sized("Content-Length : 5")),
        ("NUL behind", _sized("Content-Length: 5\0")),
        ("folded", _sized("Content-Length:\r\n 5")),
        ("digits of another script", _sized("Content-Length: \xb2")),
    )
)

CODINGS = tuple(
    Case(f"coding: {name}", "9112 6.1", data, refused(400, 501))
    for name, data in (
        ("and a length", _coded(" chunked", "Content-Length: 5")),
        ("behind a length", get("/", "Content-Length: 5", "Transfer-Encoding: chunked", method="POST") + _ONE + _HIDDEN),
        ("and a length of nothing", _coded(" chunked", "Content-Length: 0")),
        ("of GET, and a length", _coded(" chunked", "Content-Length: 5", method="GET")),
        ("of OPTIONS, folded, and a length", _coded("\r\n chunked", "Content-Length: 5", method="OPTIONS")),
        ("and a length, capital", _coded(" Chunked", "Content-Length: 5")),
        ("and a length, space behind", _coded(" chunked ", "Content-Length: 5")),
        ("and a length, comma in front", _coded(" , chunked", "Content-Length: 5")),
        ("and a wrong length", _coded(" chunked", "Content-Length: 5x")),
        ("and a length with a sign", _coded(" chunked", "Content-Length: +5")),
        ("another in front of it", _coded(" gzip, chunked")),
        ("another behind it", _coded(" chunked, gzip")),
        ("another alone", _coded(" gzip")),
        ("identity", _coded(" identity", "Content-Length: 5")),
        ("misspelt", _coded(" xchunked", "Content-Length: 5")),
        ("cut short", _coded(" chunke")),
        ("twice in a list", _coded(" chunked, chunked")),
        ("twice in two fields", _coded(" chunked", "Transfer-Encoding: chunked")),
        ("another field behind it", _coded(" chunked", "Transfer-Encoding: identity")),
        ("another field in front", _coded(" identity", "Transfer-Encoding: chunked")),
        ("comma behind", _coded(" chunked,")),
        ("parameter", _coded(" chunked;a=b")),
        ("quotes", _coded(' "chunked"')),
        ("empty", _coded("")),
        ("vertical tab in front", _coded(" \x0bchunked", "Content-Length: 5")),
        ("form feed in front", _coded(" \x0cchunked", "Content-Length: 5")),
        ("NUL behind", _coded(" chunked\0", "Content-Length: 5")),
        ("space before the colon", get("/", "Transfer-Encoding : chunked", method="POST") + _ONE + _HIDDEN),
        ("folded", _coded("\r\n chunked")),
        ("in HTTP/1.0", _coded(" chunked").replace(b"HTTP/1.1", b"HTTP/1.0", 1)),
        ("in HTTP/1.0, and a length", _coded(" chunked", "Content-Length: 5").replace(b"HTTP/1.1", b"HTTP/1.0", 1)),
    )
)  # fmt: skip

CHUNKS = tuple(
    Case(f"chunk: {name}", "9112 7.1", data, refused())
    for name, data in (
        ("size in hexadecimal notation", _chunk(b"0x5\r\nhello\r\n0\r\n\r\n")),
        ("size with a plus sign", _chunk(b"+5\r\nhello\r\n0\r\n\r\n")),
        ("size with a minus sign", _chunk(b"-5\r\nhello\r\n0\r\n\r\n")),
        ("size with an underscore", _chunk(b"0_5\r\nhello\r\n0\r\n\r\n")),
        ("size after a space", _chunk(b" 5\r\nhello\r\n0\r\n\r\n")),
        ("size before a space", _chunk(b"5 \r\nhello\r\n0\r\n\r\n")),
        ("size before a tab", _chunk(b"5\t\r\nhello\r\n0\r\n\r\n")),
        ("size missing", _chunk(b"\r\nhello\r\n0\r\n\r\n")),
        ("size of other letters", _chunk(b"g\r\nhello\r\n0\r\n\r\n")),
        ("size beyond 64 bits", _chunk(b"FFFFFFFFFFFFFFFF0\r\nhello\r\n0\r\n\r\n")),
        ("size of 2**64 + 5", _chunk(b"10000000000000005\r\nhello\r\n0\r\n\r\n")),
        ("size line ended by LF", _chunk(b"5\nhello\r\n0\r\n\r\n")),
        ("size line ended by CR", _chunk(b"5\rhello\r\n0\r\n\r\n")),
        ("data longer than its size", _chunk(b"5\r\nhello!!\r\n0\r\n\r\n")),
        ("data shorter than its size", _chunk(b"5\r\nhel\r\n0\r\n\r\n")),
        ("data ended by nothing", _chunk(b"5\r\nhello0\r\n\r\n")),
        ("data ended by LF", _chunk(b"5\r\nhello\n0\r\n\r\n")),
        ("data ended by CR", _chunk(b"5\r\nhello\r0\r\n\r\n")),
        ("nothing, with a sign", _chunk(b"+0\r\n\r\n")),
        ("extension ended by LF", _chunk(b"5;a\nhello\r\n0\r\n\r\n")),
        ("extension with CR", _chunk(b"5;a\rb\r\nhello\r\n0\r\n\r\n")),
        ("extension with NUL", _chunk(b"5;a\0\r\nhello\r\n0\r\n\r\n")),
        ("extension with a bracket", _chunk(b"5;a[=b\r\nhello\r\n0\r\n\r\n")),
        ("last one ended by LF", _chunk(b"5\r\nhello\r\n0\n\r\n")),
        ("trailers ended by LF", _chunk(b"5\r\nhello\r\n0\r\n\n")),
        ("trailer ended by LF", _chunk(b"5\r\nhello\r\n0\r\nX-A: 1\n\r\n")),
        ("trailer without a colon", _chunk(b"5\r\nhello\r\n0\r\nX-A\r\n\r\n")),
        ("trailer with NUL", _chunk(b"5\r\nhello\r\n0\r\nX-A: \0\r\n\r\n")),
        ("trailer folded", _chunk(b"5\r\nhello\r\n0\r\nX-A: 1\r\n 2\r\n\r\n")),
    )
)

# What is not against the rules, but must end where it says: the request behind it is the next one.
ENDS = tuple(
    Case(f"end: {name}", clause, data, judge)
    for name, clause, data, judge in (
        ("length of nothing, then a letter", "9112 6.3", get("/", "Content-Length: 0", method="POST") + b"X" + _HIDDEN,
         lambda heard: [r.status for r in heard.responses] == [200, 400] and heard.closed),
        ("GET with a body", "9110 9.3.1", get("/", "Content-Length: 5") + b"hello" + _HIDDEN, answered(2)),
        ("GET with a request for a body", "9110 9.3.1", get("/", f"Content-Length: {len(_HIDDEN)}") + _HIDDEN, answered(1)),
        ("body that looks like a request", "9112 6.3", post("/", _HIDDEN), answered(1, _HIDDEN)),
        ("chunk that looks like a request", "9112 7.1", chunked("/", b"%x\r\n%b\r\n0\r\n\r\n" % (len(_HIDDEN), _HIDDEN)), answered(1, _HIDDEN)),
        ("trailers that look like framing", "9110 6.5.1", _chunk(b"5\r\nhello\r\n0\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n"), either(answered(2), refused())),
        ("trailers that look like a host", "9110 6.5.1", _chunk(b"5\r\nhello\r\n0\r\nHost: other\r\n\r\n"), either(answered(2), refused())),
        ("underscore for a dash", "9112 6.1", get("/", "Transfer_Encoding: chunked", "Content-Length: 5", method="POST") + b"hello" + _HIDDEN, answered(2)),
        ("leading zeros", "9110 8.6", _sized("Content-Length: 005"), either(answered(2), refused())),
        ("tab before the length", "9110 5.5", _sized("Content-Length:\t5"), either(answered(2), refused())),
        ("space behind the length", "9110 5.5", _sized("Content-Length: 5 "), either(answered(2), refused())),
        ("space behind chunked", "9110 5.5", _coded(" chunked "), either(answered(2), refused())),
        ("capital Chunked", "9112 7", _coded(" Chunked"), answered(2)),
        ("unknown expectation", "9110 10.1.1", get("/", "Expect: 200-ok") + _HIDDEN, either(answered(2), refused(417))),
        ("body sent before it was asked for", "9110 10.1.1", post("/", b"hello", "Expect: 100-continue") + _HIDDEN, answered(2)),
    )
)  # fmt: skip

SMUGGLING = (*LENGTHS, *CODINGS, *CHUNKS, *ENDS)
