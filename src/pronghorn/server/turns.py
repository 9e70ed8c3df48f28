"""Waiting for a callback of the event loop, and going on inside of it.

Lives here: the future that does so. Must not live here: what is waited for. Invariant: whoever waits is a task
like any other, run in its own context and never from within another task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Any

Wake = Callable[["Turn"], object]


class Turn(asyncio.Future[None]):
    """What one task waits for. With `come`, it goes on before that call returns.

    PERF: a future's result wakes its task one round of the loop later, with a handle and a poll of all sockets
    in between. bench: echo
    """

    _wake: Wake | None = None
    _within: Context | None = None

    def add_done_callback(self, callback: Wake, *, context: Context | None = None) -> None:
        """Take the wake-up of the task; further callbacks are called as any future's."""
        if self._wake is None and not self.done():
            self._wake, self._within = callback, context
        else:
            super().add_done_callback(callback, context=context)

    def cancel(self, msg: Any = None) -> bool:
        """The task is cancelled: it hears of it in the next round."""
        is_cancelled = super().cancel(msg)
        if is_cancelled:
            self._wake_later()
        return is_cancelled

    def come(self) -> None:
        """It is the task's turn: at once where no other runs, else in the next round."""
        if self.done():
            return
        self.set_result(None)
        if self._wake is None or self._within is None or asyncio.current_task(self.get_loop()) is not None:
            self._wake_later()
        else:
            self._within.run(self._wake, self)

    def _wake_later(self) -> None:
        if self._wake is not None:
            self.get_loop().call_soon(self._wake, self, context=self._within)
