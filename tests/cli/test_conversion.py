"""What commands are called with is what Typer's own conversion makes of the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import typer
from typer.core import TyperCommand, TyperGroup
from typer.testing import CliRunner

from pronghorn.cli import inspection
from pronghorn.cli.conversion import Group, command_class
from pronghorn.cli.options import ServeOptions, TargetOptions, command_from, serve_command


def answer(
    arguments: list[str], record: type[TargetOptions] | None, *, ours: bool
) -> tuple[int, str, list[Any]]:
    """Exit code, what was printed, and what the command was called with."""
    calls: list[Any] = []

    def take(*values: Any) -> None:
        """Do it."""
        calls.extend(values)

    command: Callable[..., None] = serve_command(take, {}) if record is None else command_from(record, take)
    app = typer.Typer(cls=Group if ours else TyperGroup)
    app.command("do", cls=command_class(command) if ours else TyperCommand)(command)
    app.callback()(lambda: None)
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    return result.exit_code, result.output, calls


@pytest.mark.parametrize(
    ("record", "arguments"),
    [
        (None, []),
        (None, ["main.py", "--app", "api", "-e", "a:b", "--port", "9", "--log-level", "nonsense"]),
        (None, ["--reload-dir", "a", "--reload-dir", "b", "--reload", "--no-access-log"]),
        (None, ["--server", "uvicorn", "--drop-in", "--traceback"]),
        (None, ["--server", "native", "--port", ""]),
        (None, ["--server", "apache"]),
        (None, ["--port"]),
        (None, ["--nonsense"]),
        (None, ["--help"]),
        (inspection.OpenAPIOptions, []),
        (inspection.OpenAPIOptions, ["--indent", "4", "-o", "file.json", "main:app"]),
        (inspection.OpenAPIOptions, ["--indent", "-1"]),
        (inspection.OpenAPIOptions, ["--indent", "two"]),
        (inspection.ExplainOptions, ["GET"]),
        (inspection.ExplainOptions, ["GET", "/items", "--path", "main.py"]),
        (ServeOptions, ["main.py"]),
    ],
)
def test_commands_are_called_as_typer_would(record: type[TargetOptions] | None, arguments: list[str]) -> None:
    expected = answer(["do", *arguments], record, ours=False)
    assert answer(["do", *arguments], record, ours=True) == expected


def test_the_environment_counts_as_with_typer(monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("1", "off", "perhaps"):
        monkeypatch.setenv("PRONGHORN_DROPIN", text)
        assert answer(["do"], None, ours=True) == answer(["do"], None, ours=False)


@pytest.mark.parametrize("arguments", [["--help"], [], ["--nonsense"], ["do", "--help"]])
def test_options_before_the_command_are_taken_as_typer_would(arguments: list[str]) -> None:
    assert answer(arguments, ServeOptions, ours=True) == answer(arguments, ServeOptions, ours=False)
