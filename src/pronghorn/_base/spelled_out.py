"""Signatures that show, one by one, the options that a function takes by ``**options``.

For `help()`, and for packages that read a signature to know what they may pass on. Type checkers
take the same from ``Unpack``. Invariant: only what is shown changes, never what is accepted.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from inspect import Parameter
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def spelled_out(options: type[Any], defaults: Mapping[str, Any]) -> Callable[[F], F]:
    """Let `inspect.signature` show the options of a function.

    Args:
        options: the `TypedDict` of the options.
        defaults: what is in force for an option that is left out; None where it does not say.
    """
    shown = [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=defaults.get(name),
            annotation=getattr(annotation, "__forward_arg__", annotation),
        )
        for name, annotation in options.__annotations__.items()
    ]

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
        own = [each for each in signature.parameters.values() if each.kind is not Parameter.VAR_KEYWORD]
        setattr(function, "__signature__", signature.replace(parameters=own + shown))  # noqa: B010 - no checker knows it
        return function

    return decorate
