"""The live feed: new orders, to everyone who listens. No HTTP and no database here.

Invariants: publishing never waits for a listener; a listener's queue is bounded, and one who lets it fill up is
let go (and may come back for what it missed); listeners see orders in the order of publication, each once.

The feed lives in one process. Behind several workers a listener hears of the orders its own worker took; the
README says what to do about that.
"""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from pydantic import BaseModel


class OrderEvent(BaseModel):
    """What everybody may know of an order: no names, no addresses."""

    id: int
    placed_at: datetime
    country: str
    copies: int
    titles: list[str]
    total: Decimal


class OrderFeed:
    """Hands each published event to every listener.

    Args:
        backlog: How many past events are kept for listeners that join late.
        queue: How many events may wait for one listener.
    """

    def __init__(self, backlog: int, queue: int) -> None:
        self._recent: deque[OrderEvent] = deque(maxlen=backlog)
        self._queue = queue
        self._listeners: set[MemoryObjectSendStream[OrderEvent]] = set()

    @property
    def listeners(self) -> int:
        """How many are listening now."""
        return len(self._listeners)

    def publish(self, event: OrderEvent) -> None:
        """Hand `event` to every listener, without waiting. Call it on the event loop's thread."""
        self._recent.append(event)
        for listener in tuple(self._listeners):
            try:
                listener.send_nowait(event)
            except anyio.WouldBlock:
                self._let_go(listener)

    @asynccontextmanager
    async def listen(
        self, *, last: int = 0, after: int | None = None
    ) -> AsyncIterator[MemoryObjectReceiveStream[OrderEvent]]:
        """Give a stream of events; it ends when the feed closes or this listener falls behind.

        Args:
            last: Start with up to this many past events.
            after: Start with the past events whose id is greater. Takes precedence over `last`.
        """
        missed = (
            [event for event in self._recent if event.id > after] if after is not None else self._latest(last)
        )
        send, receive = anyio.create_memory_object_stream[OrderEvent](self._queue + len(missed))
        for event in missed:
            send.send_nowait(event)
        self._listeners.add(send)
        try:
            with receive:
                yield receive
        finally:
            self._let_go(send)

    def close(self) -> None:
        """End every listener's stream."""
        for listener in tuple(self._listeners):
            self._let_go(listener)

    def _latest(self, count: int) -> list[OrderEvent]:
        return list(self._recent)[-count:] if count else []

    def _let_go(self, listener: MemoryObjectSendStream[OrderEvent]) -> None:
        self._listeners.discard(listener)
        listener.close()
