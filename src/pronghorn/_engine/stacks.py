"""The exit stacks of a request that user code may take from its scope, and their end.

Must not live here: dependencies. Invariant: a stack that was handed out is closed: the function's before the
response is sent, the request's after it and its background tasks, the outermost one at the very end.
"""

from __future__ import annotations

from contextlib import AsyncExitStack

from pronghorn._base.exit_stack import MIDDLEWARE_STACK
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.lazy_scope import STACKS, LazyScope


def offer_stacks(x: Exchange) -> bool:
    """Put stacks into the scope of ``x``, if it was made by others and cannot make them itself.

    Returns:
        Whether there are such stacks now.
    """
    scope = x._scope
    if scope is None or isinstance(scope, LazyScope):
        return False
    for key in STACKS[:-1] if x.nested else STACKS:
        scope[key] = AsyncExitStack()
    return True


def has_opened(x: Exchange) -> bool:
    """Whether user code has asked for a stack."""
    scope = x._scope
    return isinstance(scope, LazyScope) and scope.opened


def is_in_use(x: Exchange) -> bool:
    """Whether there is anything on the stacks of ``x``."""
    scope = x._scope
    stacks = [] if not isinstance(scope, dict) else [dict.get(scope, key) for key in STACKS]
    return any(isinstance(stack, AsyncExitStack) and bool(stack._exit_callbacks) for stack in stacks)  # type: ignore[attr-defined]


async def close_stacks(x: Exchange, *keys: str) -> None:
    """Close stacks, from the inside out, if they are there; the outermost one only if it is this exchange's."""
    scope = x._scope
    if scope is None:
        return
    for key in keys:
        if key != MIDDLEWARE_STACK or not x.nested:
            stack = dict.get(scope, key) if isinstance(scope, dict) else scope.get(key)
            if isinstance(stack, AsyncExitStack):
                await stack.aclose()
