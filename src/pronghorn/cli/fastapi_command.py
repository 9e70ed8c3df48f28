"""The `fastapi` command while the drop-in is installed: `fastapi.cli` shows this module."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable

from pronghorn.cli import main as _run_command_line

_INSTALL = """\
To use the fastapi command, please install "pronghorn[standard]":

\tpip install "pronghorn[standard]"
"""


def _command_line() -> Callable[[], None] | None:
    """What the command runs; nothing where its own requirements are missing."""
    present = all(importlib.util.find_spec(name) for name in ("typer", "rich"))
    return (lambda: _run_command_line("fastapi")) if present else None


cli_main = _command_line()


def main() -> None:
    """Run the `fastapi` command.

    Raises:
        RuntimeError: the command line's own requirements are not installed.
    """
    if cli_main is None:
        sys.stdout.write(_INSTALL)
        raise RuntimeError(_INSTALL)
    cli_main()
