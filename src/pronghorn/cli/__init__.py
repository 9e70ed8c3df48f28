"""The `pronghorn` command line, on Typer and Rich (extra `standard`).

    pronghorn dev [PATH]             serve for development, reloading
    pronghorn run [PATH]             serve in production
    pronghorn routes [PATH]          the routes, and how each one runs
    pronghorn explain METHOD PATH    the compiled plan of one path operation
    pronghorn openapi [PATH]         the OpenAPI document

`discovery` finds the application, `loading` imports it, `problems` explains what went wrong. Nothing
below the command line knows of it.
"""

from __future__ import annotations

__all__ = ["main"]

_MISSING = 'The pronghorn command needs {name}: pip install "pronghorn[standard]"'


def main(prog_name: str = "pronghorn") -> None:
    """Run the command line on `sys.argv`."""
    try:
        from pronghorn.cli.commands import app
    except ModuleNotFoundError as error:
        if error.name not in {"typer", "rich"}:
            raise
        raise SystemExit(_MISSING.format(name=error.name)) from error
    app(prog_name=prog_name)
