"""A process-wide count of changes to routes and what hangs on them.

Lives here: the count, and a list that counts its own changes. Invariant: whoever compiled something compares
one number to learn whether it may be out of date; a needless change costs a recompilation, a missed one is a bug.
"""

from __future__ import annotations

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


def _counting(name: str) -> Callable[..., Any]:
    original = getattr(list, name)

    def method(self: list[Any], *args: Any, **kwargs: Any) -> Any:
        generation.value += 1
        return original(self, *args, **kwargs)

    method.__name__ = name
    method.__doc__ = original.__doc__
    return method


class TrackedList(list[T]):
    """An ordinary list whose every change bumps `generation`."""

    __slots__ = ()


for _name in (
    "append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse",
    "__setitem__", "__delitem__", "__iadd__", "__imul__",
):  # fmt: skip
    setattr(TrackedList, _name, _counting(_name))
