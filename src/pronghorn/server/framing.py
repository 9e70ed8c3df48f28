"""How the body of one response is delimited (RFC 9112 section 6).

Lives here: head and body of a response that an application sends in pieces, or whole with headers of
its own. Must not live here: I/O, the plain reply (`heads`).
Invariant: what is written is one well-framed message, or an exception says why not.
"""

from __future__ import annotations

from collections.abc import Iterable

from pronghorn.server.heads import (
    CHUNKED_LINE,
    CLOSE_LINE,
    FRAMING_FIELDS,
    KEEP_ALIVE_LINE,
    Heads,
    status_line,
)

WITHOUT_BODY = frozenset({204, 205, 304})
_LAST_CHUNK = b"0\r\n\r\n"


class ResponseFraming:
    """One response under way.

    Args:
        heads: writes the header fields.
        status: the status code.
        headers: the raw fields that the application gave.
        is_head: the request's method was HEAD: the fields stay, the body goes.
        is_http10: the request was HTTP/1.0, which knows no chunks and closes by default.
        keep_alive: whether the connection may stay open afterwards.
        whole: the length of the body where it is known to be all there.

    Attributes:
        head: the bytes to send first.
        keep_alive: whether the connection may stay open when the body is complete.

    Raises:
        ValueError: a field is not valid HTTP, or contradicts another.
    """

    __slots__ = ("_bodyless", "_chunked", "_left", "head", "keep_alive")

    def __init__(
        self,
        heads: Heads,
        status: int,
        headers: Iterable[tuple[bytes, bytes]],
        *,
        is_head: bool,
        is_http10: bool,
        keep_alive: bool,
        whole: int | None,
    ) -> None:
        fields = [(name.lower(), value) for name, value in headers]
        special = [field for field in fields if field[0] in FRAMING_FIELDS]
        length = None
        dated = heads.dated
        if special:
            fields = [field for field in fields if field[0] not in FRAMING_FIELDS]
            length = _content_length(special)
            keep_alive = keep_alive and not _asks_to_close(special)
            if any(name == b"date" for name, _ in special):
                fields += [field for field in special if field[0] == b"date"]
                dated = heads.dated.partition(b"\r\n")[2]
        no_body = status < 200 or status in WITHOUT_BODY
        if no_body:
            # 205 says that there is no content by a length of 0, 304 may tell what a GET would have had.
            length = length if status == 304 else 0 if status == 205 else None
        elif length is None and whole is not None:
            length = whole
        self._bodyless = no_body or is_head
        self._left = None if self._bodyless else length
        self._chunked = not self._bodyless and length is None and not is_http10
        self.keep_alive = keep_alive and (self._bodyless or self._chunked or length is not None)
        chunks_announced = length is None and not no_body and not is_http10
        self.head = b"".join(
            (
                status_line(status),
                b"" if length is None else b"content-length: %d\r\n" % length,
                heads.lines(fields),
                CHUNKED_LINE if chunks_announced else b"",
                dated,
                CLOSE_LINE if not self.keep_alive else KEEP_ALIVE_LINE if is_http10 else b"",
                b"\r\n",
            )
        )

    def sent_beside(self, size: int) -> None:
        """So much of the body, of known length, left without having come here."""
        if self._left is not None:
            self._left -= size

    @property
    def has_body(self) -> bool:
        """Whether bytes follow the head."""
        return not self._bodyless

    def frame(self, data: bytes, more: bool) -> tuple[bytes, bytes, bytes]:
        """What to send for a piece of the body: bytes before it, the piece, bytes after it.

        Args:
            data: the piece; may be empty.
            more: whether further pieces follow.

        Raises:
            RuntimeError: the body is longer than its content-length, or ended before.
        """
        if self._bodyless:
            return b"", b"", b""
        if self._chunked:
            last = b"" if more else _LAST_CHUNK
            return (b"%x\r\n" % len(data), data, b"\r\n" + last) if data else (b"", b"", last)
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                raise RuntimeError(f"Response content longer than Content-Length, by {-self._left} bytes")
            if self._left and not more:
                raise RuntimeError(f"Response content shorter than Content-Length, by {self._left} bytes")
        return b"", data, b""

    def piece(self, data: bytes) -> bytes:
        """What to send for a piece of the body after which others follow, as one."""
        if self._chunked and data:
            return b"%x\r\n%b\r\n" % (len(data), data)
        return b"".join(self.frame(data, more=True))


def _content_length(fields: list[tuple[bytes, bytes]]) -> int | None:
    lengths = {value for name, value in fields if name == b"content-length"}
    if not lengths:
        return None
    if len(lengths) > 1 or not (text := lengths.pop()).isdigit():
        raise ValueError("response has a wrong content-length: expected one number of bytes")
    return int(text)


def _asks_to_close(fields: list[tuple[bytes, bytes]]) -> bool:
    return any(name == b"connection" and b"close" in value.lower() for name, value in fields)
