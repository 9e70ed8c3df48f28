from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import AsyncExitStack, aclosing
from typing import Any

import anyio
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

    async def __aiter__(self) -> AsyncGenerator[int, None]:
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

    async def _items(self) -> AsyncGenerator[int, None]:
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


# --- sent by the task that makes them


class Way:
    """Sends events, each when `reads` says so, and notes from which task."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.own: list[bytes] = []
        self.reads = asyncio.Event()
        self.reads.set()

    async def send(self, event: bytes) -> None:
        self.own.append(event)
        await self.lent(event)

    async def lent(self, event: bytes) -> None:
        self.sent.append(event)
        await self.reads.wait()


class Passing(Stream):
    """The same, with events that are passed on."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.way = Way()
        super().__init__(stack)
        self.taken, self.reads = self.way.sent, self.way.reads

    async def _take(self) -> None:
        await self.relay.pass_on(self.way.send, self.way.lent)


async def test_whoever_makes_an_event_sends_it() -> None:
    way = Way()
    relay = relay_of(aiter(Numbers(range(20))))
    passing = asyncio.create_task(relay.pass_on(way.send, way.lent))
    await turn()
    await asyncio.gather(relay.produce(), passing)
    assert (way.sent, way.own) == ([b"%d" % number for number in range(20)], [])


async def test_an_event_that_was_ready_before_is_sent_first() -> None:
    way = Way()
    relay = relay_of(aiter(Numbers(range(5))))
    producing = asyncio.create_task(relay.produce())
    await turn()
    await relay.pass_on(way.send, way.lent)
    await producing
    assert (way.sent, way.own[0]) == ([b"0", b"1", b"2", b"3", b"4"], b"0")


async def test_no_event_is_made_while_one_is_being_sent() -> None:
    way = Way()
    numbers = Numbers(range(100))
    relay = relay_of(aiter(numbers))
    passing = asyncio.create_task(relay.pass_on(way.send, way.lent))
    await turn()
    producing = asyncio.create_task(relay.produce())
    way.reads.clear()
    for _ in range(5):
        await turn()
    assert (numbers.made, way.sent) == (1, [b"0"])
    way.reads.set()
    await asyncio.gather(producing, passing)
    assert len(way.sent) == 100


@pytest.mark.parametrize("suspends", [False, True])
async def test_passing_on_leaves_others_their_turn(suspends: bool) -> None:
    async def items() -> AsyncGenerator[int, None]:
        for number in range(20):
            if suspends:
                await asyncio.sleep(0)
            yield number

    relay = relay_of(items())
    turns: list[int] = []
    at_event: list[int] = []

    async def count() -> None:
        while True:
            turns.append(0)
            await asyncio.sleep(0)

    async def send(event: bytes) -> None:
        at_event.append(len(turns))

    counting = asyncio.create_task(count())
    passing = asyncio.create_task(relay.pass_on(send, send))
    await turn()
    await asyncio.gather(relay.produce(), passing)
    counting.cancel()
    assert len(set(at_event)) == 20


async def test_a_stream_that_is_passed_on_says_something_now_and_then() -> None:
    async with AsyncExitStack() as stack:
        stream = Passing(stack)
        await turn()
        await stream.loop.after(15)
        stream.wanted.put_nowait(1)
        await turn()
        await stream.loop.after(14)
        stream.wanted.put_nowait(2)
        await turn()
        await stream.loop.after(14)
        assert stream.taken == [PING, b"1", b"2"]
        await stream.loop.after(1)
        assert stream.taken == [PING, b"1", b"2", PING]
        assert stream.way.own == [PING, PING]


@pytest.mark.parametrize("kind", [Stream, Passing])
async def test_no_comment_gets_between_an_event_that_is_being_sent(kind: Any) -> None:
    async with AsyncExitStack() as stack:
        stream = kind(stack)
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


async def test_events_wait_for_a_comment_that_is_being_sent() -> None:
    async with AsyncExitStack() as stack:
        stream = Passing(stack)
        await turn()
        stream.reads.clear()
        await stream.loop.after(15)
        for number in range(3):
            stream.wanted.put_nowait(number)
        await turn()
        assert stream.taken == [PING]
        stream.reads.set()
        await turn()
        assert stream.taken == [PING, b"0", b"1", b"2"]


async def test_an_error_of_sending_is_whose_response_it_is() -> None:
    async def fail(event: bytes) -> None:
        raise OSError("gone")

    relay = relay_of(aiter(Numbers(range(20))))
    passing = asyncio.create_task(relay.pass_on(fail, fail))
    await turn()
    producing = asyncio.create_task(relay.produce())
    with pytest.raises(OSError, match="gone"):
        await passing
    assert not producing.done()
    producing.cancel()


async def test_nothing_is_sent_for_who_has_left() -> None:
    async with AsyncExitStack() as stack:
        way = Way()
        numbers = Numbers(range(20))
        relay = relay_of(aiter(numbers))
        passing = asyncio.create_task(relay.pass_on(way.send, way.lent))
        await turn()
        passing.cancel()
        await turn()
        stack.callback(asyncio.create_task(relay.produce()).cancel)
        await turn()
        assert (way.sent, numbers.made) == ([], 2)


async def test_a_generator_that_was_cancelled_from_inside_ends_the_stream() -> None:
    """As when it waits for a task that somebody else cancels."""
    other = asyncio.get_running_loop().create_future()

    async def items() -> AsyncGenerator[int, None]:
        yield 1
        await other

    relay = relay_of(items())
    producing = asyncio.create_task(relay.produce())
    taking = asyncio.create_task(collect(relay))
    await turn()
    other.cancel()
    assert await taking == [b"1"]
    assert (await asyncio.gather(producing, return_exceptions=True))[0].__class__ is asyncio.CancelledError


async def test_a_generator_that_waits_for_its_turn_does_its_last_things() -> None:
    log: list[str] = []

    async def items() -> AsyncGenerator[int, None]:
        try:
            while True:
                yield 1
        finally:
            await asyncio.sleep(0)
            log.append("closed")

    relay = relay_of(items())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(relay.produce)
        await turn()
        tasks.cancel_scope.cancel()
    assert log == ["closed"]


async def test_an_error_while_a_generator_is_closed_is_for_the_loop() -> None:
    told: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context["exception"]))

    async def items() -> AsyncGenerator[int, None]:
        try:
            while True:
                yield 1
        finally:
            raise ValueError("not closed")

    producing = asyncio.create_task(relay_of(items()).produce())
    await turn()
    producing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await producing
    asyncio.get_running_loop().set_exception_handler(None)
    assert [str(error) for error in told] == ["not closed"]


async def collect(relay: EventRelay) -> list[bytes]:
    return [event async for event in relay.events()]
