"""The `pronghorn` command: its Typer application, put together from the command modules."""

from __future__ import annotations

from typing import Annotated

import typer

from pronghorn.cli import inspection, serve
from pronghorn.cli.conversion import Group, command_class
from pronghorn.cli.options import PathOptions, command_from, serve_command

app = typer.Typer(
    name="pronghorn",
    cls=Group,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for command in (
    serve_command(serve.dev, serve.DEVELOPMENT),
    serve_command(serve.run, serve.PRODUCTION),
    command_from(PathOptions, inspection.routes),
    command_from(inspection.ExplainOptions, inspection.explain),
    command_from(inspection.OpenAPIOptions, inspection.openapi),
):
    app.command(cls=command_class(command))(command)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # it loads all that reads an e-mail's header

        typer.echo(f"pronghorn {version('pronghorn')}")
        raise typer.Exit


@app.callback()
def pronghorn(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Serve and inspect Pronghorn applications."""
