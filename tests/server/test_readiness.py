"""The outside is told when the server is ready: a service manager by its socket, others by a file."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pronghorn.server.readiness import Readiness
from tests.server.processes import process, until


class Manager:
    """A service manager: what it was told."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self.socket.settimeout(30)

    def heard(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().split("\n"))

    def wait_for(self, state: str) -> dict[str, str]:
        while state not in (heard := self.heard()):
            pass
        return heard


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    address = f"@pronghorn-test-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "notify")
    manager = Manager(address)
    yield manager
    manager.socket.close()


def test_states_are_told_in_the_words_of_the_protocol(manager: Manager, tmp_path: Path) -> None:
    file = tmp_path / "ready"
    file.write_text("left behind")
    environ = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "4000000", "WATCHDOG_PID": str(os.getpid())}
    readiness = Readiness(str(file), environ)
    assert environ == {}
    assert not file.exists()
    readiness.not_ready("never was")
    readiness.ready("2 workers")
    assert manager.heard() == {"READY": "1", "STATUS": "2 workers", "MAINPID": str(os.getpid())}
    assert file.read_text() == f"{os.getpid()}\n"
    assert readiness.ping_every == 2
    readiness.ping(100)
    readiness.ping(101)
    readiness.ping(102)
    assert [manager.heard(), manager.heard()] == [{"WATCHDOG": "1"}, {"WATCHDOG": "1"}]
    readiness.reloading()
    reloading = manager.heard()
    assert reloading["RELOADING"] == "1"
    assert reloading["MONOTONIC_USEC"].isdecimal()
    assert file.exists()
    readiness.not_ready("none serves")
    assert manager.heard() == {"STATUS": "none serves"}
    assert not file.exists()
    readiness.ready("again")
    assert file.exists()
    readiness.stopping()
    readiness.stopping()
    assert manager.wait_for("STOPPING")["STOPPING"] == "1"
    assert not file.exists()


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"},
    ],
)
def test_nobody_waits_for_a_sign_of_life(environ: dict[str, str]) -> None:
    readiness = Readiness(None, environ)
    assert readiness.ping_every is None
    readiness.ping(1)
    readiness.ready("to nobody")
    readiness.stopping()


def test_a_manager_that_is_gone_and_a_file_that_cannot_be_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    readiness = Readiness(str(tmp_path / "no" / "folder"), {"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    readiness.ready("1 worker")
    assert "The service manager cannot be told of READY" in caplog.text
    assert "The readiness file cannot be written" in caplog.text


@pytest.mark.parametrize("supervise", [True, False])
def test_a_server_tells_of_its_life(tmp_path: Path, supervise: bool) -> None:
    manager = Manager(str(tmp_path / "notify"))
    ready = tmp_path / "ready"
    environ = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "200000"}
    with process(environ=environ, ready_file=str(ready), supervise=supervise) as server:
        assert manager.wait_for("READY")["MAINPID"] == str(server.process.pid)
        until(ready.exists, bool)
        manager.wait_for("WATCHDOG")
        manager.wait_for("WATCHDOG")
        if supervise:
            server.signal(signal.SIGHUP)
            manager.wait_for("RELOADING")
            manager.wait_for("READY")
        server.signal(signal.SIGTERM)
        manager.wait_for("STOPPING")
        assert server.wait() == 0
    assert not ready.exists()
    manager.socket.close()


def test_a_server_without_a_worker_is_not_ready(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    marker = tmp_path / "broken"
    environ = {"SERVED_BROKEN_WHILE": str(marker)}
    with process(environ=environ, ready_file=str(ready)) as server:
        until(ready.exists, bool)
        marker.touch()
        os.kill(server.worker(), signal.SIGKILL)
        until(ready.exists, lambda exists: not exists)
        server.wait_for("another starts", 2)
        marker.unlink()
        until(ready.exists, bool)
        assert server.stop() == 0
