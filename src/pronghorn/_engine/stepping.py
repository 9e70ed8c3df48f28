"""Running plans step by step from a server's callbacks: on the event loop, in threads, around the sending.

Lives here: following the markers of plans that are generators. Must not live here: what becomes of an outcome
(`dispatch`), the same in a request's own task (`running`). Invariant: pieces that belong on the event loop run one
after the other in the request's context; pieces in threads run in copies of it.
"""

from __future__ import annotations

import asyncio
from asyncio import _enter_task, _leave_task
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from contextvars import Context
from functools import partial
from typing import Any

from pronghorn._base.workers import Mailbox, leave_async, workers
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.exits import IN_THREAD, LEAVING, ON_LOOP, SENDING
from pronghorn._engine.host_task import HostTask
from pronghorn._engine.reply import Reply
from pronghorn._engine.running import DONE, POOLS, SUSPENDED, finish_steps, step_in_thread


class Stepper:
    """Follows plans from callbacks; what becomes of what they give is the subclass' to say."""

    def __init__(self) -> None:
        self._loop: Any = None
        self._mailbox: Mailbox | None = None
        self._host: Any = None

    def _settle_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on requests are served by another event loop."""
        self._loop = loop
        self._mailbox = workers.mailbox(loop)
        self._host = HostTask(loop)

    def _mailbox_of(self, x: Exchange) -> Mailbox:
        loop = x.loop
        if loop is not self._loop:
            self._settle_on(loop)
        assert self._mailbox is not None
        return self._mailbox

    def _step(self, x: Exchange, context: Context, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run what cannot suspend, as plans are run in place."""
        loop = x.loop
        if loop is not self._loop:
            self._settle_on(loop)
        host = self._host
        try:
            _enter_task(loop, host)
        except RuntimeError:  # called from a task: that one will do
            host = None
        try:
            return context.run(function, *arguments)
        finally:
            if host is not None:
                _leave_task(loop, host)

    def _follow(self, x: Exchange, run: Any, context: Context, marker: Any) -> None:
        """Do what a plan has paused for, and go on with it."""
        if marker is SENDING:
            self._send_outcome(x, run, context)
        elif marker is ON_LOOP:
            self._resume(x, run, context)
        elif marker is IN_THREAD or marker is LEAVING:
            # The connection waits for a response, but for nothing after it.
            release = x.hold() if x.started else None
            back = partial(self._back, x, run, context, release)
            copied = leave_async(context.copy())
            POOLS[marker].submit(self._mailbox_of(x), copied, step_in_thread, (run,), back)
        else:
            self._ended(x, context, RuntimeError(SUSPENDED))

    def _resume(self, x: Exchange, run: Any, context: Context) -> None:
        try:
            marker = self._step(x, context, next, run, DONE)
        except Exception as error:
            self._ended(x, context, error)
        else:
            if marker is DONE:
                self._ended(x, context, None)
            else:
                self._follow(x, run, context, marker)

    def _back(
        self,
        x: Exchange,
        run: Any,
        context: Context,
        release: Callable[[], None] | None,
        marker: Any,
        error: BaseException | None,
    ) -> None:
        """Take over from a thread."""
        if release is not None:
            release()
        if error is not None or marker is DONE:
            self._ended(x, context, error)
        else:
            self._follow(x, run, context, marker)

    def _ended(self, x: Exchange, context: Context, error: BaseException | None) -> None:
        """A plan has ended, if it had an answer to send after that was sent."""
        if x.started:
            if error is not None:
                x.spawn(within(context, self._complete, x, result(False, error)))
            return
        reply = self._finish(x, x.outcome, context) if error is None else self._fail(x, error, context)
        if reply is not None:
            self._respond(x, reply)

    def _send_outcome(self, x: Exchange, run: Any, context: Context) -> None:
        """Send what a plan gave, then let it go on with its exits."""
        outcome = x.outcome
        answering: Awaitable[bool] | None = None
        try:
            reply = self._passed(x, outcome) if type(outcome) is Reply and outcome.after is None else None
            if reply is not None:
                x.respond(reply)
        except Exception as error:
            reply, answering = None, result(False, error)
        if reply is not None:
            x.flush()
            self._resume(x, run, context)
            return
        if answering is None:
            answering = self._answer(x, outcome)
        entered_by = asyncio.current_task() or self._host
        finishing = finish_steps(run, answering, partial(as_task, entered_by))
        x.spawn(within(context, self._complete, x, finishing))

    # --- what a subclass does with what comes out

    def _passed(self, x: Exchange, reply: Reply) -> Reply | None:
        """What a reply is outside of all layers; None where that takes a task."""
        return reply

    def _respond(self, x: Exchange, reply: Reply) -> None:
        """Hand over a reply from a server's callback."""
        x.respond(reply)

    def _finish(self, x: Exchange, outcome: Any, context: Context) -> Reply | None:
        """What becomes of a plan's outcome."""
        raise NotImplementedError

    def _fail(self, x: Exchange, error: BaseException, context: Context) -> Reply | None:
        """What becomes of an exception."""
        raise NotImplementedError

    async def _answer(self, x: Exchange, outcome: Any) -> bool:
        """Send an outcome from the request's task; whether there was one."""
        raise NotImplementedError

    async def _complete(self, x: Exchange, answering: Awaitable[bool]) -> None:
        """See to it that a request is answered."""
        raise NotImplementedError


def as_task(task: Any, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function with another task for the current one."""
    loop, current = asyncio.get_running_loop(), asyncio.current_task()
    if current is None or current is task:
        return function(*arguments)
    _leave_task(loop, current)
    _enter_task(loop, task)
    try:
        return function(*arguments)
    finally:
        _leave_task(loop, task)
        _enter_task(loop, current)


async def result(outcome: Any, error: BaseException | None, *stacks: AsyncExitStack) -> Any:
    """What became of a plan, once more."""
    if error is not None:
        raise error
    return outcome


async def within(
    context: Context, function: Callable[..., Coroutine[Any, Any, None]], *arguments: Any
) -> None:
    """Run what follows on a request's code in the context of that code."""
    await asyncio.get_running_loop().create_task(function(*arguments), context=context)
