"""`fastapi.cli`: the entry point of the `fastapi` command, which runs Pronghorn's command line."""

from __future__ import annotations

import sys
from collections.abc import Callable

cli_main: Callable[[], None] | None
try:
    from pronghorn.cli import fastapi_main as cli_main
except ImportError:  # pragma: no cover - Typer and Rich are missing: an environment without the extra
    cli_main = None


def main() -> None:
    """Run the `fastapi` command.

    Raises:
        RuntimeError: the command line's own requirements are not installed.
    """
    if cli_main is None:
        message = (
            'To use the fastapi command, please install "pronghorn[standard]":\n\n'
            '\tpip install "pronghorn[standard]"\n'
        )
        sys.stdout.write(message)
        raise RuntimeError(message)
    cli_main()
