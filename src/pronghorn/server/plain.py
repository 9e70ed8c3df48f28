"""Requests of the ordinary kind, read at a glance.

Lives here: reading a request that has arrived whole and alone, and asks for nothing unusual. Must not live
here: judging anything else, which is the reader's and llhttp's.
Invariant: what is read here is what `reader.RequestReader` makes of the same bytes; in doubt nothing is read.

PERF: a header line means the same wherever it stands, and most lines come again and again. What they mean is
remembered: a third of the time that the parser's callbacks take. Of a name whose values never come again
(a request's id, a token) only the name is. bench/counted.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from pronghorn.server.clock import NEVER
from pronghorn.server.config import ServerConfig
from pronghorn.server.heads import FIELD_VALUE, TOKEN
from pronghorn.server.proxy import FORWARDED
from pronghorn.server.target import BadTarget, check_host, decode_path


def _changing_all_but(ordinary: bytes) -> bytes:
    """A table for `bytes.translate` under which text stays as it is exactly if all of it is ordinary.

    PERF: translating is the quickest way to ask that, since without a change nothing is made.
    """
    return bytes(code if code in ordinary else code ^ 1 for code in range(256))


# The characters of a target that leave nothing to judge.
_ORDINARY = _changing_all_but(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/?&=%+,:@!$'()*;"
)
# The characters that a value may hold.
_TEXT = _changing_all_but(bytes(code for code in range(256) if FIELD_VALUE.fullmatch(bytes((code,)))))

# HEAD is not among them: its answer has no body, which is unusual.
_METHODS = {name.encode(): name for name in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")}
_VERSION = b"HTTP/1.1"

Field = tuple[bytes, bytes]

# What a line means beside its field: nothing, that it is the Host, or a proxy's word on the client, or that the
# parser has to see it; else one more than the content-length.
_NOTHING, _HOST, _FORWARDED, _UNUSUAL = 0, -1, -2, -3
Meaning = tuple[Field, int]
_LEFT: Meaning = (b"", b""), _UNUSUAL

_UNUSUAL_NAMES = frozenset({b"transfer-encoding", b"upgrade", b"expect", b"proxy-connection"})
_DECIDING = frozenset({b"host", b"content-length", b"connection"}) | _UNUSUAL_NAMES

# So many lines are remembered, of a name, of all, and of what length.
_MOST_OF_A_NAME, _MOST_LINES, _LONGEST = 64, 2048, 512
# What is remembered may have gone out of use: after so many seconds all is forgotten.
_RENEWAL = 600.0


class PlainRequest(Protocol):
    """What is filled in: made as a request of HTTP/1.1 after which the connection stays open."""

    method: str
    path: str
    raw_path: bytes
    query: bytes
    headers: list[Field]
    body: bytes | None
    root_path: str


Request = TypeVar("Request", bound=PlainRequest)


class HeaderLines:
    """What header lines mean, as far as they came before; shared by the connections of a server.

    Args:
        config: whether proxies are listened to.

    Attributes:
        known: the meaning of lines.
        varying: names as sent, and in lower case, of which no more lines are remembered, and whose values decide
            nothing.
    """

    __slots__ = ("_forget_at", "_forwarded", "_names", "_values", "known", "varying")

    def __init__(self, config: ServerConfig) -> None:
        self._forwarded = FORWARDED[config.forwarded_fields] if config.proxy_headers else frozenset()
        self.known: dict[bytes, Meaning] = {}
        self.varying: dict[bytes, bytes] = {}
        self._names: dict[bytes, bytes] = {}
        self._values: dict[bytes, int] = {}
        self._forget_at: float | None = None

    def renew(self, now: float) -> None:
        """Forget everything, if that was last done long ago.

        Args:
            now: the event loop's time, in seconds.
        """
        if self._forget_at is None or now >= self._forget_at:
            self._forget_at = now + _RENEWAL
            for memory in (self.known, self.varying, self._names, self._values):
                memory.clear()

    def learn(self, line: bytes) -> Meaning:
        """The meaning of a line that is not known, without its end."""
        name, colon, value = line.partition(b":")
        lower = self._names.get(name)
        if lower is None:
            if TOKEN.fullmatch(name) is None:
                return _LEFT
            lower = name.lower()
        value = value.strip(b" \t")
        if not colon or FIELD_VALUE.fullmatch(value) is None:
            return _LEFT
        kind = _kind(lower, value) if lower in _DECIDING else _NOTHING
        if kind == _UNUSUAL:
            return _LEFT
        meaning = (lower, value), _FORWARDED if lower in self._forwarded else kind
        self._keep(name, line, meaning)
        return meaning

    def _keep(self, name: bytes, line: bytes, meaning: Meaning) -> None:
        (lower, _), kind = meaning
        values = self._values.get(lower, 0)
        if values < _MOST_OF_A_NAME and len(self.known) < _MOST_LINES and len(line) <= _LONGEST:
            self._values[lower] = values + 1
            self._names[name] = lower
            self.known[line] = meaning
        elif (
            kind == _NOTHING
            and lower not in _DECIDING
            and len(self.varying) < _MOST_LINES
            and len(name) <= _LONGEST
        ):
            self.varying[name] = lower


def _kind(name: bytes, value: bytes) -> int:
    """What a field that decides how a request is read says."""
    if name == b"host":
        try:
            check_host(value)
        except BadTarget:
            return _UNUSUAL
        return _HOST
    if name == b"content-length":
        return int(value) + 1 if value.isdigit() and len(value) < 16 else _UNUSUAL
    return _NOTHING if name == b"connection" and value.lower() == b"keep-alive" else _UNUSUAL


class PlainReader(Generic[Request]):
    """Reads the ordinary requests of one connection.

    Args:
        config: the limits.
        lines: what is known of header lines.
        new_request: makes the object that a request is read into.

    Attributes:
        forwarded: whether fields of the last request are a proxy's word on its client.
    """

    __slots__ = (
        "_block",
        "_fields",
        "_length",
        "_lines",
        "_max_body",
        "_max_fields",
        "_max_target",
        "_most",
        "_new_request",
        "forwarded",
    )

    def __init__(self, config: ServerConfig, lines: HeaderLines, new_request: Callable[[], Request]) -> None:
        self._lines = lines
        self._new_request = new_request
        # Short of the limit of a head by the longest beginning.
        self._most = config.max_head_size - config.max_target_size - len("OPTIONS  HTTP/1.1\r\n\r\n\r\n")
        self._max_fields = config.max_header_fields
        self._max_target = config.max_target_size
        self._max_body = NEVER if config.max_body_size is None else config.max_body_size
        self._block: bytes | None = None
        self._fields: list[Field] = []
        self._length = 0
        self.forwarded = False

    def read(self, data: bytes) -> Request | None:
        """The request that `data` is, no more and no less; None where the reader has to see it."""
        head, blank, body = data.partition(b"\r\n\r\n")
        line, _, block = head.partition(b"\r\n")
        # PERF: clients that keep a connection often send the same fields with every request.
        if block == self._block:
            fields = self._fields.copy()
        else:
            taken = self._take_over(block)
            if taken is None:
                return None
            fields = taken
        try:
            method, target, version = line.split(b" ")
            name = _METHODS[method]
            path, _, query = target.partition(b"?")
            text = path.decode("ascii")
        except (ValueError, KeyError):
            return None
        if (
            len(body) != self._length
            or not blank
            or version != _VERSION
            or not text
            or text[0] != "/"
            or len(target) > self._max_target
            or target.translate(_ORDINARY) != target
        ):
            return None
        request = self._new_request()
        request.method = name
        request.raw_path = path
        request.path = decode_path(path) if "%" in text else text
        request.query = query
        request.headers = fields
        request.body = body
        request.root_path = ""
        return request

    def _take_over(self, block: bytes) -> list[Field] | None:
        """The fields of header lines, without the last one's end; None when one of them is not plain."""
        known, varying = self._lines.known, self._lines.varying
        fields: list[Field] = []
        hosts, length, forwarded = 0, -1, False
        for line in block.split(b"\r\n"):
            meaning = known.get(line)
            if meaning is None:
                name, colon, value = line.partition(b":")
                lower = varying.get(name)
                if lower is not None and colon and value.translate(_TEXT) == value:
                    fields.append((lower, value.strip(b" \t")))
                    continue
                meaning = self._lines.learn(line)
            field, kind = meaning
            fields.append(field)
            if kind:
                if kind == _HOST:
                    hosts += 1
                elif kind == _FORWARDED:
                    forwarded = True
                elif kind > 0 and length < 0:
                    length = kind - 1
                else:
                    return None  # unusual, or two lengths
        if hosts != 1 or len(fields) > self._max_fields or length > self._max_body or len(block) > self._most:
            return None
        self._block, self._fields, self.forwarded = block, fields.copy(), forwarded
        self._length = length if length > 0 else 0
        return fields
