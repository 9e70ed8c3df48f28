"""Response heads, as bytes.

Lives here: the one place where status lines and header fields are validated and written, and the heads
kept finished for a second. Must not live here: the framing of bodies (`framing`), any I/O.
Invariant: no byte of an application reaches a head without having passed `field_line`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from email.utils import formatdate
from http import HTTPStatus

from pronghorn.server.flow import SLICE

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# RFC 9110 section 5.5: visible characters, spaces, tabs, obs-text; never CR, LF or NUL.
FIELD_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")

_STATUS_LINES = {
    status.value: b"HTTP/1.1 %d %s\r\n" % (status, status.phrase.encode()) for status in HTTPStatus
}

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSE_LINE = b"connection: close\r\n"
KEEP_ALIVE_LINE = b"connection: keep-alive\r\n"
CHUNKED_LINE = b"transfer-encoding: chunked\r\n"

_MOST_KEPT = 1024


def status_line(status: int) -> bytes:
    """The first line of a response.

    Raises:
        ValueError: the status is not a number of three digits.
    """
    line = _STATUS_LINES.get(status)
    if line is not None:
        return line
    if type(status) is not int or not 100 <= status <= 999:
        raise ValueError(f"response status is {status!r}: expected a number from 100 to 999")
    return b"HTTP/1.1 %d \r\n" % status


def field_line(name: bytes, value: bytes) -> bytes:
    """One header field, validated against response splitting (RFC 9110 section 5).

    Raises:
        ValueError: the name is not a token, or the value has a control character.
    """
    if TOKEN.fullmatch(name) is None:
        raise ValueError(f"response header name is {name!r}: expected letters, digits and !#$%&'*+-.^_`|~")
    if FIELD_VALUE.fullmatch(value) is None:
        raise ValueError(f"response header {name.decode()} is {value!r}: expected no control characters")
    return b"%b: %b\r\n" % (name, value)


#: What the server settles itself.
FRAMING_FIELDS = frozenset({b"content-length", b"transfer-encoding", b"connection", b"date"})


class Heads:
    """Writes heads, and keeps the plain ones of the current second.

    PERF: most responses have a status, a content type and a length, and nothing else. Such heads are
    finished bytes that last until the date changes: 0.1 µs instead of 0.8 µs, `formatdate` not counted.

    Args:
        server_header: whether to say `server: pronghorn`.
    """

    __slots__ = ("_fixed", "_lines", "_second", "dated", "finished")

    def __init__(self, *, server_header: bool = False) -> None:
        self._fixed = b"server: pronghorn\r\n" if server_header else b""
        self._lines: dict[tuple[bytes, bytes], bytes] = {}  # none of them about framing
        self._second = -1
        self.finished: dict[tuple[int, bytes | None, int], bytes] = {}
        """Whole heads by (status, media type, length), of what is sent at once on connections that stay open."""
        self.dated = b""
        """The date line and what follows it in every head."""
        self.refresh()

    def refresh(self, now: float | None = None) -> None:
        """Take over the date of `now`, seconds since the epoch. To be called about once a second."""
        second = int(time.time() if now is None else now)
        if second != self._second:
            self._second = second
            self.dated = b"date: %b\r\n%b" % (formatdate(second, usegmt=True).encode(), self._fixed)
            self.finished.clear()

    def plain(self, status: int, media_type: bytes, length: int) -> bytes:
        """The whole head of a reply with nothing but a content type and a length; kept for the next one."""
        head = b"%bcontent-length: %d\r\n%b%b\r\n" % (
            status_line(status),
            length,
            field_line(b"content-type", media_type),
            self.dated,
        )
        if len(self.finished) < _MOST_KEPT and length <= SLICE:
            self.finished[status, media_type, length] = head
        return head

    def refusal(self, status: int, reason: str, *, to_head: bool = False) -> bytes:
        """A whole response that says in a few words why a request is not answered; the last one."""
        body = reason.encode("ascii", "replace")
        return b"%bcontent-length: %d\r\ncontent-type: text/plain; charset=utf-8\r\n%b%b\r\n%b" % (
            status_line(status),
            len(body),
            self.dated,
            CLOSE_LINE,
            b"" if to_head else body,
        )

    def extended(self, head: bytes, headers: Sequence[tuple[bytes, bytes]]) -> bytes | None:
        """A plain head with further fields; None when one of them is about framing.

        Raises:
            ValueError: a field would not be valid HTTP.
        """
        written = list(map(self._lines.get, headers))
        if None in written:
            if any(name in FRAMING_FIELDS for name, _ in headers):
                return None
            written = [self.lines(headers)]
        return b"%b%b\r\n" % (head[:-2], b"".join(written))  # type: ignore[arg-type]

    def lines(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """Header fields in their order, validated.

        Raises:
            ValueError: a field would not be valid HTTP.
        """
        known = self._lines
        written = []
        for pair in headers:
            line = known.get(pair)
            written.append(line if line is not None else self._new_line(pair))
        return b"".join(written)

    def _new_line(self, pair: tuple[bytes, bytes]) -> bytes:
        name, value = pair
        line = field_line(name, value)
        if len(self._lines) >= _MOST_KEPT:
            self._lines.clear()
        if len(value) <= 128 and name not in FRAMING_FIELDS:
            self._lines[name, value] = line
        return line
