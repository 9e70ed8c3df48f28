"""`run` where the command-line process need not import the application: it never does, but to explain problems."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import SHOP
from tests.cli.test_serve import served

IMPORTS = 'import os\nwith open("imports", "a") as file:\n    print(os.getppid(), file=file)\n'
"""At the top of an application: who starts the processes that import it."""

BROKEN = """\
from pronghorn import FastAPI

app = FastAPI()


class Shelf: ...


@app.get("/shelves/{shelf}")
async def read_shelf(shelf: Shelf) -> str:
    return "shelf"
"""

THEIRS = """\
from starlette.applications import Starlette

Theirs = type("FastAPI", (Starlette,), {"__module__": "fastapi.applications"})
app = Theirs()
"""

FAILING = """\
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pronghorn import FastAPI


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    raise RuntimeError("no database")
    yield


app = FastAPI(lifespan=lifespan)
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`pronghorn run`, to its end; all that it writes in one."""
    command = [sys.executable, "-m", "pronghorn", "run", *arguments, "--uds", str(folder / "s")]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    "how",
    [
        ["main:app"],
        ["--entrypoint", "main:app"],
        ["main.py", "--app", "app"],
        [],
        ["main.py"],
        ["main.py", "--drop-in"],
    ],
)
def test_an_application_whose_name_is_known_is_imported_by_its_worker_alone(
    tmp_path: Path, how: list[str]
) -> None:
    (tmp_path / "main.py").write_text(IMPORTS + SHOP)
    (tmp_path / "pyproject.toml").write_text('[tool.pronghorn]\nentrypoint = "main:app"\n')
    with served(tmp_path, "run", *how) as client:
        assert client.get("/items/3").json() == {"item": 3, "top": 10}
        assert len((tmp_path / "imports").read_text().splitlines()) == 1
    report = (tmp_path / "output").read_text()
    assert "main:app" in report
    assert "docs" not in report


def test_the_command_imports_an_application_whose_name_it_has_to_find(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(IMPORTS + SHOP + "\napp = app  # by which its source leaves a doubt\n")
    with served(tmp_path, "run", "main.py") as client:
        assert client.get("/items/3").json() == {"item": 3, "top": 10}
        assert len((tmp_path / "imports").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        (BROKEN, "app", ["broken.py:9", "In parameter 'shelf' of read_shelf", "--traceback shows"]),
        (THEIRS, "app", ["doesn't seem to be a FastAPI app", "add --drop-in"]),
        (SHOP, "shop", ["Could not find app name shop in broken", "applications found there: app"]),
        ("import nothing_of_this_name\n", "app", ["ModuleNotFoundError", "pip install nothing_of_this_name"]),
        ("raise SystemExit(7)\n", "app", ["SystemExit: 7", "broken.py:1"]),
        ("raise SystemExit(0)\n", "app", ["SystemExit: 0", "broken.py:1"]),
    ],
)
def test_what_the_workers_cannot_import_is_explained_as_ever(
    tmp_path: Path, source: str, name: str, expected: list[str]
) -> None:
    (tmp_path / "broken.py").write_text(source)
    done = run(tmp_path, f"broken:{name}", "--workers", "2")
    assert done.returncode == 1
    for text in expected:
        assert text in done.stdout
    assert "Traceback" not in done.stdout
    assert "did not start" not in done.stdout


def test_the_traceback_is_shown_if_asked_for(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(BROKEN)
    done = run(tmp_path, "broken:app", "--traceback")
    assert done.returncode == 1
    assert done.stdout.count("Traceback") == 1


def test_a_start_that_fails_later_is_told_by_the_worker(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(FAILING)
    done = run(tmp_path, "broken:app")
    assert done.returncode == 3
    assert "no database" in done.stdout
    assert "The application did not start: stopping" in done.stdout


def test_neither_help_nor_supervising_loads_what_only_applications_need() -> None:
    code = (
        "import sys, pronghorn.cli.commands, pronghorn.cli.supervised\n"
        "heavy = {'starlette', 'pydantic', 'asyncio', 'anyio', 'pronghorn.applications'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "")


STARTING = """\
import os, sys

def leave(*_):
    heavy = {"rich", "pygments", "pydantic", "importlib.metadata", "ssl", "tomllib", "asyncio"}
    print(*(heavy & set(sys.modules)))
    os._exit(0)

os.execv = leave
from pronghorn.cli import main
sys.argv = ["pronghorn", "run", "main:app", "--port", "0", "--no-access-log"]
main()
"""


def test_the_command_that_serves_loads_nothing_that_only_others_show_or_check_with(tmp_path: Path) -> None:
    # Coverage, where it is measured, reads its settings with a module of those.
    unwanted = ("FORCE_COLOR", "COV")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    done = subprocess.run(
        [sys.executable, "-uc", STARTING],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "", done.stdout
