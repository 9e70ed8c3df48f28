from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from pronghorn._base import operation as operation_module
from pronghorn._base.background import BackgroundTasks
from pronghorn._base.operation import observe_operations

pytestmark = pytest.mark.anyio


async def test_tasks_run_in_order_with_their_arguments() -> None:
    ran: list[Any] = []

    async def note(value: int, *, twice: bool = False) -> None:
        ran.append((value, twice))

    tasks = BackgroundTasks()
    tasks.add_task(ran.append, "first")
    tasks.add_task(note, 2, twice=True)
    await tasks()

    assert ran == ["first", (2, True)]


async def test_an_error_ends_the_rest() -> None:
    ran: list[str] = []

    def fail() -> None:
        raise ValueError("sold out")

    tasks = BackgroundTasks()
    tasks.add_task(fail)
    tasks.add_task(ran.append, "second")

    with pytest.raises(ValueError, match="sold out"):
        await tasks()
    assert ran == []


async def test_each_task_is_a_stage_that_can_be_observed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operation_module, "_observer", None)
    steps: list[Any] = []

    @contextmanager
    def around(name: str, function: Callable[..., Any] | None) -> Iterator[None]:
        steps.append((name, function))
        yield
        steps.append("done")

    def observe(name: str, function: Callable[..., Any] | None) -> AbstractContextManager[None]:
        return around(name, function)

    def work() -> None:
        steps.append("work")

    observe_operations(observe)
    tasks = BackgroundTasks()
    tasks.add_task(work)
    await tasks()

    assert steps == [("background_task", work), "work", "done"]
