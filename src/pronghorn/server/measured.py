"""A request whose duration and size the access log tells.

Lives here: the clock and the count of one response. Must not live here: the log (`access`).
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
