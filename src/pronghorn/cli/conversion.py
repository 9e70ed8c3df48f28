"""Commands whose texts and missing options stay as they are.

Typer hands every parameter of a command to pydantic, those that were not given too: 0.16 s of CPU before a server
starts, for texts that become texts. Must not live here: what an option means (`server.options`).
Invariant: what a command is called with is what Typer's own conversion makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from typer.core import TyperArgument, TyperOption

    Parameter = TyperArgument | TyperOption


class Group(TyperGroup):
    """The commands, and the options before them."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its parameters."""
        return _as_they_are(super().get_params(ctx), frozenset())


def command_class(command: Callable[..., None]) -> type[TyperCommand]:
    """The class of Typer's for `command`, a function that `command_from` or `serve_command` made."""
    texts = {name for name, hint in command.__annotations__.items() if get_args(hint)[:1] == (str | None,)}

    class Command(TyperCommand):
        def get_params(self, ctx: Any) -> list[Any]:
            return _as_they_are(super().get_params(ctx), texts)

    return Command


def _as_they_are(parameters: list[Any], texts: Set[str]) -> list[Any]:
    for parameter in parameters:
        if not parameter.required:
            parameter.process_value = partial(_process, parameter, parameter.name in texts)
    return parameters


def _process(parameter: Parameter, is_text: bool, context: Any, value: Any) -> Any:
    """The value of an optional parameter: converted unless it is missing, its default, or a text for a text."""
    if value is None:
        value = () if parameter.multiple else None
    elif value is not parameter.default and not (is_text and type(value) is str):
        kind: Any = type(parameter)  # whose own conversion it is
        return kind.process_value(parameter, context, value)
    return value if parameter.callback is None else parameter.callback(context, parameter, value)
