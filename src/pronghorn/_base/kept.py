"""A value that an object finds out when it is first asked, and keeps.

Must not live here: anything about what is kept. Invariant: an attribute set on the object is what it has from then on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # to type checkers it is the same
    from functools import cached_property as kept
else:

    class kept:  # noqa: N801 - a decorator, as `property` is
        """`functools.cached_property` without a lock: for objects that belong to one event loop.

        PERF: Python 3.11 takes one at every first access, four times the work. bench middleware
        """

        def __init__(self, find_out: Callable[[Any], Any]) -> None:
            self._find_out = find_out
            self._name = find_out.__name__
            self.__doc__ = find_out.__doc__

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            if instance is None:
                return self
            value = instance.__dict__[self._name] = self._find_out(instance)
            return value


__all__ = ["kept"]
