"""The tasks in which applications run.

Lives here: starting a task in a context of its own, knowing which ones run, ending them. Must not live
here: what a task does. Invariant: no context variable set in one task is seen by another.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

Done = Callable[["asyncio.Task[None]"], None]

_EAGER: dict[str, Any] = {"eager_start": True} if sys.version_info >= (3, 12) else {}


class Tasks:
    """Starts tasks on one event loop, and holds on to them until they end.

    Args:
        loop: the running loop.
        context: what every task's context is a copy of.
    """

    __slots__ = ("_loop", "context", "running")

    def __init__(self, loop: asyncio.AbstractEventLoop, context: contextvars.Context) -> None:
        self._loop = loop
        self.context = context
        self.running: set[asyncio.Future[None]] = set()

    def start(self, coroutine: Coroutine[Any, Any, None], done: Done) -> asyncio.Task[None]:
        """Run `coroutine`; `done` is called with its task at the end. Starts at once where Python can."""
        task = asyncio.Task(coroutine, loop=self._loop, context=self.context.copy(), **_EAGER)
        if task.done():
            done(task)
            return task
        self.running.add(task)
        # PERF: one callback, since each of them is a turn of the event loop.
        task.add_done_callback(partial(self._ended, done))
        return task

    def hold(self) -> Callable[[], None]:
        """Note work that runs elsewhere; the function that this gives says that it has ended."""
        work = self._loop.create_future()
        self.running.add(work)

        def release() -> None:
            self.running.discard(work)
            if not work.done():
                work.set_result(None)

        return release

    def _ended(self, done: Done, task: asyncio.Task[None]) -> None:
        self.running.discard(task)
        done(task)

    async def wait(self, timeout: float | None) -> bool:
        """Whether all tasks, new ones included, ended in time."""
        deadline = None if timeout is None else self._loop.time() + timeout
        while self.running:
            left = None if deadline is None else deadline - self._loop.time()
            if left is not None and left <= 0:
                return False
            await asyncio.wait(self.running, timeout=left)
        return True

    async def cancel(self) -> None:
        """Cancel what runs, and wait a moment for it to notice."""
        tasks = list(self.running)
        for task in tasks:
            task.cancel("the server stops")
        if tasks:
            await asyncio.wait(tasks, timeout=1)
