from __future__ import annotations

import asyncio
import contextvars

import pytest

from pronghorn.server.tasks import Tasks

pytestmark = pytest.mark.anyio

variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable", default=0)


def new_tasks() -> Tasks:
    return Tasks(asyncio.get_running_loop(), contextvars.copy_context())


async def test_each_task_has_a_context_of_its_own() -> None:
    seen: list[int] = []

    async def work() -> None:
        seen.append(variable.get())
        variable.set(1)

    tasks = new_tasks()
    for _ in range(2):
        tasks.start(work(), lambda task: None)
    assert await tasks.wait(None)
    assert seen == [0, 0]
    assert variable.get() == 0


async def test_the_end_of_a_task_is_told() -> None:
    ended: list[asyncio.Task[None]] = []

    async def fail() -> None:
        raise LookupError

    tasks = new_tasks()
    tasks.start(fail(), ended.append)
    await tasks.wait(5)
    await asyncio.sleep(0)
    assert isinstance(ended[0].exception(), LookupError)
    assert not tasks.running


async def test_waiting_has_an_end() -> None:
    tasks = new_tasks()
    tasks.start(asyncio.sleep(60), lambda task: None)
    assert not await tasks.wait(0)
    assert not await tasks.wait(0.01)
    await tasks.cancel()
    assert await tasks.wait(0)
    await tasks.cancel()


async def test_work_elsewhere_is_waited_for_until_it_is_released() -> None:
    tasks = new_tasks()
    release = tasks.hold()
    waiting = asyncio.ensure_future(tasks.wait(None))
    assert not await tasks.wait(0)
    release()
    assert await waiting
    assert not tasks.running


async def test_work_elsewhere_may_end_after_everything_was_cancelled() -> None:
    tasks = new_tasks()
    release = tasks.hold()
    await tasks.cancel()
    release()
    assert not tasks.running
