"""Every parser that a peer's bytes reach, as work on an input of a given size.

Lives here: inputs that would be bad for a careless parser. Limits are lifted: what is measured is the
parser, not the limit in front of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import cookie_parser

from pronghorn._compile.wire import parse_query, read_cookies
from pronghorn.server.config import ServerConfig
from pronghorn.server.proxy import TrustedProxies
from pronghorn.server.reader import RequestReader
from pronghorn.server.target import BadTarget, check_host, decode_path, split_target
from reliability.complexity import Parse
from reliability.forms import VAST, parse_fields, parse_parts


class _Request:
    """What a reader fills in; keeps nothing of the body."""

    method: str
    path: str
    raw_path: bytes
    query: bytes
    headers: list[tuple[bytes, bytes]]
    http_version: str
    keep_alive: bool
    length: int | None
    body: bytes | None = None
    expects_continue = False
    upgrades = False

    def take_body(self, data: bytes) -> None:
        """Thrown away."""

    def end_body(self) -> None:
        """Nothing to do."""


def _read(make: Callable[[int], list[bytes]]) -> Parse:
    config = ServerConfig(
        max_head_size=VAST, max_header_fields=VAST, max_target_size=VAST, max_pipelined=VAST
    )

    def parse(size: int) -> Callable[[], object]:
        pieces = make(size)

        def work() -> None:
            reader: RequestReader[Any] = RequestReader(config, _Request)
            for piece in pieces:
                reader.feed(piece)

        return work

    return parse


def _on(function: Callable[[Any], object], make: Callable[[int], Any]) -> Parse:
    def parse(size: int) -> Callable[[], object]:
        data = make(size)
        return lambda: function(data)

    return parse


def _host(value: bytes) -> None:
    try:
        check_host(value)
    except BadTarget:
        return


def _forwarded(value: bytes) -> object:
    return _PROXIES.origin(("127.0.0.1", 1), "http", [(b"x-forwarded-for", value)])


_PROXIES = TrustedProxies("127.0.0.0/8")
_HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"
_CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
_FIELD = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'

PARSERS: dict[str, Parse] = {
    "head, one long value": _read(lambda n: [_HEAD + b"X: " + b"a" * 4 * n + b"\r\n\r\n"]),
    "head, byte by byte": _read(lambda n: [_HEAD, *[b"a"] * n, b": 1\r\n\r\n"]),
    "head, many fields": _read(lambda n: [_HEAD + b"X: 1\r\n" * n + b"\r\n"]),
    "head, line breaks only": _read(lambda n: [_HEAD, *[b"X: \r\n"] * n, b"\r\n"]),
    "target, long": _read(lambda n: [b"GET /" + b"a" * 4 * n + b" HTTP/1.1\r\nHost: a\r\n\r\n"]),
    "chunks of one byte": _read(lambda n: [_CHUNKED, b"1\r\na\r\n" * n, b"0\r\n\r\n"]),
    "chunks, byte by byte": _read(lambda n: [_CHUNKED, *[b"1", b"\r", b"\n", b"a", b"\r", b"\n"] * n]),
    "chunks full of empty lines": _read(lambda n: [_CHUNKED, b"%x\r\n" % (4 * n), b"\r\n\r\n" * n, b"\r\n0\r\n\r\n"]),
    "pipelined requests": _read(lambda n: [_HEAD + b"\r\n"] * n),
    "pipelined requests in one read": _read(lambda n: [(_HEAD + b"\r\n") * n]),
    "host, long": _on(_host, lambda n: b"a." * n + b"@"),
    "host, percents": _on(_host, lambda n: b"%41" * n + b"%"),
    "target in absolute form": _on(lambda t: split_target(t, "GET"), lambda n: b"http://a/" + b"?" * 4 * n),
    "path, escaped": _on(decode_path, lambda n: b"/" + b"%41" * n),
    "query, plain": _on(parse_query, lambda n: b"a=1&" * n),
    "query, escaped": _on(parse_query, lambda n: b"a=%41&" * n),
    "query, ampersands": _on(parse_query, lambda n: b"&" * 4 * n),
    "query, equals signs": _on(parse_query, lambda n: b"=" * 4 * n),
    "cookies": _on(cookie_parser, lambda n: "a=1; " * n),
    "cookies, quotes": _on(cookie_parser, lambda n: 'a="' + "\\1" * 4 * n + '"'),
    "cookies, backslashes": _on(cookie_parser, lambda n: 'a="' + "\\" * 4 * n),
    "cookies, many fields": _on(read_cookies, lambda n: [(b"cookie", b"a=1")] * n),
    "forwarded addresses": _on(_forwarded, lambda n: b"127.0.0.1, " * n),
    "forwarded, commas": _on(_forwarded, lambda n: b"," * 4 * n),
    "form": _on(parse_fields, lambda n: b"a=1&" * n),
    "form, ampersands": _on(parse_fields, lambda n: b"&" * n),
    "multipart, fields": _on(parse_parts, lambda n: _FIELD * n + b"--b--\r\n"),
    "multipart, one large field": _on(parse_parts, lambda n: _FIELD[:-3] + b"x" * 4 * n + b"\r\n--b--\r\n"),
    "multipart, dashes": _on(parse_parts, lambda n: _FIELD[:-3] + b"\r\n--" * 4 * n + b"\r\n--b--\r\n"),
    "multipart, line breaks": _on(parse_parts, lambda n: _FIELD[:-3] + b"\r" * 4 * n + b"\r\n--b--\r\n"),
}  # fmt: skip
