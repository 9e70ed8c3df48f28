"""Requests whose duration and size the access log tells.

Lives here: the clock and the count of one response, and what is told of a request that was refused. Must not live here: the log (`access`).
Invariant: where there is no log, nothing of this is used.
"""

from __future__ import annotations

from time import perf_counter

from pronghorn._engine.reply import Reply
from pronghorn.server.exchange import HttpExchange
from pronghorn.server.framing import ResponseFraming


class _CountedFraming(ResponseFraming):
    """Counts the bytes of the body."""

    size = 0

    def frame(self, data: bytes, more: bool) -> tuple[bytes, bytes, bytes]:
        before, data, after = super().frame(data, more)
        self.size += len(data)
        return before, data, after

    def piece(self, data: bytes) -> bytes:
        return b"".join(self.frame(data, more=True))

    def sent_beside(self, size: int) -> None:
        super().sent_beside(size)
        self.size += size


class MeasuredExchange(HttpExchange):
    """A request that is measured, from the end of its head on."""

    new_framing = _CountedFraming

    def __init__(self) -> None:
        self._begun = perf_counter()
        self._whole = 0

    @property
    def seconds(self) -> float:
        """How long ago its head had been read."""
        return perf_counter() - self._begun

    @property
    def size(self) -> int:
        """Bytes of the response's body."""
        framing = self._framing
        return framing.size if isinstance(framing, _CountedFraming) else self._whole

    def respond(self, reply: Reply) -> None:
        """Write a finished reply; see `Exchange.respond`."""
        self._whole = len(reply.body)  # unless it is framed, it leaves as it is
        super().respond(reply)


class Refused:
    """A request that the server itself has answered, with an error: perhaps nothing of it could be read.

    Args:
        client: the peer.
        answer: what it was answered.
        request: what was read of it.
    """

    def __init__(self, client: tuple[str, int] | None, answer: bytes, request: HttpExchange | None) -> None:
        self.client = client
        self.size = len(answer.partition(b"\r\n\r\n")[2])
        self.method, self.raw_path, self.query, self.http_version = "-", b"-", b"", "1.1"
        self.seconds = 0.0
        if request is not None:
            self.method, self.http_version = request.method, request.http_version
            self.raw_path, self.query = request.raw_path, request.query
        if isinstance(request, MeasuredExchange):
            self.seconds = request.seconds
