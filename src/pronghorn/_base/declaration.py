"""The error for a declaration that cannot work, raised while routes are being built.

Lives here: one exception type and the helper that says where the declaration stands.
Must not live here: the rules themselves (`_declare`, `_compile`).
Invariant: the text of the error is the broken rule; where it stands (function, file, line) and what to do
are notes, so that tools can print either.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

_LOCATED = "In "


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


def require(condition: object, message: str, *, fix: str | None = None) -> None:
    """Raise `DeclarationError` with ``message`` unless ``condition`` holds.

    Args:
        condition: the rule.
        message: the broken rule, in words.
        fix: what most often helps, as a note of the error.
    """
    if condition:
        return
    error = DeclarationError(message)
    if fix is not None:
        error.add_note(f"Fix: {fix}")
    raise error


def source_location(call: Callable[..., Any]) -> str | None:
    """``file:line`` of a callable's definition, or None where it has no Python source."""
    target = inspect.unwrap(call)
    code = getattr(target, "__code__", None) or getattr(getattr(target, "__init__", None), "__code__", None)
    if code is None:
        code = getattr(getattr(type(target), "__call__", None), "__code__", None)  # noqa: B004 - its source is wanted
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else None


def note_location(error: BaseException, call: Callable[..., Any], part: str | None = None) -> None:
    """Attach to ``error``, once, what it speaks of and where that stands.

    Args:
        error: the error.
        call: the function.
        part: the part of it, such as ``parameter 'q'``; the whole function when left out.
    """
    notes: list[str] = getattr(error, "__notes__", [])
    if any(note.startswith(_LOCATED) for note in notes):
        return
    what = f"{part} of {described(call)}" if part else described(call)
    error.add_note(_LOCATED + what)
    # The place goes before the fix.
    notes = error.__notes__
    notes.insert(0, notes.pop())


def described(call: Callable[..., Any]) -> str:
    """A callable for people: its name, and where it is defined, as far as that is known."""
    name = getattr(call, "__qualname__", None) or repr(call)
    place = source_location(call)
    return f"{name}, defined at {place}" if place else name
