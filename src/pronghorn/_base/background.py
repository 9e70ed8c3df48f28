"""`BackgroundTasks`: work for after the response, each piece a stage that can be observed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.background import BackgroundTasks as StarletteBackgroundTasks
from typing_extensions import ParamSpec

from pronghorn._base.operation import operation

P = ParamSpec("P")


class BackgroundTasks(StarletteBackgroundTasks):
    """Functions to run after the response was sent, in order.

    Declare a parameter of this type in a path operation or dependency; all of a request share one.

    Example:
        >>> tasks = BackgroundTasks()
        >>> tasks.add_task(print, "sent")
        >>> len(tasks.tasks)
        1
    """

    def add_task(self, func: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        """Run ``func`` with these arguments later; a plain function runs in a worker thread."""
        super().add_task(func, *args, **kwargs)

    async def __call__(self) -> None:
        for task in self.tasks:
            with operation("background_task", task.func):
                await task()
