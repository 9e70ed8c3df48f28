"""The options of the commands, each written once, and commands made from them.

A record's fields are a command's parameters: `command_from` builds the function that Typer reads.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

import typer

ServerName = Literal["native", "uvicorn", "granian", "hypercorn"]
LogLevel = Literal["critical", "error", "warning", "info", "debug"]

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
    """How the application is served."""

    server: Annotated[ServerName, typer.Option(help="Pronghorn's own server, or an installed one.")] = (
        "native"
    )
    host: Annotated[
        str,
        typer.Option(help="The address to listen on: 127.0.0.1 for this machine alone, 0.0.0.0 for all."),
    ] = "127.0.0.1"
    port: Annotated[int, typer.Option(envvar="PORT", help="The port to listen on.")] = 8000
    uds: Annotated[Path | None, typer.Option(help="Listen on this Unix socket instead.")] = None
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Worker processes (WEB_CONCURRENCY, else one); not with --reload."),
    ] = None
    reload: Annotated[bool, typer.Option(help="Start again when files change, for development.")] = False
    reload_dir: Annotated[
        list[Path] | None, typer.Option(help="Watch this folder (may be repeated), not the current one.")
    ] = None
    root_path: Annotated[
        str, typer.Option(help="The path under which a proxy shows the application to the world.")
    ] = ""
    proxy_headers: Annotated[
        bool, typer.Option(help="Take the client's address and the scheme from X-Forwarded headers.")
    ] = True
    forwarded_allow_ips: Annotated[
        str | None,
        typer.Option(
            envvar="FORWARDED_ALLOW_IPS",
            help="Proxies whose X-Forwarded headers count, separated by commas; [blue]*[/] for all.",
        ),
    ] = None
    access_log: Annotated[bool, typer.Option(help="Log each request.")] = True
    log_level: Annotated[LogLevel, typer.Option(help="The least severe messages to log.")] = "info"


Options = TypeVar("Options", bound=TargetOptions)


def command_from(
    record: type[Options], handler: Callable[[Options], None], **defaults: Any
) -> Callable[..., None]:
    """A command whose parameters are the fields of `record`; it calls `handler` with them.

    Args:
        record: a dataclass whose fields are annotated for Typer.
        handler: what the command does. Its name and docstring become the command's.
        defaults: values that differ from the record's own.
    """

    def command(**values: Any) -> None:
        handler(record(**values))

    hints = get_type_hints(record, include_extras=True)
    parameters = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=defaults.get(field.name, field.default),
            annotation=hints[field.name],
        )
        for field in dataclasses.fields(record)
    ]
    command.__name__ = handler.__name__
    command.__doc__ = handler.__doc__
    command.__annotations__ = hints
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what Typer reads
    return command
