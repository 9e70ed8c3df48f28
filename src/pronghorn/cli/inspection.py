"""`pronghorn routes`, `pronghorn explain` and `pronghorn openapi`: what an application consists of."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer

from pronghorn.cli.console import problems_shown
from pronghorn.cli.options import PathOptions
from pronghorn.cli.problems import Problem
from pronghorn.cli.serve import load_from_options


@dataclass(frozen=True, kw_only=True)
class ExplainOptions(PathOptions):
    """The path operation to explain."""

    method: Annotated[str, typer.Argument(show_default=False, help="The HTTP method, such as GET.")]
    route: Annotated[
        str,
        typer.Argument(
            metavar="PATH", show_default=False, help="As declared (/items/{id}) or requested (/items/3)."
        ),
    ]
    path: Annotated[
        str | None, typer.Option("--path", help="The Python file or package with the application.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class OpenAPIOptions(PathOptions):
    """Where the document goes."""

    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None
    indent: Annotated[int, typer.Option(min=0, help="Spaces a level; 0 for a single line.")] = 2


def routes(options: PathOptions) -> None:
    """List the routes of an application, and how each one runs."""
    with problems_shown(with_traceback=options.traceback, on_stderr=True):
        target, application = load_from_options(options)
        from rich.console import Console
        from rich.table import Table

        from pronghorn._app.explain import describe_routes

        table = Table(title=target.import_string)
        for heading in ("Method", "Path", "Name", "Endpoint", "Dependencies", "Runs"):
            table.add_column(heading, overflow="fold")
        for route in describe_routes(application):
            table.add_row(
                route.method, route.path, route.name, _place(route), "\n".join(route.dependencies), route.way
            )
        Console().print(table)


def explain(options: ExplainOptions) -> None:
    """Show the compiled plan of a path operation, and the source generated for it."""
    with problems_shown(with_traceback=options.traceback, on_stderr=True):
        _, application = load_from_options(options)
        from rich.console import Console
        from rich.syntax import Syntax

        from pronghorn._app.explain import describe_routes
        from pronghorn._app.explain import explain as explain_route

        method = options.method.upper()
        try:
            explanation = explain_route(application, method, options.route)
        except LookupError:
            known = [f"{route.method} {route.path}" for route in describe_routes(application)]
            raise Problem(
                f"No path operation answers {method} {options.route}",
                fix=f"the nearest ones: {', '.join(get_close_matches(f'{method} {options.route}', known, 5, 0))}",
            ) from None
        console = Console()
        console.print(explanation.text, highlight=False, markup=False, soft_wrap=True)
        if explanation.source:
            console.print(Syntax(explanation.source, "python", theme="ansi_dark", line_numbers=True))


def openapi(options: OpenAPIOptions) -> None:
    """Print the OpenAPI document of an application, or write it to a file."""
    with problems_shown(with_traceback=options.traceback, on_stderr=True):
        _, application = load_from_options(options)
        text = json.dumps(application.openapi(), indent=options.indent or None, ensure_ascii=False)
        if options.output is None:
            sys.stdout.write(f"{text}\n")
        else:
            options.output.write_text(f"{text}\n", "utf-8")


def _place(route: Any) -> str:
    return f"{route.endpoint}\n{route.location}" if route.location else str(route.endpoint)
