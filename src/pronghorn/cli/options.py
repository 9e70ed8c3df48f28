"""The options of the commands, each written once, and commands made from them.

A record's fields are a command's parameters: `command_from` builds the function that Typer reads. The
options of the native server are written in `ServerConfig`; `serve_command` makes flags of them.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

import typer

from pronghorn.server.config import ServerConfig
from pronghorn.server.options import Option, options_of

ServerName = Literal["native", "uvicorn", "granian", "hypercorn"]

_PathArgument = typer.Argument(
    show_default=False,
    help="A Python file or package with the application, or its import string ([blue]module:name[/]). Without"
    " it: the [blue]entrypoint[/] in [blue]pyproject.toml[/], then main.py, app.py, api.py, and those in app/.",
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class TargetOptions:
    """Which application a command is about, and how its failures are shown."""

    app: Annotated[
        str | None, typer.Option(help="The name of the application in its module; found by itself otherwise.")
    ] = None
    entrypoint: Annotated[
        str | None, typer.Option("--entrypoint", "-e", help="The application's import string, module:name.")
    ] = None
    drop_in: Annotated[
        bool,
        typer.Option(
            "--drop-in",
            envvar="PRONGHORN_DROPIN",
            help="Answer to the name [blue]fastapi[/], so that an unchanged FastAPI application runs.",
        ),
    ] = False
    traceback: Annotated[
        bool,
        typer.Option("--traceback", help="Show the whole traceback when the application fails to start."),
    ] = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class PathOptions(TargetOptions):
    """The application may be given as an argument."""

    path: Annotated[str | None, _PathArgument] = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServeOptions(PathOptions):
    """What is served, and by which server. How it is served are the options of `ServerConfig`."""

    server: Annotated[ServerName, typer.Option(help="Pronghorn's own server, or an installed one.")] = (
        "native"
    )


Options = TypeVar("Options", bound=TargetOptions)


def command_from(record: type[Options], handler: Callable[[Options], None]) -> Callable[..., None]:
    """A command whose parameters are the fields of `record`; it calls `handler` with them.

    Args:
        record: a dataclass whose fields are annotated for Typer.
        handler: what the command does. Its name and docstring become the command's.
    """

    def command(**values: Any) -> None:
        handler(record(**values))

    return _with_parameters(command, handler, _parameters_of(record))


def serve_command(
    handler: Callable[[ServeOptions, dict[str, Any]], None], defaults: Mapping[str, Any]
) -> Callable[..., None]:
    """A command that serves: its flags are the fields of `ServeOptions` and of `ServerConfig`.

    Args:
        handler: as for `command_from`; it gets the flags that are the server's in a dictionary, by the
            names of the fields. None, or an empty list, is a flag that was not given.
        defaults: what differs from the record's own; to be shown only.
    """
    parameters = _parameters_of(ServeOptions)
    own = [parameter.name for parameter in parameters]

    def command(**flags: Any) -> None:
        handler(ServeOptions(**{name: flags.pop(name) for name in own}), flags)

    server = [
        _flag_of(option, defaults.get(option.name, option.default)) for option in options_of(ServerConfig)
    ]
    return _with_parameters(command, handler, [*parameters, *server])


def _parameters_of(record: type[TargetOptions]) -> list[inspect.Parameter]:
    hints = get_type_hints(record, include_extras=True)
    return [
        _parameter(
            field.name,
            hints[field.name],
            inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default,
        )
        for field in dataclasses.fields(record)
    ]


def _flag_of(option: Option, default: Any) -> inspect.Parameter:
    """An option of the server as a flag. Its text is read where that of the other sources is."""
    kind: Any = bool if option.kind is bool else list[str] if option.several else str
    off = f"/--no-{option.flag[2:]}" if option.kind is bool else ""
    text = option.text_of(default)
    flag = typer.Option(
        f"{option.flag}{off}",
        help=option.about.help.replace("`", "") + (f" Default: {text}." if text else ""),
        metavar=None if option.kind is bool else option.metavar,
        rich_help_panel=option.group,
    )
    return _parameter(option.name, Annotated[kind | None, flag], None)


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _with_parameters(
    command: Callable[..., None], handler: Callable[..., None], parameters: list[inspect.Parameter]
) -> Callable[..., None]:
    command.__name__ = handler.__name__
    command.__doc__ = handler.__doc__
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what Typer reads
    return command
