"""Requests of the ordinary kind, read at a glance.

Lives here: reading a request that has arrived whole and alone, and asks for nothing unusual. Must not live
here: judging anything else, which is the reader's and llhttp's.
Invariant: what is read here is what `reader.RequestReader` makes of the same bytes; in doubt nothing is read.

PERF: a header line means the same wherever it stands, and most lines come again and again. What they mean is
remembered: a third of the time that the parser's callbacks take. bench/counted.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from pronghorn.server.config import ServerConfig
from pronghorn.server.heads import FIELD_VALUE, TOKEN
from pronghorn.server.proxy import FORWARDED
from pronghorn.server.target import BadTarget, check_host, decode_path

# The characters of a target that leave nothing to judge.
_ORDINARY = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/?&=%+,:@!$'()*;"
# HEAD is not among them: its answer has no body, which is unusual.
_METHODS = {name.encode(): name for name in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")}
_QUERY, _PERCENT = b"?%"
_VERSION = b"HTTP/1.1\r\n"
_NO_BLOCK = b"\0"

Field = tuple[bytes, bytes]

# What a line means beside its field: nothing, that it is the Host, or is a proxy's word on the client; else
# one more than the content-length.
_NOTHING, _HOST, _FORWARDED = 0, -1, -2
Meaning = tuple[Field, int]

_UNUSUAL = frozenset({b"transfer-encoding", b"upgrade", b"expect", b"proxy-connection"})
_DECIDING = frozenset({b"host", b"content-length", b"connection"}) | _UNUSUAL

# So many lines are remembered, of a name, of all, and of what length; so many new ones later all are forgotten.
_MOST_OF_A_NAME, _MOST_LINES, _LONGEST, _RENEWAL = 64, 2048, 512, 100_000


class PlainRequest(Protocol):
    """What is filled in: made as a request of HTTP/1.1 after which the connection stays open."""

    method: str
    path: str
    raw_path: bytes
    query: bytes
    headers: list[Field]
    body: bytes | None
    forwarded: bool


Request = TypeVar("Request", bound=PlainRequest)


class HeaderLines:
    """What header lines mean, as far as they came before; shared by the connections of a server.

    Args:
        config: whether proxies are listened to.

    Attributes:
        known: the meaning of lines.
    """

    __slots__ = ("_counts", "_forwarded", "_learnt", "_names", "known")

    def __init__(self, config: ServerConfig) -> None:
        self._forwarded = FORWARDED[config.forwarded_fields] if config.proxy_headers else frozenset()
        self.known: dict[bytes, Meaning] = {}
        self._names: dict[bytes, bytes] = {}
        self._counts: dict[bytes, int] = {}
        self._learnt = 0

    def learn(self, line: bytes) -> Meaning | None:
        """The meaning of a line that is not known, without its end; None where that is for the parser to say."""
        name, colon, value = line.partition(b":")
        lower = self._names.get(name)
        if lower is None:
            if TOKEN.fullmatch(name) is None:
                return None
            lower = name.lower()
        value = value.strip(b" \t")
        if not colon or FIELD_VALUE.fullmatch(value) is None:
            return None
        kind = _kind(lower, value) if lower in _DECIDING else _NOTHING
        if kind is None:
            return None
        meaning = (lower, value), _FORWARDED if lower in self._forwarded else kind
        self._learnt += 1
        if self._counts.get(lower, 0) < _MOST_OF_A_NAME or self._learnt >= _RENEWAL:
            self._keep(name, lower, line, meaning)
        return meaning

    def _keep(self, name: bytes, lower: bytes, line: bytes, meaning: Meaning) -> None:
        if self._learnt >= _RENEWAL:
            self._learnt = 0
            for memory in (self.known, self._names, self._counts):
                memory.clear()
        if len(self.known) < _MOST_LINES and len(line) <= _LONGEST:
            self._counts[lower] = self._counts.get(lower, 0) + 1
            self._names[name] = lower
            self.known[line] = meaning


def _kind(name: bytes, value: bytes) -> int | None:
    """What a field that decides how a request is read says; None when that is unusual."""
    if name == b"host":
        try:
            check_host(value)
        except BadTarget:
            return None
        return _HOST
    if name == b"content-length":
        return int(value) + 1 if value.isdigit() and len(value) < 16 else None
    return _NOTHING if name == b"connection" and value.lower() == b"keep-alive" else None


class PlainReader(Generic[Request]):
    """Reads the ordinary requests of one connection.

    Args:
        config: the limits.
        lines: what is known of header lines.
        new_request: makes the object that a request is read into.
    """

    __slots__ = (
        "_block",
        "_block_before_body",
        "_fields",
        "_forwarded",
        "_length",
        "_lines",
        "_max_body",
        "_max_fields",
        "_max_target",
        "_most",
        "_new_request",
    )

    def __init__(self, config: ServerConfig, lines: HeaderLines, new_request: Callable[[], Request]) -> None:
        self._lines = lines
        self._new_request = new_request
        # Short of the limit of a head by the longest beginning.
        self._most = config.max_head_size - config.max_target_size - len("OPTIONS  ")
        self._max_fields = config.max_header_fields
        self._max_target = config.max_target_size
        self._max_body = config.max_body_size
        self._block = self._block_before_body = _NO_BLOCK
        self._length = 0
        self._fields: list[Field] = []
        self._forwarded = False

    def read(self, data: bytes) -> Request | None:
        """The request that `data` is, no more and no less; None where the reader has to see it."""
        parts = data.split(b" ", 2)
        if len(parts) != 3:
            return None
        method, target, rest = parts
        # PERF: clients that keep a connection often send the same fields with every request.
        body = b"" if rest == self._block else self._read_block(rest)
        name = _METHODS.get(method)
        if (
            name is None
            or body is None
            or len(target) > self._max_target
            or target[:1] != b"/"
            or target.translate(None, _ORDINARY)
        ):
            return None
        request = self._new_request()
        request.method = name
        if _QUERY in target:
            target, _, request.query = target.partition(b"?")
        else:
            request.query = b""
        request.raw_path = target
        request.path = decode_path(target) if _PERCENT in target else target.decode("ascii")
        request.headers = self._fields.copy()
        request.body = body
        if self._forwarded:
            request.forwarded = True
        return request

    def _read_block(self, rest: bytes) -> bytes | None:
        """Take over the version and the header lines that `rest` begins with.

        Returns:
            The body, which is what follows and has to be complete; None when something is not plain.
        """
        if rest.startswith(self._block_before_body):
            body = rest[len(self._block_before_body) :]
            return body if len(body) == self._length else None
        end = rest.find(b"\r\n\r\n") + 4
        if end < 4 or end > self._most or not rest.startswith(_VERSION):
            return None
        length = self._read_lines(rest[len(_VERSION) : end - 4].split(b"\r\n"))
        if len(rest) != end + length or (self._max_body is not None and length > self._max_body):
            return None
        self._length = length
        self._block = _NO_BLOCK if length else rest
        self._block_before_body = rest[:end] if length else _NO_BLOCK
        return rest[end:]

    def _read_lines(self, lines: list[bytes]) -> int:
        """Take over header lines; the length of the body, or -1 when one of them is not plain."""
        known = self._lines.known
        self._fields = fields = []
        self._block = self._block_before_body = _NO_BLOCK
        self._forwarded = False
        hosts, length = 0, -1
        for line in lines:
            meaning = known.get(line) or self._lines.learn(line)
            if meaning is None:
                return -1
            field, kind = meaning
            fields.append(field)
            if kind:
                if kind == _HOST:
                    hosts += 1
                elif kind == _FORWARDED:
                    self._forwarded = True
                elif length < 0:
                    length = kind - 1
                else:
                    return -1  # two lengths
        if hosts != 1 or len(fields) > self._max_fields:
            return -1
        return length if length > 0 else 0
