"""Running one plan, whatever its kind, up to what it gives.

Must not live here: what becomes of that (`dispatch`). Invariant: a plan that is run in place ends in one step.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from contextvars import copy_context
from typing import Any

from starlette.exceptions import HTTPException

from pronghorn._base.workers import leave_async, run_in_worker
from pronghorn._compile.plan import EndpointPlan
from pronghorn._engine.exchange import Exchange

DONE = object()
"""Comes from `next` when a plan has run to its end."""

SUSPENDED = "a coroutine suspended although nothing in it awaits"


async def read_body(x: Exchange) -> None:
    """Wait for the whole body, as far as there is no fault with it."""
    try:
        await x.read_body()
    except Exception as error:
        raise HTTPException(status_code=400, detail="There was an error parsing the body") from error


async def run_plan(x: Exchange, plan: EndpointPlan, *stacks: AsyncExitStack) -> Any:
    """Run a plan in the request's task, with the stacks that it may use."""
    if plan.way == "thread":
        return await run_in_worker(leave_async(copy_context()), plan.function, x)
    if plan.way == "task":
        return await (plan.function(x, *stacks) if plan.uses_stacks else plan.function(x))
    return run_in_place(plan, x)


def run_in_place(plan: EndpointPlan, x: Exchange) -> Any:
    """Run a plan that cannot suspend; what it gives."""
    if next(plan.function(x), DONE) is not DONE:
        raise RuntimeError(SUSPENDED)
    return x.outcome
