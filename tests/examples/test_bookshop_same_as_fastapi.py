"""The shop's tests, run once on FastAPI and once on Pronghorn: every reply and the OpenAPI document must be equal.

FastAPI is installed into a directory of its own, beside and not among the project's packages, at the first run.
The environment variable `BOOKSHOP_FASTAPI` may name a directory where it is already.
"""

import difflib
import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

FASTAPI = "0.165.0"
ROOT = Path(__file__).parents[2]
COMPARED = ["tests/examples/test_bookshop_books.py", "tests/examples/test_bookshop_orders.py"]

DOCUMENT = """
import json, sys
from pathlib import Path
from examples.bookshop.main import create_app
from examples.bookshop.settings import Settings
print(json.dumps(create_app(Settings(data_dir=Path(sys.argv[1]))).openapi()))
"""


@pytest.fixture(scope="module")
def fastapi(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory from which `fastapi` can be imported; what it depends on, Pronghorn depends on too."""
    given = os.environ.get("BOOKSHOP_FASTAPI")
    if given:
        return Path(given)
    cache = request.config.cache
    if cache is None:
        pytest.skip(
            "pytest's cache is turned off, so there is no place to install FastAPI; set BOOKSHOP_FASTAPI"
        )
    directory = cache.mkdir("fastapi") / FASTAPI
    if not directory.is_dir():
        # Elsewhere first, then all at once: of several test processes each finds nothing or everything.
        draft = tmp_path_factory.mktemp("install")
        install = ["install", "--quiet", "--no-deps", "--target", str(draft), f"fastapi=={FASTAPI}"]
        done = subprocess.run([sys.executable, "-m", "pip", *install], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(
                f"FastAPI {FASTAPI} cannot be installed here, so there is nothing to compare: {done.stderr}"
            )
        beside = Path(shutil.copytree(draft, directory.with_name(f"{FASTAPI}-{os.getpid()}")))
        with suppress(OSError):
            beside.rename(directory)
        shutil.rmtree(beside, ignore_errors=True)
    return directory


def environment(fastapi: Path | None, **others: str) -> dict[str, str]:
    """Return the environment for a process that finds FastAPI, or (None) one that does not."""
    path = [str(ROOT), *([str(fastapi)] if fastapi else [])]
    # Coverage of the child would be measured where the parent's is kept.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))}
    return {**kept, "PYTHONPATH": os.pathsep.join(path), **others}


def replies(fastapi: Path | None, transcript: Path, way: str) -> list[dict[str, Any]]:
    """Run the shop's tests and return every exchange they had."""
    alias = ["-p", "tests.examples.on_fastapi"] if fastapi else []
    tests = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        *alias,
        "--confcutdir=tests/examples",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        [*tests, *COMPARED],
        cwd=ROOT,
        env=environment(
            fastapi, BOOKSHOP_TRANSCRIPT=str(transcript), BOOKSHOP_ON=way, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"
        ),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    exchanges = [json.loads(line) for line in transcript.read_text(encoding="utf-8").splitlines()]
    # Orders placed at the same time get their numbers by chance.
    return [each for each in exchanges if each["test"] != "test_never_sells_a_copy_twice"]


def document(fastapi: Path | None, tmp_path: Path) -> dict[str, Any]:
    """Return the shop's OpenAPI document."""
    program = ("import tests.examples.on_fastapi\n" if fastapi else "") + DOCUMENT
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=ROOT,
        env=environment(fastapi),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def test_every_reply_is_the_same(fastapi: Path, tmp_path: Path) -> None:
    theirs = replies(fastapi, tmp_path / "fastapi", "process")
    assert len(theirs) > 100
    for way in ("process", "server"):
        ours = replies(None, tmp_path / way, way)
        assert len(ours) == len(theirs)
        assert [pair for pair in zip(theirs, ours, strict=True) if pair[0] != pair[1]] == []


def test_the_openapi_document_is_the_same(fastapi: Path, tmp_path: Path) -> None:
    theirs, ours = document(fastapi, tmp_path), document(None, tmp_path)
    old, new = (json.dumps(each, indent=1).splitlines() for each in (theirs, ours))
    assert list(difflib.unified_diff(old, new, "FastAPI", "Pronghorn", lineterm="")) == []
