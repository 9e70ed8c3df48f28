from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, aclosing
from typing import Any

import pytest

from pronghorn._base import sse
from pronghorn._engine.event_relay import EventRelay

pytestmark = pytest.mark.anyio

PING = sse.KEEPALIVE_COMMENT


class Numbers:
    """Yields numbers, and knows how many it was asked for."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self.made = 0
        self._numbers = iter(numbers)

    async def __aiter__(self) -> AsyncIterator[int]:
        for number in self._numbers:
            self.made += 1
            yield number


def relay_of(items: Any) -> EventRelay:
    return EventRelay(asyncio.get_running_loop(), items, lambda item: b"%d" % item)


async def turn() -> None:
    """Let everything go on that can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_events_follow_the_items() -> None:
    relay = relay_of(aiter(Numbers(range(100))))
    producing = asyncio.create_task(relay.produce())
    assert [b"%d" % number for number in range(100)] == [event async for event in relay.events()]
    await producing


async def test_nothing_but_the_end() -> None:
    relay = relay_of(aiter(Numbers([])))
    await relay.produce()
    assert [event async for event in relay.events()] == []


async def test_items_are_made_as_they_are_taken() -> None:
    numbers = Numbers(range(100))
    relay = relay_of(aiter(numbers))
    producing = asyncio.create_task(relay.produce())
    async with aclosing(relay.events()) as events:
        for taken in range(10):
            await turn()
            assert numbers.made == taken + 2
            assert await anext(events) == b"%d" % taken
    producing.cancel()


async def test_control_goes_back_after_every_item() -> None:
    relay = relay_of(aiter(Numbers(range(20))))
    producing = asyncio.create_task(relay.produce())
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    assert len([event async for event in relay.events()]) == 20
    counting.cancel()
    await producing
    assert turns >= 20


async def test_an_error_is_no_end() -> None:
    async def failing() -> AsyncIterator[int]:
        yield 1
        raise ValueError("sold out")

    relay = relay_of(failing())
    producing = asyncio.create_task(relay.produce())
    taking = asyncio.create_task(anext(relay.events()))
    assert await taking == b"1"
    events = relay.events()
    more = asyncio.create_task(anext(events))
    with pytest.raises(ValueError, match="sold out"):
        await producing
    await turn()
    assert not more.done()
    more.cancel()


class Loop:
    """The running loop with a clock set by hand, and its timers."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, Any]] = []
        self.create_future = asyncio.get_running_loop().create_future

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Any) -> Any:
        self.timers.append((self.now + delay, callback))
        return self

    def cancel(self) -> None:
        self.timers.clear()

    async def after(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        due = [timer for timer in self.timers if timer[0] <= self.now]
        self.timers = [timer for timer in self.timers if timer[0] > self.now]
        for _, callback in due:
            callback()
        await turn()


class Stream:
    """A stream whose producer is told when to go on, and what was taken of it."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.loop = Loop()
        self.wanted: asyncio.Queue[int] = asyncio.Queue()
        loop: Any = self.loop
        self.relay = EventRelay(loop, self._items(), lambda item: b"%d" % item)
        self.taken: list[bytes] = []
        self.reads = asyncio.Event()
        self.reads.set()
        for work in (self.relay.produce(), self._take()):
            stack.callback(asyncio.create_task(work).cancel)

    async def _items(self) -> AsyncIterator[int]:
        while True:
            yield await self.wanted.get()

    async def _take(self) -> None:
        async for event in self.relay.events():
            self.taken.append(event)
            await self.reads.wait()


async def test_a_quiet_stream_says_something_now_and_then() -> None:
    async with AsyncExitStack() as stack:
        stream = Stream(stack)
        await turn()
        await stream.loop.after(14)
        assert stream.taken == []
        await stream.loop.after(1)
        await stream.loop.after(15)
        assert stream.taken == [PING, PING]


async def test_an_event_puts_the_comment_off() -> None:
    async with AsyncExitStack() as stack:
        stream = Stream(stack)
        await turn()
        await stream.loop.after(10)
        stream.wanted.put_nowait(1)
        await turn()
        await stream.loop.after(5)
        await stream.loop.after(9)
        assert stream.taken == [b"1"]
        await stream.loop.after(1)
        assert stream.taken == [b"1", PING]


async def test_who_is_still_sending_needs_no_comment() -> None:
    async with AsyncExitStack() as stack:
        stream = Stream(stack)
        await turn()
        stream.reads.clear()
        stream.wanted.put_nowait(1)
        await turn()
        for _ in range(3):
            await stream.loop.after(15)
        assert stream.taken == [b"1"]
        stream.reads.set()
        await turn()
        await stream.loop.after(15)
        assert stream.taken == [b"1", PING]


async def test_the_timer_ends_with_the_stream() -> None:
    loop: Any = Loop()
    events: Any = EventRelay(loop, aiter(Numbers([])), bytes).events()
    waiting = asyncio.create_task(anext(events))
    await turn()
    assert loop.timers
    waiting.cancel()
    await turn()
    await events.aclose()
    assert loop.timers == []
