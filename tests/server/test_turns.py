from __future__ import annotations

import asyncio
import contextvars

import pytest

from pronghorn.server.turns import Turn

pytestmark = pytest.mark.anyio

who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")


class Waiting:
    """A task that waits for a turn, and notes what it finds then."""

    def __init__(self) -> None:
        self.turn: Turn = Turn()
        self.notes: list[object] = []
        self.task = asyncio.create_task(self.run())

    async def run(self) -> None:
        who.set("the task")
        try:
            await self.turn
        except asyncio.CancelledError:
            self.notes.append("cancelled")
            raise
        self.notes += [who.get(), asyncio.current_task()]


async def waiting() -> Waiting:
    waiting = Waiting()
    await asyncio.sleep(0)
    return waiting


async def from_a_callback(turn: Turn, notes: list[object]) -> None:
    """Let a turn come, from no task, and note what was noted before that returned."""
    seen = asyncio.get_running_loop().create_future()

    def callback() -> None:
        turn.come()
        seen.set_result(list(notes))

    asyncio.get_running_loop().call_soon(callback)
    notes.append(await seen)


async def test_a_task_goes_on_within_the_call() -> None:
    one = await waiting()
    await from_a_callback(one.turn, one.notes)
    assert one.notes == ["the task", one.task, ["the task", one.task]]
    assert who.get() == "nobody"
    await one.task


async def test_from_within_a_task_it_goes_on_in_the_next_round() -> None:
    one = await waiting()
    one.turn.come()
    assert one.notes == []
    await one.task
    assert one.notes == ["the task", one.task]


async def test_a_turn_comes_once() -> None:
    one = await waiting()
    one.turn.come()
    one.turn.come()
    await one.task
    one.turn.come()
    assert one.notes == ["the task", one.task]


async def test_a_task_can_be_cancelled_while_it_waits() -> None:
    one = await waiting()
    one.task.cancel()
    one.turn.come()
    with pytest.raises(asyncio.CancelledError):
        await one.task
    assert one.notes == ["cancelled"]
    assert not one.turn.cancel()


async def test_a_task_that_is_cancelled_when_its_turn_has_come_is_cancelled() -> None:
    one = await waiting()
    one.turn.come()
    one.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await one.task


async def test_a_turn_that_came_before_is_not_waited_for() -> None:
    turn = Turn()
    turn.come()
    await turn


async def test_others_hear_of_it_too() -> None:
    one = await waiting()
    heard: list[object] = []
    one.turn.add_done_callback(heard.append)
    one.turn.come()
    await one.task
    assert heard == [one.turn]
