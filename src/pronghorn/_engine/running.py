"""Running one plan, whatever its kind, in the request's own task.

Must not live here: what becomes of its outcome (`dispatch`), running plans without a task (`stepping`).
Invariant: a plan that is run in place ends in one step; one that has paused is resumed until its end, whatever
happens meanwhile.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from contextvars import copy_context
from typing import Any

from anyio import CancelScope
from starlette.exceptions import HTTPException

from pronghorn._base.workers import Workers, exit_workers, leave_async, run_in_worker, workers
from pronghorn._compile.plan import EndpointPlan
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.exits import IN_THREAD, LEAVING, ON_LOOP, SENDING

DONE = object()
"""Comes from `next` when a plan has run to its end."""

SUSPENDED = "a coroutine suspended although nothing in it awaits"

#: Where a plan goes on that has paused for a thread.
POOLS: dict[Any, Workers] = {IN_THREAD: workers, LEAVING: exit_workers}


async def read_body(x: Exchange) -> None:
    """Wait for the whole body, as far as there is no fault with it."""
    try:
        await x.read_body()
    except Exception as error:
        raise HTTPException(status_code=400, detail="There was an error parsing the body") from error


async def run_plan(x: Exchange, plan: EndpointPlan, *stacks: AsyncExitStack) -> Any:
    """Run a plan that holds no exits in the request's task, with the stacks that it may use."""
    if plan.way == "thread":
        return await run_in_worker(leave_async(copy_context()), plan.function, x)
    if plan.way == "task":
        return await (plan.function(x, *stacks) if plan.uses_stacks else plan.function(x))
    if plan.way == "relay":
        await _follow(plan.function(x), ON_LOOP, None, _call)
        return x.outcome
    return run_in_place(plan, x)


def run_in_place(plan: EndpointPlan, x: Exchange) -> Any:
    """Run a plan that cannot suspend; what it gives."""
    if next(plan.function(x), DONE) is not DONE:
        raise RuntimeError(SUSPENDED)
    return x.outcome


async def run_with_exits(
    x: Exchange, plan: EndpointPlan, answer: Callable[[Exchange, Any], Awaitable[bool]]
) -> bool:
    """Run a plan that holds exits; whether it has answered, by ``answer``."""
    sent: list[bool] = []

    async def send() -> None:
        sent.append(await answer(x, x.outcome))

    await _follow(plan.function(x), IN_THREAD if plan.way == "thread" else ON_LOOP, send, _call)
    return sent[0] if sent else await answer(x, x.outcome)


async def finish_steps(run: Any, answering: Awaitable[bool], on_loop: Callable[..., Any]) -> bool:
    """Answer with what a paused plan gave, then let its exits run.

    Args:
        run: the plan.
        answering: sends the answer; tells whether there was one.
        on_loop: calls a function the way in which the plan's exits have to be called.
    """
    sent: list[bool] = []

    async def send() -> None:
        sent.append(await answering)

    await _follow(run, SENDING, send, on_loop)
    return sent[0]


async def _follow(run: Any, marker: Any, send: Any, on_loop: Callable[..., Any]) -> None:
    """Do what a plan pauses for until it ends; raises what it ends with."""
    while marker is not DONE:
        try:
            if marker is SENDING:
                await send()
            if marker is IN_THREAD or marker is LEAVING:
                marker = await _step_away(run, marker)
            else:
                marker = on_loop(next, run, DONE)
        except BaseException as error:
            if run.gi_frame is None:
                raise
            marker = on_loop(run.throw, error)


async def _step_away(run: Any, marker: Any) -> Any:
    """Run a plan in a thread; exits there are not interrupted."""
    with CancelScope(shield=marker is LEAVING):
        return await run_in_worker(leave_async(copy_context()), step_in_thread, run, pool=POOLS[marker])


def step_in_thread(run: Any) -> Any:
    """Run a plan until it has to leave the thread; what it pauses for then."""
    while (marker := next(run, DONE)) is IN_THREAD or marker is LEAVING:
        pass
    return marker


def _call(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)
