"""Whether the methods that a request passes are still the ones that were written for it.

Tools put their own functions in the place of methods of ours and of Starlette's, some before anything
of ours is imported. The fast way calls none of these methods, so it must know. Invariant: a function counts
as untouched by where its code comes from, never by its name, which a wrapper may have copied.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import FunctionType
from typing import Any

_AUTHORS = ("starlette", "pronghorn")


def is_untouched(method: Any) -> bool:
    """Whether a method, as found on a class, is a function of Starlette's or ours."""
    if type(method) is not FunctionType:
        return False
    module: str = method.__globals__.get("__name__", "")
    return module.partition(".")[0] in _AUTHORS


def are_untouched(methods: Iterable[tuple[type, str]]) -> bool:
    """The same for several methods, by class and name."""
    return all(is_untouched(getattr(cls, name)) for cls, name in methods)


def is_untouched_class(cls: type) -> bool:
    """Whether no method of a class was replaced; what is no method, as `copy` adds it, changes nothing."""
    methods = (name for name, member in vars(cls).items() if callable(member))
    return are_untouched((cls, name) for name in methods)
