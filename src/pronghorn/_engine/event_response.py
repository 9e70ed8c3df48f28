"""Sending Server-Sent Events by the shortest way that there is.

Lives here: the response of a generator endpoint whose events come from a relay. Must not live here: making
events. Invariant: whoever has wrapped `send` sees every event as a message, in the context of the response.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import copy_context
from types import CoroutineType
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Send

from pronghorn._base.untouched import are_untouched
from pronghorn._engine.event_relay import EventRelay, Lent
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.resumption import resumed


class EventStreamResponse(StreamingResponse):
    """A streaming response whose events may be sent by the task that makes them.

    Args:
        events: the same, for whoever takes them one by one.
        relay: where they come from.
        arguments: of `StreamingResponse`.

    Attributes:
        exchange: the server's side of the request, if nobody is between who would see messages.
    """

    exchange: Exchange | None = None

    def __init__(self, events: AsyncIterator[bytes], relay: EventRelay, **arguments: Any) -> None:
        super().__init__(events, **arguments)
        self._events = events
        self._relay = relay

    async def stream_response(self, send: Send) -> None:
        """Send all events, as `StreamingResponse` does."""
        if self.body_iterator is not self._events or not _is_known():
            await super().stream_response(send)
            return
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})

        def send_piece(event: bytes) -> Awaitable[None]:
            return send({"type": "http.response.body", "body": event, "more_body": True})

        exchange = self.exchange
        lent = _elsewhere(send_piece) if exchange is None else exchange.send_piece
        await self._relay.pass_on(send_piece, lent)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _is_known() -> bool:
    """Whether nobody has put another method in the place of the one that this stands for."""
    return are_untouched([(StreamingResponse, "stream_response")])


def _elsewhere(send: Callable[[bytes], Awaitable[None]]) -> Lent:
    """The function that does for another task what ``send`` does, in a copy of this one's context."""
    run = copy_context().run

    def send_within(event: bytes) -> Awaitable[None] | None:
        sending: Any = run(send, event)
        if type(sending) is not CoroutineType:
            sending = _waiting(sending)
        try:
            waited = run(sending.send, None)
        except StopIteration:
            return None
        return resumed(sending, waited, run)

    return send_within


async def _waiting(sending: Awaitable[None]) -> None:
    await sending
