"""Handlers that finish although nobody waits for the answer any more.

Lives here: the mark, and asking for it. Must not live here: cancelling (`server`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

_MARK = "__uninterrupted__"


def uninterrupted(function: Function) -> Function:
    """Let a handler come to its end although its client has gone.

    The native server cancels a handler whose client leaves before the response began. What must not be left
    half done, such as a payment, is marked; the mark goes below the route's decorator.

    Example:
        >>> @uninterrupted
        ... async def pay(order: int) -> None: ...
    """
    vars(function)[_MARK] = True
    return function


def is_uninterrupted(function: Any) -> bool:
    """Whether `function` bears the mark."""
    return bool(getattr(function, _MARK, False))
