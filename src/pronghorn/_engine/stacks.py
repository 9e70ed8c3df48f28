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
    for key in keys:
        stack = _own_stack(x, key)
        if stack is not None:
            await stack.aclose()


async def unwind(x: Exchange, error: Exception) -> Exception:
    """Close the outermost stack as ``error`` passes it; returns the exception that goes on from there."""
    stack = _own_stack(x, MIDDLEWARE_STACK)
    if stack is not None:
        try:
            await stack.__aexit__(type(error), error, error.__traceback__)
        except Exception as failure:
            return failure
    return error


def _own_stack(x: Exchange, key: str) -> AsyncExitStack | None:
    """A stack of this exchange, if it is there: it is not made for the question."""
    scope = x._scope
    if scope is None or (key == MIDDLEWARE_STACK and x.nested):
        return None
    stack = dict.get(scope, key) if isinstance(scope, dict) else scope.get(key)
    return stack if isinstance(stack, AsyncExitStack) else None
