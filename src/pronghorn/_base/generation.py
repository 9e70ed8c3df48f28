"""A process-wide count of changes to routes and what hangs on them.

Lives here: the count, and a list and a set that count their own changes. Invariant: whoever compiled something compares
one number to learn whether it may be out of date; a needless change costs a recompilation, a missed one is a bug.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Generation:
    """The count; see `generation`."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def bump(self) -> None:
        """Note a change."""
        self.value += 1


generation = Generation()


def _counting(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        generation.value += 1
        return original(self, *args, **kwargs)

    return method


class TrackedList(list[T]):
    """An ordinary list whose every change bumps `generation`."""

    __slots__ = ()


class TrackedSet(set[T]):
    """An ordinary set whose every change bumps `generation`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(set(self))


_CHANGES: dict[type, tuple[str, ...]] = {
    TrackedList: (
        "append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse",
        "__setitem__", "__delitem__", "__iadd__", "__imul__",
    ),
    TrackedSet: (
        "add", "remove", "discard", "pop", "clear", "update", "difference_update", "intersection_update",
        "symmetric_difference_update", "__ior__", "__isub__", "__iand__", "__ixor__",
    ),
}  # fmt: skip

for _kind, _names in _CHANGES.items():
    for _name in _names:
        setattr(_kind, _name, _counting(getattr(_kind, _name)))


def tracked(value: Any) -> Any:
    """A list or set as one that counts its changes; anything else as it is."""
    if type(value) is list:
        return TrackedList(value)
    return TrackedSet(value) if type(value) is set else value
