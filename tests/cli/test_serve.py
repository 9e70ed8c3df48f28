"""`dev` and `run`: what they report, and that the application answers behind every server."""

from __future__ import annotations

import gc
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
from pronghorn.cli.serve import DEVELOPMENT, PRODUCTION, public_address, service_from
from pronghorn.server import ServerConfig
from pronghorn.server.collecting import RARELY
from pronghorn.server.options import options_of
from tests.cli.conftest import SHOP, Invoke, WriteModule

PATIENCE = 30.0
STOPPED = ("--server", "granian", "--root-path", "/x")
"""An option that this server does not have, which is found after the report."""


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


SLOW = """\
import os
import time
from pathlib import Path

from pronghorn import FastAPI

app = FastAPI()


@app.get("/slow")
async def slow() -> str:
    time.sleep(0.5)
    return "done"


@app.get("/supervisor")
async def supervisor() -> str:
    return Path(f"/proc/{os.getppid()}/cmdline").read_text()
"""


def test_a_developer_is_told_what_blocks_the_event_loop(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(SLOW)
    with served(tmp_path, "dev") as client:
        deadline = time.monotonic() + PATIENCE
        expected = (
            "blocked for more than 0.1 s, and with it every other request, by slow, at main.py:12: time.sleep"
        )
        while expected not in (output := (tmp_path / "output").read_text()):
            assert time.monotonic() < deadline, output
            assert client.get("/slow").json() == "done"


HANDING_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, "-m", "pronghorn", "run"])
"""


def test_a_socket_that_is_handed_over_is_served_also_by_the_next_server(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        command = [sys.executable, "-c", HANDING_OVER, str(listener.fileno())]
        for _ in range(2):
            output = (folder / "output").open("w")
            with (
                output,
                subprocess.Popen(
                    command, cwd=folder, pass_fds=[listener.fileno()], stdout=output, stderr=output
                ) as process,
                httpx.Client(base_url=url, timeout=PATIENCE) as client,
            ):
                assert client.get("/items/3").json() == {"item": 3, "top": 10}
                process.terminate()
                assert process.wait(PATIENCE) == 0, (folder / "output").read_text()


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks at processes as Linux shows them")
def test_the_process_that_keeps_the_workers_is_not_the_one_that_imported_the_application(
    tmp_path: Path,
) -> None:
    (tmp_path / "main.py").write_text(SLOW + "\n\napp = app  # so that its name has to be looked for\n")
    with served(tmp_path, "run") as client:
        assert "pronghorn.server.supervise" in client.get("/supervisor").json()
    with served(tmp_path, "run", "--no-supervise") as client:
        assert "pronghorn.server.supervise" not in client.get("/supervisor").json()


@pytest.mark.parametrize(
    ("arguments", "message", "fix"),
    [
        (["missing.py"], "Path does not exist missing.py", "relative to"),
        (["--server", "granian", "--root-path", "/x"], "granian has no equivalent of --root-path", "native"),
        (["--server", "hypercorn", "--reload-dir", "."], "no equivalent of --reload-dir", "native"),
        (["--server", "uvicorn", "--header-timeout", "3"], "no equivalent of --header-timeout", "native"),
        (["--reload", "--workers", "2"], "reload with 2 workers: workers are for production", "change one"),
        (["--port", "x"], "--port is 'x': expected a whole number from 0 to 65535", "correct it"),
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
    output = invoke("dev", f"{name}.py", *STOPPED, "--port", "9000").stdout
    assert "Pronghorn in development mode" in output
    assert f"{name}:app" in output
    assert "granian, reloading" in output
    assert "http://127.0.0.1:9000/docs" in output
    assert "http://127.0.0.1:9000/redoc" in output


def test_an_application_without_docs_reports_its_document_or_nothing(
    invoke: Invoke, module: WriteModule
) -> None:
    bare = module(SHOP.replace('title="Shop"', "docs_url=None, redoc_url=None"))
    assert "8000/openapi.json" in invoke("dev", f"{bare}.py", *STOPPED).stdout
    hidden = module(SHOP.replace('title="Shop"', "openapi_url=None"))
    assert "docs" not in invoke("dev", f"{hidden}.py", *STOPPED).stdout


def test_the_public_address_is_what_a_browser_can_use(monkeypatch: pytest.MonkeyPatch) -> None:
    assert public_address(ServerConfig(port=81)) == "http://127.0.0.1:81"
    assert public_address(ServerConfig(host="::1")) == "http://[::1]:8000"
    assert public_address(ServerConfig(ssl_certfile="cert.pem")) == "https://127.0.0.1:8000"
    assert public_address(ServerConfig(uds="/run/s")) == "unix:/run/s"
    monkeypatch.setenv("FASTAPI_PUBLIC_URL", "https://shop.example/")
    assert public_address(ServerConfig()) == "https://shop.example"


def test_dev_sets_the_development_environment_unless_it_is_set(
    invoke: Invoke, module: WriteModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTAPI_ENV", "staging")
    invoke("dev", f"{module()}.py", *STOPPED)
    assert os.environ["FASTAPI_ENV"] == "staging"
    monkeypatch.delenv("FASTAPI_ENV")
    invoke("dev", f"{module()}.py", *STOPPED)
    assert os.environ.pop("FASTAPI_ENV") == "development"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without settings, and an environment without any."""
    monkeypatch.chdir(tmp_path)
    for option in options_of(ServerConfig):
        for variable in option.variables:
            monkeypatch.delenv(variable, raising=False)
    return tmp_path / "pyproject.toml"


