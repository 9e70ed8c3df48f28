"""From the task in which a generator endpoint makes its events to the peer, on asyncio.

Lives here: `EventRelay`, which does what `streams` does with anyio's streams on any event loop. Must not live
here: what an event looks like, what it is sent as. Invariant: at most one event is ready beyond the one that is
being sent, no two are sent at the same time, and control goes back to the event loop after every item.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, CancelledError, Future, TimerHandle, sleep
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from anyio import CancelScope

from pronghorn._base import sse
from pronghorn._engine.resumption import resumed

Lent = Callable[[bytes], Awaitable[None] | None]
"""Sends one event; gives what to wait for, if anything."""

# PERF: a future and a turn of the event loop less for an event than if a second task sent it; with two of anyio's
# streams and a time limit for each it took more than four times as many instructions. bench: events


class EventRelay:
    """The events of one stream, and a comment whenever there was none for a while.

    The endpoint's generator runs in a task of its own, `produce`. Another one takes the events from `events`; or
    it sends them by `pass_on`, and while it has nothing to send it lends what it sends with to the first one.

    Args:
        loop: the event loop.
        items: what the endpoint yields.
        to_event: makes an event of an item.
    """

    def __init__(
        self, loop: AbstractEventLoop, items: AsyncGenerator[Any, Any], to_event: Callable[[Any], bytes]
    ) -> None:
        self._loop = loop
        self._items = items
        self._to_event = to_event
        self._ready: bytes | None = None
        self._ended = False
        self._failure: Exception | None = None
        self._lent: Lent | None = None
        self._sends = False
        self._news: Future[None] | None = None
        self._room: Future[None] | None = None
        self._timer: TimerHandle | None = None
        self._quiet_since = loop.time()

    async def produce(self) -> None:
        """Make the events, at most one ahead."""
        try:
            await self._produce()
        except CancelledError:
            # Perhaps of something that the generator waited for: whoever sends has lost nothing but the rest.
            self._end()
            await self._close()
            raise
        except Exception:
            await self._close()
            raise
        # Not after an error: the stream is cut off, and must not look as if it had ended.
        self._end()

    async def _close(self) -> None:
        """Let the generator do its last things, if it has not ended by itself, while its dependencies are there."""
        with CancelScope(shield=True):
            try:
                await self._items.aclose()
            except (
                Exception
            ) as error:  # as the event loop does with generators that nobody refers to any more
                message = "an error occurred while the generator of a stream was closed"
                self._loop.call_exception_handler({"message": message, "exception": error})

    async def _produce(self) -> None:
        make, to_event = self._items.__anext__, self._to_event
        while True:
            making: Any = make()
            try:
                waited = making.send(None)
            except StopIteration as made:
                item, has_waited = made.value, False
            except StopAsyncIteration:
                return
            else:
                try:
                    item, has_waited = await resumed(making, waited), True
                except StopAsyncIteration:
                    return
            event = to_event(item)
            while self._ready is not None:
                self._room = self._loop.create_future()
                await self._room
            lent = self._lent
            if lent is None:
                self._ready = event
                self._wake()
                continue
            await self._send(lent, event)
            if not has_waited:
                await sleep(0)

    async def _send(self, lent: Lent, event: bytes) -> None:
        """Send an event in the other task's stead."""
        self._quiet_since = self._loop.time()
        self._sends = True
        try:
            sending = lent(event)
            if sending is not None:
                await sending
        except Exception as error:  # it is the other's to raise; this one will be cancelled
            self._failure = error
            self._wake()
        finally:
            self._sends = False

    async def events(self) -> AsyncGenerator[bytes, None]:
        """The events, as they are made."""
        self._keep_time()
        try:
            while (event := await self._next(None)) is not None:
                yield event
        finally:
            self._stop()

    async def pass_on(self, send: Callable[[bytes], Awaitable[None]], lent: Lent) -> None:
        """Send all events.

        Args:
            send: sends one from this task.
            lent: sends one from the task that makes them.
        """
        self._keep_time()
        try:
            while (event := await self._next(lent)) is not None:
                await send(event)
        finally:
            self._stop()

    async def _next(self, lent: Lent | None) -> bytes | None:
        while self._ready is None and not self._ended and self._failure is None:
            self._news = self._loop.create_future()
            self._lent = lent
            await self._news
        if self._failure is not None:
            raise self._failure
        event, self._ready = self._ready, None
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)
        self._quiet_since = self._loop.time()
        return event

    def _stop(self) -> None:
        """Nobody takes any more."""
        self._lent = None
        if self._timer is not None:
            self._timer.cancel()

    def _end(self) -> None:
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        self._lent = None
        news, self._news = self._news, None
        if news is not None and not news.done():
            news.set_result(None)

    def _keep_time(self) -> None:
        """Look again when the stream will have been quiet for too long; if it is now, say something."""
        quiet = self._loop.time() - self._quiet_since
        if quiet >= sse.PING_INTERVAL and self._news is not None and self._ready is None and not self._sends:
            self._ready = sse.KEEPALIVE_COMMENT
            self._wake()
        left = sse.PING_INTERVAL - quiet
        self._timer = self._loop.call_later(left if left > 0 else sse.PING_INTERVAL, self._keep_time)
