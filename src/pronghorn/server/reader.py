"""From bytes to requests: the sans-I/O reading side of HTTP/1.1.

Lives here: counting bytes before the parser sees them, gathering heads, driving llhttp, the rules of
RFC 9112 that it leaves to us. Must not live here: I/O, answering, anything of the application.

Invariants:
- The parser is given a head only when it is whole and within the limits. It joins the pieces of a header
  quadratically and has no limits of its own.
- A piece given to the parser never crosses the end of a message. It ends at the end of the head, at the
  length of the body, or, in a chunked body, at an empty line: every chunked body ends with one.
- After a `Refusal` nothing more is parsed.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from pronghorn.server.config import ServerConfig
from pronghorn.server.incoming import Incoming, Refusal
from pronghorn.server.target import BadTarget, check_host, decode_path, split_target

_HEAD, _SIZED, _CHUNKED, _SWITCHED, _OVER = range(5)
_BLANK_LINES = 4
_LARGE = 64 * 1024
_END_OF_HEAD: Final = b"\r\n\r\n"
_METHODS = {
    name.encode(): name
    for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY")
}
# What decides how a request is read; every other field is the application's.
_DECIDING = frozenset({b"host", b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
_START = re.compile(rb"[A-Z\r\n]")
# RFC 9112 section 3, after the empty lines that section 2.2 lets pass. llhttp knows other protocols too, and
# does not count spaces.
_REQUEST_LINE = re.compile(rb"[\r\n]*[A-Z\-]+ \S+ HTTP/\d\.\d\r\n")
_BARE_LINE_FEED = re.compile(rb"[^\r\n]\n")


Fields = list[tuple[bytes, bytes]]


Request = TypeVar("Request", bound=Incoming)


class RequestReader(Generic[Request]):
    """Reads the requests of one connection.

    Args:
        config: the limits.
        new_request: makes the object that a request is read into.

    Attributes:
        requests: the heads read and not yet taken, in order.
        refusal: why reading ended, when it did.
        rest: bytes not read yet, because enough requests wait or the connection changes protocol.
        begun: whether a request was ever read.
        gathered: the head that has begun and not ended, as far as it is here.
        unfinished: the request whose body is still arriving.
        surplus: whether something came after the last request, and was thrown away.
        on_body: parser callback: a piece of the body. PERF: a body may come in chunks of one byte, so what is
            called for each is the list's own method; the pieces are looked at together.
    """

    __slots__ = (
        "_blank",
        "_config",
        "_deciding",
        "_fields",
        "_head",
        "_known_host",
        "_left",
        "_max_body",
        "_max_fields",
        "_max_head",
        "_max_target",
        "_muted",
        "_new_request",
        "_parser",
        "_passes_by",
        "_pieces",
        "_received",
        "_silent",
        "_slice",
        "_stage",
        "_tail",
        "_target",
        "begun",
        "gathered",
        "on_body",
        "refusal",
        "requests",
        "rest",
        "surplus",
        "unfinished",
    )

    def __init__(self, config: ServerConfig, new_request: Callable[[], Request]) -> None:
        self._config = config
        self._new_request = new_request
        self._pieces: list[bytes] = []
        self.on_body = self._pieces.append
        self._parser = HttpRequestParser(self)
        self._stage = _HEAD
        self.gathered = bytearray()
        self._max_body = config.max_body_size
        self._max_head = config.max_head_size
        self._slice = max(config.max_head_size // 4, 1)
        self._max_fields = config.max_header_fields
        self._max_target = config.max_target_size
        self._head = b""
        self._fields: Fields = []
        self._deciding: Fields = []
        self._target = b""
        self.unfinished: Request | None = None
        self._muted = False
        self._known_host: tuple[bytes, bytes] | None = None
        self._left = 0
        self._passes_by = False
        self._received = 0
        self._tail = b""
        self._silent = 0
        self._blank = 0
        self.begun = False
        self.requests: deque[Request] = deque()
        self.refusal: Refusal | None = None
        self.rest = b""
        self.surplus = False

    def feed(self, data: bytes) -> None:
        """Read on. Requests appear in `requests`; stops when enough of them wait (then see `rest`)."""
        if self._stage == _HEAD and not self.gathered and not self.rest and not self.requests:
            end = data.find(_END_OF_HEAD)
            if 0 <= end == len(data) - 4 <= self._max_head - 4:
                self._parse_head(data)  # PERF: most reads are one head, no more and no less
                return
        if self.rest:
            data = self.rest + data
            self.rest = b""
        position, size = 0, len(data)
        while position < size and self.refusal is None:
            if self._stage == _HEAD:
                if len(self.requests) > self._config.max_pipelined:
                    self.rest = data[position:]
                    return
                position = self._feed_head(data, position)
            elif self._stage == _SIZED:
                position = self._feed_sized(data, position)
            elif self._stage == _CHUNKED:
                position = self._feed_chunked(data, position)
            else:
                self.rest = data[position:] if self._stage == _SWITCHED else b""
                self.surplus = self._stage == _OVER
                return

    def stop(self) -> None:
        """Read no further request; what arrives from now on is thrown away."""
        self._stage = _OVER
        self.rest = b""
        self.gathered.clear()

    def release(self) -> None:
        """Let go of the parser, which holds on to this reader, and of who made requests: nothing follows.

        The memory of a connection is free at once then, not when the collector of cycles gets round to it.
        """
        del self._parser, self._new_request

    @property
    def has_more(self) -> bool:
        """Whether anything came that belongs to none of the requests taken."""
        return bool(self.surplus or self.requests or self.rest or self.gathered)

    def decline_upgrade(self) -> None:
        """Treat the last request, which asked for another protocol, as any other; `rest` is read on."""
        self._stage = _HEAD

    # Heads -------------------------------------------------------------------------------------------

    def _feed_head(self, data: bytes, position: int) -> int:
        gathered = self.gathered
        limit = self._max_head
        if not gathered:
            end = data.find(_END_OF_HEAD, position) + 4
            if end > 3 and end - position <= limit:
                whole = position == 0 and end == len(data)
                self._parse_head(data if whole else data[position:end])
                return end
        before = len(gathered)
        gathered += data[position : position + limit + 1 - before]
        end = gathered.find(_END_OF_HEAD, max(before - 3, 0)) + 4
        if end > 3 and end <= limit:
            head = bytes(gathered[:end])
            gathered.clear()
            self._parse_head(head)
            return position + end - before
        if len(gathered) > limit:
            # No end of the request line in all of this: the target is what is too long.
            in_line = b"\r\n" not in gathered.lstrip(b"\r\n")
            self._refuse(414 if in_line else 431, "request head too large")
        elif _START.match(gathered) is None:
            self._refuse(400, "not an HTTP request")
        elif _BARE_LINE_FEED.search(gathered, max(before - 1, 0)):
            self._refuse(400, "a line that does not end in CRLF")
        return len(data)

    def _parse_head(self, head: bytes) -> None:
        self._head = head
        if len(head) == 4:
            self._count_blank()
        try:
            self._parser.feed_data(head)
        except HttpParserUpgrade:
            if self._muted:
                self._resume_body()
        except HttpParserError as error:
            self._refuse(400, str(error))

    def _count_blank(self) -> None:
        """RFC 9112 section 2.2: an empty line before a request is ignored; a flood of them is not."""
        self._blank += 1
        if self._blank > _BLANK_LINES:
            self._refuse(400, "empty lines instead of a request")

    def on_url(self, target: bytes) -> None:
        """Parser callback: the whole target, since the head is given whole."""
        self._target = target

    def on_header(self, name: bytes, value: bytes) -> None:
        """Parser callback: one field of the head, or of the trailers, which are thrown away."""
        if self.unfinished is None:
            name = name.lower()
            field = (name, value.rstrip())
            self._fields.append(field)
            if name in _DECIDING:
                self._deciding.append(field)

    def on_headers_complete(self) -> None:
        """Parser callback: builds the request, or refuses it."""
        if self._muted or self.refusal is not None:
            return
        request = self._new_request()
        request.body = None
        request.headers = self._fields
        deciding = self._deciding
        self._fields, self._deciding = [], []
        try:
            self._read_line(request)
            if len(deciding) == 1 and deciding[0] == self._known_host:
                request.length = 0  # PERF: most requests have nothing but the Host of the one before
            elif self.refusal is None:
                self._read_deciding(request, deciding)
        except BadTarget as error:
            self._refuse(400, str(error))
        if self.refusal is None:
            self._accept(request)

    def _read_line(self, request: Request) -> None:
        """The request line: method, target, version."""
        parser = self._parser
        target = self._target
        method = parser.get_method()
        request.method = _METHODS.get(method) or method.decode("ascii")
        end = len(method) + 1 + len(target)
        if self._head[end : end + 11] == b" HTTP/1.1\r\n":
            request.http_version = "1.1"  # PERF: asking the parser costs as much as all the rest here
        else:
            request.http_version = parser.get_http_version()
            if _REQUEST_LINE.match(self._head) is None:
                self._refuse(400, "invalid request line")
        if method == b"CONNECT":
            self._refuse(501, "CONNECT")
            return
        request.raw_path, request.query = split_target(target, request.method)
        request.path = decode_path(request.raw_path)
        request.keep_alive = parser.should_keep_alive()
        if len(target) > self._max_target:
            self._refuse(414, "request target too long")
        elif len(request.headers) > self._max_fields:
            self._refuse(431, "too many header fields")
        elif request.http_version not in ("1.1", "1.0"):
            self._refuse(505, f"HTTP/{request.http_version}")

    def _read_deciding(self, request: Request, deciding: Fields) -> None:
        """The fields that say where a request ends and what it is for."""
        request.length = 0
        hosts = 0
        for name, value in deciding:
            if name == b"host":
                hosts += 1
                check_host(value)
                self._known_host = (name, value)
            elif name == b"content-length":
                # llhttp let nothing but one number of digits pass, and none beside Transfer-Encoding.
                request.length = int(value)
            elif name == b"transfer-encoding":
                # RFC 9112 section 6.1: in HTTP/1.0 it is a sign of faulty framing.
                if value.lower() != b"chunked" or request.http_version == "1.0" or request.length is None:
                    self._refuse(400, "invalid Transfer-Encoding")
                request.length = None
            elif name == b"expect":
                request.expects_continue = value.lower() == b"100-continue"
            else:
                request.upgrades = value.lower() == b"websocket"
        if hosts != 1 and (hosts or request.http_version == "1.1"):
            self._refuse(400, "expected exactly one Host")

    def _accept(self, request: Request) -> None:
        """The head is in order: the request waits to be answered, and its body is read."""
        length = request.length
        self.begun = True
        self._blank = 0
        self.requests.append(request)
        if length == 0:
            request.body = b""
            if request.upgrades:
                # Anything but this asks for a protocol that is not spoken here, and may be ignored.
                request.upgrades = (
                    request.method == "GET"
                    and request.http_version == "1.1"
                    and self._parser.should_upgrade()
                )
                self._stage = _SWITCHED if request.upgrades else _HEAD
            if not request.keep_alive:
                self._stage = _OVER
            return
        request.upgrades = False
        self.unfinished = request
        self._received = 0
        self._muted = self._parser.should_upgrade()
        self._max_body = self._config.max_body_size
        if length is None:
            self._stage = _CHUNKED
            self._tail = b""
            self._silent = 0
        elif not self._may_have_body(request, length):
            self._refuse(413, f"request body of more than {self._max_body} bytes")
        else:
            self._stage = _SIZED
            self._left = length
            self._passes_by = length > _LARGE

    def _resume_body(self) -> None:
        """Go on to the body of a request whose Upgrade is ignored.

        llhttp takes every Upgrade for granted and would read the body as the next request. A head of our
        own, whose callbacks are not listened to, puts a new parser where this one should be.
        """
        length = self._left if self._stage == _SIZED else None
        framing = b"Transfer-Encoding: chunked" if length is None else b"Content-Length: %d" % length
        self._parser = HttpRequestParser(self)
        self._parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n\r\n" % framing)
        self._muted = False

    # Bodies ------------------------------------------------------------------------------------------

    def _feed_sized(self, data: bytes, position: int) -> int:
        end = min(position + self._left, len(data))
        self._left -= end - position
        piece = data[position:end] if position or end != len(data) else data
        if self._passes_by:
            self._pass_by(piece)
        else:
            self._parse_body(piece)
        return end

    def _pass_by(self, piece: bytes) -> None:
        """Take a piece of a body that the parser need not see, as its length is known.

        PERF: the parser finds nothing in it, and copies it: a tenth of the time of an upload. bench: upload
        """
        self._pieces.append(piece)
        self._take_pieces()
        if not self._left and self.refusal is None:
            self._parser = HttpRequestParser(self)  # the old one still waits for the body
            self.on_message_complete()

    def _feed_chunked(self, data: bytes, position: int) -> int:
        tail = self._tail
        # The empty line may lie across the border of two reads.
        border = (tail + data[position : position + 3]).find(_END_OF_HEAD) if tail else -1
        if border >= 0:
            end = position + border + 4 - len(tail)
        else:
            # In slices, so that extensions and trailers are counted before they are parsed.
            limit = min(position + self._slice, len(data))
            found = data.find(_END_OF_HEAD, position, limit)
            end = found + 4 if found >= 0 else limit
        piece = data[position:end] if position or end != len(data) else data
        self._tail = b"" if piece.endswith(_END_OF_HEAD) or border >= 0 else (tail + piece[-3:])[-3:]
        self._silent += len(piece)
        self._parse_body(piece)
        if self._stage == _CHUNKED and self._silent > self._max_head:
            self._refuse(431, "chunk extensions or trailers too large")
        return end

    def _parse_body(self, piece: bytes) -> None:
        try:
            self._parser.feed_data(piece)
        except HttpParserError as error:
            self._take_pieces()
            self._refuse(400, str(error))
        else:
            self._take_pieces()

    def _take_pieces(self) -> None:
        """Hand over what the parser found of the body."""
        pieces = self._pieces
        if not pieces:
            return
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._silent = 0
        self._received += len(data)
        request = self.unfinished
        if request is None:
            return
        if self._may_have_body(request, self._received):
            request.take_body(data)
        else:
            self._refuse(413, f"request body of more than {self._max_body} bytes")

    def _may_have_body(self, request: Request, size: int) -> bool:
        if self._max_body is None or size <= self._max_body:
            return True
        if request.limits_body():
            self._max_body = None  # the application counts, by a limit of its own
        return self._max_body is None

    def on_message_complete(self) -> None:
        """Parser callback: the end of the request."""
        self._take_pieces()
        request = self.unfinished
        if request is not None and not self._muted:
            self.unfinished = None
            self._stage = _HEAD if request.keep_alive else _OVER
            request.end_body()

    def _refuse(self, status: int, reason: str) -> None:
        if self.refusal is None:
            to_head = (self.gathered or self._head).startswith(b"HEAD ")
            self.refusal = Refusal(status, reason, to_head)
            self._stage = _OVER
            self.unfinished = None
            self.rest = b""
