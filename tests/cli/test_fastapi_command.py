"""`python -m fastapi` and `fastapi.cli` under the drop-in, and the command without its requirements."""

import subprocess
import sys
from pathlib import Path

import pytest

from pronghorn import cli
from pronghorn.cli import fastapi_command


def test_python_m_fastapi_runs_the_command_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pronghorn.dropin", "-m", "fastapi", "dev", "non_existent_file.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Path does not exist non_existent_file.py" in done.stdout


def test_without_its_requirements_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fastapi_command, "cli_main", None)
    with pytest.raises(RuntimeError, match="To use the fastapi command, please install"):
        fastapi_command.main()
    assert "pip install" in capsys.readouterr().out


def test_the_pronghorn_command_says_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pronghorn.cli.commands", raising=False)
    monkeypatch.setitem(sys.modules, "typer", None)
    with pytest.raises(SystemExit, match=r"pip install \"pronghorn\[standard\]\""):
        cli.main()


def test_another_missing_module_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pronghorn.cli.commands", raising=False)
    monkeypatch.setitem(sys.modules, "pronghorn.cli.serve", None)
    monkeypatch.delattr(cli, "serve", raising=False)
    with pytest.raises(ImportError):
        cli.main()
