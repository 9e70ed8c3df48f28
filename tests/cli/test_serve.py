"""`dev` and `run`: what they report, and that the application answers behind every server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from pronghorn.cli.options import ServeOptions
from pronghorn.cli.problems import Problem
from pronghorn.cli.serve import public_address, worker_count
from tests.cli.conftest import SHOP, Invoke, WriteModule

PATIENCE = 30.0


@contextmanager
def served(folder: Path, *arguments: str) -> Iterator[httpx.Client]:
    """A client to the application that `pronghorn <arguments>` serves on a Unix socket in `folder`."""
    place = folder / "s"
    output = (folder / "output").open("w+")
    command = [sys.executable, "-m", "pronghorn", *arguments, "--uds", str(place)]
    with output, subprocess.Popen(command, cwd=folder, stdout=output, stderr=output) as process:
        try:
            wait_until_listening(place, process, folder / "output")
            transport = httpx.HTTPTransport(uds=str(place))
            with httpx.Client(transport=transport, base_url="http://shop", timeout=PATIENCE) as client:
                yield client
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def wait_until_listening(place: Path, process: subprocess.Popen[bytes], output: Path) -> None:
    """Return once a connection is accepted; the process must not end meanwhile."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(place)) == 0:
                return
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        break
    raise AssertionError(output.read_text())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(SHOP)
    (tmp_path / "theirs.py").write_text(SHOP.replace("pronghorn", "fastapi"))
    return tmp_path


@pytest.mark.parametrize("server", ["native", "uvicorn", "granian", "hypercorn"])
def test_an_application_is_served_by(folder: Path, server: str) -> None:
    with served(folder, "run", "--server", server) as client:
        assert client.get("/items/3").json() == {"item": 3, "top": 10}


def test_an_unchanged_fastapi_application_is_served_in_reloaded_processes(folder: Path) -> None:
    with served(folder, "dev", "--drop-in", "theirs.py") as client:
        assert client.get("/items/3").json() == {"item": 3, "top": 10}


def test_an_unchanged_fastapi_application_is_served_by_worker_processes(folder: Path) -> None:
    with served(folder, "run", "--drop-in", "theirs:app", "--workers", "2") as client:
        assert client.get("/items/3").json() == {"item": 3, "top": 10}


@pytest.mark.parametrize(
    ("arguments", "message", "fix"),
    [
        (["missing.py"], "Path does not exist missing.py", "relative to"),
        (["--server", "granian", "--root-path", "/x"], "granian has no equivalent of --root-path", "native"),
        (["--server", "hypercorn", "--reload-dir", "."], "no equivalent of --reload-dir", "native"),
        (["--reload", "--workers", "2"], "Cannot use --workers 2 together with --reload", "drop one"),
    ],
)
def test_what_cannot_be_served_is_told_before_it_starts(
    invoke: Invoke, module: WriteModule, arguments: list[str], message: str, fix: str
) -> None:
    path = [] if arguments[0] == "missing.py" else [f"{module()}.py"]
    result = invoke("run", *path, *arguments)
    assert result.exit_code == 1
    assert message in result.stdout
    assert fix in result.stdout


@pytest.mark.parametrize("server", ["uvicorn", "granian", "hypercorn"])
def test_a_server_that_is_not_installed_is_told_with_the_line_to_install_it(
    invoke: Invoke, module: WriteModule, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == server]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, server, None)
    result = invoke("run", f"{module()}.py", "--server", server)
    assert result.exit_code == 1
    assert f"pip install {server}" in result.stdout


def test_the_report_names_mode_import_string_server_and_docs(invoke: Invoke, module: WriteModule) -> None:
    name = module()
    # Stopped by a contradiction that is found after the report.
    output = invoke("dev", f"{name}.py", "--workers", "2", "--port", "9000").stdout
    assert "Pronghorn in development mode" in output
    assert f"{name}:app" in output
    assert "native" in output
    assert "http://127.0.0.1:9000/docs" in output
    assert "http://127.0.0.1:9000/redoc" in output


def test_an_application_without_docs_reports_its_document_or_nothing(
    invoke: Invoke, module: WriteModule
) -> None:
    bare = module(SHOP.replace('title="Shop"', "docs_url=None, redoc_url=None"))
    assert "8000/openapi.json" in invoke("dev", f"{bare}.py", "--workers", "2").stdout
    hidden = module(SHOP.replace('title="Shop"', "openapi_url=None"))
    assert "docs" not in invoke("dev", f"{hidden}.py", "--workers", "2").stdout


def test_the_public_address_is_what_a_browser_can_use(monkeypatch: pytest.MonkeyPatch) -> None:
    assert public_address(ServeOptions(port=81)) == "http://127.0.0.1:81"
    assert public_address(ServeOptions(host="::1")) == "http://[::1]:8000"
    assert public_address(ServeOptions(uds=Path("/run/s"))) == "unix:/run/s"
    monkeypatch.setenv("FASTAPI_PUBLIC_URL", "https://shop.example/")
    assert public_address(ServeOptions()) == "https://shop.example"


def test_dev_sets_the_development_environment_unless_it_is_set(
    invoke: Invoke, module: WriteModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTAPI_ENV", "staging")
    invoke("dev", f"{module()}.py", "--workers", "2")
    assert os.environ["FASTAPI_ENV"] == "staging"
    monkeypatch.delenv("FASTAPI_ENV")
    invoke("dev", f"{module()}.py", "--workers", "2")
    assert os.environ.pop("FASTAPI_ENV") == "development"


def test_the_environment_says_how_many_workers_unless_it_is_said_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    assert worker_count(ServeOptions()) == 1
    monkeypatch.setenv("WEB_CONCURRENCY", "3")
    assert worker_count(ServeOptions()) == 3
    assert worker_count(ServeOptions(workers=2)) == 2
    assert worker_count(ServeOptions(reload=True)) == 1
    monkeypatch.setenv("WEB_CONCURRENCY", "many")
    with pytest.raises(Problem, match="WEB_CONCURRENCY is 'many'"):
        worker_count(ServeOptions())


def test_the_report_tells_workers_and_drop_in(invoke: Invoke, module: WriteModule) -> None:
    # Stopped by an option that this server does not have.
    output = invoke(
        "run", f"{module()}.py", "--server", "granian", "--workers", "2", "--drop-in", "--root-path", "/x"
    ).stdout
    assert "granian, 2 workers, as fastapi (drop-in)" in output
