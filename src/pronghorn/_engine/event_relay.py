"""From the task in which a generator endpoint makes its events to the one that sends them, on asyncio.

Lives here: `EventRelay`, which does what `streams` does with anyio's streams on any event loop. Must not live
here: what an event looks like. Invariant: at most one event is ready beyond the one that is being sent, and
control goes back to the event loop after every item.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future, TimerHandle
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

from pronghorn._base import sse

# PERF: two futures for an event; with two of anyio's streams and a time limit for each it took more than four
# times as many instructions from generator to response. bench: events


class EventRelay:
    """The events of one stream, and a comment whenever there was none for a while.

    Args:
        loop: the event loop.
        items: what the endpoint yields.
        to_event: makes an event of an item.
    """

    def __init__(
        self, loop: AbstractEventLoop, items: AsyncIterator[Any], to_event: Callable[[Any], bytes]
    ) -> None:
        self._loop = loop
        self._items = items
        self._to_event = to_event
        self._ready: bytes | None = None
        self._ended = False
        self._news: Future[None] | None = None
        self._room: Future[None] | None = None
        self._timer: TimerHandle | None = None
        self._quiet_since = loop.time()

    async def produce(self) -> None:
        """Make the events, at most one ahead."""
        to_event = self._to_event
        async for item in self._items:
            event = to_event(item)
            while self._ready is not None:
                self._room = self._loop.create_future()
                await self._room
            self._ready = event
            self._wake()
        # Not after an error: the stream is cut off, and must not look as if it had ended.
        self._ended = True
        self._wake()

    async def events(self) -> AsyncGenerator[bytes, None]:
        """The events, as they are made."""
        self._keep_time()
        try:
            while True:
                while self._ready is None and not self._ended:
                    self._news = self._loop.create_future()
                    await self._news
                event, self._ready = self._ready, None
                if event is None:
                    return
                room, self._room = self._room, None
                if room is not None and not room.done():
                    room.set_result(None)
                self._quiet_since = self._loop.time()
                yield event
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def _wake(self) -> None:
        news, self._news = self._news, None
        if news is not None and not news.done():
            news.set_result(None)

    def _keep_time(self) -> None:
        """Look again when the stream will have been quiet for too long; if it is now, say something."""
        quiet = self._loop.time() - self._quiet_since
        if quiet >= sse.PING_INTERVAL and self._news is not None and self._ready is None:
            self._ready = sse.KEEPALIVE_COMMENT
            self._wake()
        left = sse.PING_INTERVAL - quiet
        self._timer = self._loop.call_later(left if left > 0 else sse.PING_INTERVAL, self._keep_time)
