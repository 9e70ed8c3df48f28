"""What the commands print: the start-up report, problems, and nothing else.

Data that another program may read (an OpenAPI document) goes to standard output by itself; problems
of those commands go to standard error.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import typer
from rich.console import Console
from rich.markup import escape
from rich.traceback import Traceback

from pronghorn.cli.problems import Problem


@contextlib.contextmanager
def problems_shown(console: Console, *, with_traceback: bool) -> Iterator[None]:
    """Show a `Problem` raised inside on `console`, and end the command with exit code 1."""
    try:
        yield
    except Problem as problem:
        show_problem(console, problem, with_traceback=with_traceback)
        raise typer.Exit(code=1) from None


def show_problem(console: Console, problem: Problem, *, with_traceback: bool) -> None:
    """Print what happened, where, and the likely fix; the traceback of its cause only when asked for."""
    cause = problem.__cause__
    if with_traceback and cause is not None:
        console.print(Traceback.from_exception(type(cause), cause, cause.__traceback__))
    _print_line(console, "[bold red]error[/]", problem.message)
    if problem.where:
        _print_line(console, "[dim]at[/]   ", problem.where)
    if problem.source:
        _print_line(console, "     ", f"    {problem.source}")
    for note in problem.notes:
        _print_line(console, "     ", note)
    if problem.fix:
        _print_line(console, "[green]fix[/]  ", problem.fix)
    if cause is not None and not with_traceback:
        _print_line(console, "     ", "--traceback shows the whole traceback")


def _print_line(console: Console, label: str, text: str) -> None:
    # soft_wrap: a message stays searchable, whatever the width of the terminal
    console.print(f"{label} {escape(text)}", soft_wrap=True, highlight=False)