def test_development_and_production_differ_in_what_they_say(settings: Path) -> None:
    config = service_from(ServeOptions(), {}, DEVELOPMENT).config
    assert (config.host, config.reload) == ("127.0.0.1", True)
    config = service_from(ServeOptions(), {}, PRODUCTION).config
    assert (config.host, config.reload) == ("0.0.0.0", False)
    settings.write_text('[tool.pronghorn.server]\nhost = "10.0.0.1"\n')
    assert service_from(ServeOptions(), {}, PRODUCTION).config.host == "10.0.0.1"


def test_an_unchanged_fastapi_application_gets_what_it_counts_on(settings: Path) -> None:
    config = service_from(ServeOptions(), {}, PRODUCTION).config
    assert (config.max_body_size, config.proxy_headers) == (1_048_576, False)
    config = service_from(ServeOptions(drop_in=True), {}, PRODUCTION).config
    assert (config.max_body_size, config.proxy_headers, config.keep_alive_timeout) == (None, True, 5)
    given = {"max_body_size": "2MiB"}
    assert service_from(ServeOptions(drop_in=True), given, PRODUCTION).config.max_body_size == 2_097_152


def test_a_setting_that_cannot_work_is_a_problem(settings: Path) -> None:
    settings.write_text("[tool.pronghorn.server]\nworkers = 0\n")
    with pytest.raises(Problem, match=r"workers in \[tool.pronghorn.server\] is 0"):
        service_from(ServeOptions(), {}, PRODUCTION)


def test_every_option_of_the_server_is_a_flag(invoke: Invoke) -> None:
    for command in ("dev", "run"):
        shown = invoke(command, "--help").stdout
        for option in options_of(ServerConfig):
            assert f"{option.flag} " in shown, option.name
            assert option.group in shown


def test_the_report_tells_workers_and_drop_in(invoke: Invoke, module: WriteModule) -> None:
    output = invoke("run", f"{module()}.py", "--workers", "2", "--drop-in", *STOPPED).stdout
    assert "granian, 2 workers, as fastapi (drop-in)" in output


COLLECTED = """\
import gc

from pronghorn import FastAPI

app = FastAPI()
WHILE_IMPORTED = gc.get_threshold()


@app.get("/")
async def thresholds() -> list[tuple[int, int, int]]:
    return [WHILE_IMPORTED, gc.get_threshold()]
"""


def test_the_collector_is_left_as_it_was_once_a_worker_serves(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(COLLECTED)
    with served(tmp_path, "run", "main:app") as client:
        assert client.get("/").json() == [list(RARELY), list(gc.get_threshold())]
