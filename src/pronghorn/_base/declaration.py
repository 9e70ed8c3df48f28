"""The error for a declaration that cannot work, raised while routes are being built.

Lives here: one exception type and the helper that says where the declaration stands.
Must not live here: the rules themselves (`_declare`, `_compile`).
Invariant: the text of the error is the broken rule; where it stands (function, file, line) is a note,
so that tools can print either.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


class DeclarationError(AssertionError):
    """A path operation, dependency or parameter was declared in a way that cannot work.

    It is an `AssertionError` because that is what applications and plugins catch; it is raised
    explicitly, so it also holds under ``python -O``.

    Example:
        >>> raise DeclarationError("Path parameters cannot have a default value")
        Traceback (most recent call last):
        ...
        pronghorn._base.declaration.DeclarationError: Path parameters cannot have a default value
    """


def require(condition: object, message: str) -> None:
    """Raise `DeclarationError` with ``message`` unless ``condition`` holds."""
    if not condition:
        raise DeclarationError(message)


def source_location(call: Callable[..., Any]) -> str | None:
    """``file:line`` of a callable's definition, or None where it has no Python source."""
    target = inspect.unwrap(call)
    code = getattr(target, "__code__", None) or getattr(getattr(target, "__init__", None), "__code__", None)
    if code is None:
        code = getattr(getattr(type(target), "__call__", None), "__code__", None)  # noqa: B004 - its source is wanted
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else None


def note_location(error: BaseException, call: Callable[..., Any], parameter: str | None = None) -> None:
    """Attach to ``error``, once, which function (and parameter) it speaks of and where that stands."""
    if getattr(error, "__notes__", None):
        return
    name = getattr(call, "__qualname__", None) or repr(call)
    place = source_location(call)
    what = f"parameter {parameter!r} of {name}" if parameter else name
    error.add_note(f"In {what}" + (f", defined at {place}" if place else ""))
