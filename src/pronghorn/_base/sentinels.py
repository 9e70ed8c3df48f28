"""Markers for "nothing was given": distinct from None, which is a value.

Invariant: a `DefaultPlaceholder` is replaced by its value at the last moment, so that an outer router
can tell an option that was left out from one that was set to the default.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

from pydantic_core import PydanticUndefined

DefaultType = TypeVar("DefaultType")

#: Nothing was sent, or there is no default.
Undefined: Any = PydanticUndefined


class DefaultPlaceholder:
    """An option that was left out, with the value it then has.

    Example:
        >>> bool(DefaultPlaceholder(None)), DefaultPlaceholder(1) == DefaultPlaceholder(1)
        (False, True)
    """

    def __init__(self, value: Any) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return bool(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DefaultPlaceholder) and bool(other.value == self.value)

    __hash__ = None  # type: ignore[assignment]


def Default(value: DefaultType) -> DefaultType:
    """Mark ``value`` as a default that may be overridden from outside; typed as the value itself."""
    return cast(DefaultType, DefaultPlaceholder(value))


#: A parameter option that was not given.
Unset: Any = Default(None)


def value_or_default(first: Any, *others: Any) -> Any:
    """The first argument that is not a `DefaultPlaceholder`, else ``first``."""
    for candidate in (first, *others):
        if not isinstance(candidate, DefaultPlaceholder):
            return candidate
    return first


def settled(option: Any) -> Any:
    """``option``, with a placeholder replaced by its value."""
    return option.value if isinstance(option, DefaultPlaceholder) else option
