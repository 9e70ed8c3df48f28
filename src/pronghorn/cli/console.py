"""What the commands print: the start-up report, problems, and nothing else.

Data that another program may read (an OpenAPI document) goes to standard output by itself; problems
of those commands go to standard error. Invariant: Rich is loaded only by what it has something to style for;
who starts a server without a terminal does not pay for it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from pronghorn.cli.problems import Problem

if TYPE_CHECKING:
    from rich.console import Console

_STYLES_WANTED = ("FORCE_COLOR", "TTY_COMPATIBLE")
"""Variables by which Rich takes a file or a pipe for a terminal."""


def say(*parts: tuple[str, str]) -> None:
    """Print a line.

    Args:
        parts: texts with Rich's name of a style each, which shows on a terminal.
    """
    if not (sys.stdout.isatty() or any(map(os.environ.get, _STYLES_WANTED))):
        sys.stdout.write("".join(text for text, _ in parts) + "\n")
        sys.stdout.flush()
        return
    from rich.console import Console
    from rich.text import Text

    # soft_wrap: a line stays searchable, whatever the width of the terminal
    Console().print(Text.assemble(*parts), highlight=False, soft_wrap=True)


@contextlib.contextmanager
def problems_shown(*, with_traceback: bool, on_stderr: bool = False) -> Iterator[None]:
    """Show a `Problem` raised inside, and end the command with exit code 1."""
    try:
        yield
    except Problem as problem:
        from rich.console import Console

        show_problem(Console(stderr=on_stderr), problem, with_traceback=with_traceback)
        raise typer.Exit(code=1) from None


def show_problem(console: Console, problem: Problem, *, with_traceback: bool) -> None:
    """Print what happened, where, and the likely fix; the traceback of its cause only when asked for."""
    cause = problem.__cause__
    if with_traceback and cause is not None:
        from rich.traceback import Traceback

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
    from rich.markup import escape

    console.print(f"{label} {escape(text)}", soft_wrap=True, highlight=False)
