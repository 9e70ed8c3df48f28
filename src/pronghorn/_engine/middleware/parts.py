"""What goes on inside of a function layer after `call_next` has returned.

Lives here: the inner task and the inner work for after the response. Must not live here: streams (`bridge`).
Invariant: every part ends with its request, by `finish` when the response was sent, by `abandon` otherwise.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from contextlib import suppress
from contextvars import Context
from typing import Any, Protocol

from starlette.types import Message

from pronghorn._engine.exchange import Exchange
from pronghorn._engine.reply import AfterWork, Reply

_EAGER: dict[str, Any] = {"eager_start": True} if sys.version_info >= (3, 12) else {}


class Part(Protocol):
    """Something inside that may outlast `call_next`."""

    async def finish(self) -> None:
        """The response was sent: wait for the end."""

    async def abandon(self) -> None:
        """There is no response: give up."""


def start(coroutine: Coroutine[Any, Any, Any], context: Context) -> asyncio.Task[Any]:
    """Run a coroutine as a task in ``context`` itself; at once, where Python can."""
    return asyncio.Task(coroutine, loop=asyncio.get_running_loop(), context=context, **_EAGER)


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait until it has noticed."""
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task


class InnerWork:
    """Background work that an inner reply brought along."""

    def __init__(self, work: AfterWork, context: Context) -> None:
        self._work = work
        self._context = context

    async def finish(self) -> None:
        """Do it, in the context that it comes from."""
        await start(self._work(), self._context)

    async def abandon(self) -> None:
        """It is for after a response: nothing is left to do."""


class InnerTask:
    """The inner part as a task of its own: a function that no longer waits for it does not end it.

    Args:
        coroutine: gives a reply or an ASGI application.
        context: to run it in.
        x: the request, for an ASGI application that nobody waits for.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, Any], context: Context, x: Exchange) -> None:
        self._task = start(coroutine, context)
        self._context = context
        self._x = x
        self._is_told = False

    async def outcome(self) -> Any:
        """Wait for the outcome; not to be given up when the waiting is."""
        if not self._task.done():
            await asyncio.wait({self._task})
        self._is_told = True
        return self._task.result()

    async def finish(self) -> None:
        """Let the task end, where nobody waited for it, with what it would still do."""
        if self._is_told:
            return
        outcome = await self._task
        if not isinstance(outcome, Reply):
            await start(outcome(self._x.scope, self._x.receive, _swallow), self._context)
        elif outcome.after is not None:
            await start(outcome.after(), self._context)

    async def abandon(self) -> None:
        """Cancel the task, unless it has ended."""
        if not self._task.done():
            await end(self._task)


async def _swallow(message: Message) -> None:
    """The request was answered by somebody else."""
