"""The drop-in in every process that serves or tests an application, with and without FastAPI beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.test_serve import PATIENCE, wait_until_listening
from tests.dropin.programs import output_of, under_dropin

MAIN = """\
import multiprocessing
from importlib.metadata import requires, version
from importlib.util import find_spec

import fastapi
from fastapi import FastAPI

app = FastAPI(title="1")


@app.get("/")
def root() -> list[str]:
    spec = find_spec("fastapi")
    names = [type(app).__module__, fastapi.routing.APIRoute.__module__, spec.name, requires("fastapi")[0]]
    return [app.title, fastapi.__version__, version("fastapi"), *names]
"""
ANSWER = ["0.165.0", "0.165.0", "fastapi.applications", "fastapi.routing", "fastapi", "starlette>=1.6.0"]


@pytest.fixture(params=["alone", "beside fastapi"])
def environment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Variables with which another package called fastapi can be imported, or none can."""
    if request.param == "alone":
        return {}
    site = tmp_path_factory.mktemp("site")
    (site / "fastapi").mkdir()
    (site / "fastapi" / "__init__.py").write_text("raise RuntimeError('the real one was imported')\n")
    (site / "fastapi-0.1.dist-info").mkdir()
    (site / "fastapi-0.1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: fastapi\nVersion: 0.1\n"
    )
    return {"PYTHONPATH": str(site)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(MAIN)
    return tmp_path


@contextmanager
def serving(folder: Path, arguments: list[str], environment: dict[str, str]) -> Iterator[httpx.Client]:
    """A client to what `python <arguments>` serves on the Unix socket `s` in `folder`."""
    output = folder / "output"
    with (
        output.open("w") as file,
        subprocess.Popen(
            [sys.executable, *arguments], cwd=folder, stdout=file, stderr=file, env=os.environ | environment
        ) as process,
    ):
        try:
            wait_until_listening(folder / "s", process, output)
            transport = httpx.HTTPTransport(uds=str(folder / "s"))
            with httpx.Client(transport=transport, base_url="http://shop", timeout=PATIENCE) as client:
                yield client
        finally:
            process.terminate()
            process.wait(PATIENCE)


def wait_for(client: httpx.Client, expected: list[str]) -> None:
    """Ask until that is the answer."""
    deadline = time.monotonic() + PATIENCE
    answer = None
    while answer != expected:
        assert time.monotonic() < deadline, answer
        try:
            answer = client.get("/", headers={"connection": "close"}).json()
        except httpx.TransportError as error:  # the process is being replaced
            answer = error


UVICORN = ["-m", "pronghorn.dropin", "-m", "uvicorn", "main:app", "--uds", "s"]
SCRIPT = """\
from pronghorn import dropin

if __name__ == "__main__":
    dropin.install()
    import uvicorn

    uvicorn.run("main:app", uds="s", workers=2)
"""


RUN = ["-m", "pronghorn", "run", "--drop-in", "main:app", "--uds", "s"]
SERVED = [
    RUN,
    [*RUN, "--workers", "2"],
    [*RUN, "--workers", "2", "--server", "uvicorn"],
    [*RUN, "--workers", "2", "--server", "granian"],
    [*RUN, "--workers", "2", "--server", "hypercorn"],
    [*UVICORN, "--workers", "2"],
    ["-m", "pronghorn.dropin", "-m", "hypercorn", "main:app", "--bind", "unix:s", "--workers", "2"],
    ["-m", "pronghorn.dropin", "-c", "import uvicorn; uvicorn.run('main:app', uds='s')"],
    ["script.py"],
    ["-m", "pronghorn.dropin", "script.py"],
]


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        *((arguments, "beside fastapi") for arguments in SERVED),
        *(([*command, "--workers", "2"], "alone") for command in (RUN, UVICORN)),
    ],
    indirect=["environment"],
    ids=str,
)
def test_every_server_serves_it(folder: Path, environment: dict[str, str], arguments: list[str]) -> None:
    (folder / "script.py").write_text(SCRIPT)
    with serving(folder, arguments, environment) as client:
        wait_for(client, ["1", *ANSWER])


@pytest.mark.parametrize(
    "arguments",
    [["-m", "pronghorn", "dev", "--drop-in", "main:app", "--uds", "s"], [*UVICORN, "--reload"]],
    ids=" ".join,
)
def test_a_reloaded_process_has_it_too(
    folder: Path, environment: dict[str, str], arguments: list[str]
) -> None:
    with serving(folder, arguments, environment) as client:
        wait_for(client, ["1", *ANSWER])
        (folder / "main.py").write_text(MAIN.replace('title="1"', 'title="22"'))
        wait_for(client, ["22", *ANSWER])


TEST = """\
import sys
from importlib.util import find_spec

from fastapi.testclient import TestClient
from main import ANSWER, app


def test_answer():
    assert TestClient(app).get("/").json() == ["1", *ANSWER]
    assert "xdist" not in sys.argv[0]
"""


@pytest.mark.parametrize("options", [[], ["-n", "2"]])
def test_test_suites_get_it(folder: Path, environment: dict[str, str], options: list[str]) -> None:
    (folder / "main.py").write_text(f"{MAIN}\n\nANSWER = {ANSWER}\n")
    (folder / "test_main.py").write_text(TEST)
    told = under_dropin("-m", "pytest", "-q", "-p", "no:cacheprovider", *options, cwd=folder, **environment)
    assert "1 passed" in told


POOL = """\
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from main import root

if __name__ == "__main__":
    {install}
    for method in ("spawn", "forkserver", "fork"):
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            print(method, pool.submit(root).result() == ["1", *{answer}])
"""


def test_processes_of_a_pool_get_it(folder: Path, environment: dict[str, str]) -> None:
    (folder / "pool.py").write_text(POOL.format(install="pass", answer=ANSWER))
    told = under_dropin("pool.py", cwd=folder, **environment)
    assert told.splitlines() == ["spawn True", "forkserver True", "fork True"]


def test_processes_of_a_program_that_installs_it_get_it(folder: Path, environment: dict[str, str]) -> None:
    program = POOL.format(install="pass", answer=ANSWER).replace(
        "from main import root", "from pronghorn import dropin\n\ndropin.install()\n\nfrom main import root"
    )
    (folder / "pool.py").write_text(program)
    told = output_of("pool.py", cwd=folder, **environment)
    assert told.splitlines() == ["spawn True", "forkserver True", "fork True"]
