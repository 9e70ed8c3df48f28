"""The functions that others replace: the reference way looks them up here at every call.

Lives here: the table of replaceable functions. Must not live here: the functions (they register themselves).
Invariant: `replaced` is true exactly while some entry is not the function that registered it; the fast way
steps aside for the whole process while it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class Seams:
    """Functions by name, with a note of which were replaced."""

    __slots__ = ("_current", "_original", "replaced")

    def __init__(self) -> None:
        self._original: dict[str, Callable[..., Any]] = {}
        self._current: dict[str, Callable[..., Any]] = {}
        self.replaced = False

    def register(self, function: F) -> F:
        """Offer ``function`` for replacement under its own name; usable as a decorator."""
        self._original[function.__name__] = function
        self._current[function.__name__] = function
        return function

    def __contains__(self, name: str) -> bool:
        return name in self._original

    def get(self, name: str) -> Callable[..., Any]:
        """The function that is in force."""
        return self._current[name]

    def is_original(self, name: str) -> bool:
        """Whether nobody replaced the function."""
        return self._current[name] is self._original[name]

    def replace(self, name: str, function: Callable[..., Any]) -> None:
        """Put ``function`` in force; putting the original back ends the replacement."""
        self._current[name] = function
        self.replaced = any(self._current[key] is not original for key, original in self._original.items())

    def restore(self, name: str) -> None:
        """Put the original in force again."""
        self.replace(name, self._original[name])


seams = Seams()
