"""Workers as real processes: started, replaced, replaced after a crash, stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.server.peer import Peer
from tests.server.processes import ROOT, process, until


def test_one_process_serves_and_stops_on_sigterm() -> None:
    with process(supervise=False) as server:
        assert server.worker() == server.process.pid
        assert server.stop() == 0


def test_one_process_lets_a_request_under_way_finish() -> None:
    with process(supervise=False) as server:
        with socket.create_connection(("127.0.0.1", server.port()), timeout=30) as connection:
            peer = Peer(connection)
            assert peer.get().status == 200
            peer.say(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            server.signal(signal.SIGINT)
            assert peer.answer().header("connection") == "close"
            assert peer.is_closed()
        assert server.wait() == 0


def test_an_application_that_cannot_be_imported_is_an_error() -> None:
    with process(environ={"SERVED_FAILS": "1"}) as server:
        assert server.wait() != 0
        assert "this application does not start" in server.log
    with process("tests.server.served:nothing") as server:
        assert server.wait() != 0
        assert "has no 'nothing'" in server.log


def test_a_worker_that_cannot_import_the_application_shows_the_users_lines_alone() -> None:
    with process(environ={"SERVED_FAILS": "1"}, workers=2) as server:
        assert server.wait() != 0
        assert "tests.server.served:app cannot be imported" in server.log
        assert "this application does not start" in server.log
        assert "importlib" not in server.log


def test_an_application_that_fails_to_start_is_exit_code_3(tmp_path: Path) -> None:
    marker = tmp_path / "broken"
    marker.touch()
    with process(environ={"SERVED_BROKEN_WHILE": str(marker)}) as server:
        assert server.wait() == 3
        assert "broken on purpose" in server.log
    with process(environ={"SERVED_BROKEN_WHILE": str(marker)}, workers=2) as server:
        assert server.wait() == 3
        assert "did not start: stopping" in server.log


def test_an_address_that_is_taken_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for workers in (1, 2):
            code = f"""
from pronghorn.server import ServerConfig, run
run("tests.server.served:app", ServerConfig(port={taken.getsockname()[1]}, workers={workers}))
"""
            result = subprocess.run(
                [sys.executable, "-c", code],
                capture_output=True,
                text=True,
                cwd=ROOT,
                timeout=30,
                check=False,
            )
            assert result.returncode == 3
            assert "cannot listen on 127.0.0.1" in result.stderr


def test_workers_share_the_socket_and_stop_together() -> None:
    with process(workers=2) as server:
        workers = server.workers(2)
        assert server.process.pid not in workers
        assert server.stop() == 0
        for pid in workers:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)


def test_a_worker_that_dies_is_replaced() -> None:
    with process(workers=2) as server:
        before = server.workers(2)
        victim = next(iter(before))
        os.kill(victim, signal.SIGKILL)
        server.wait_for("another starts")
        after = server.workers(2)
        assert len(before & after) == 1
        with contextlib.suppress(AssertionError, ConnectionError, ValueError):
            server.get("/die")
        server.wait_for("another starts", 2)
        assert len(server.workers(2)) == 2
        assert server.stop() == 0


def test_sighup_replaces_the_workers_without_losing_a_request() -> None:
    with process(workers=2) as server:
        before = server.workers(2)
        failed: list[BaseException] = []
        done = threading.Event()

        def load() -> None:
            while not done.is_set():
                try:
                    assert server.get().status == 200
                except BaseException as error:
                    failed.append(error)

        thread = threading.Thread(target=load)
        thread.start()
        server.signal(signal.SIGHUP)
        until(
            lambda: {server.worker() for _ in range(20)}, lambda found: not found & before and len(found) == 2
        )
        done.set()
        thread.join()
        assert failed == []
        assert server.stop() == 0


def test_workers_that_do_not_start_leave_the_old_ones_in_place(tmp_path: Path) -> None:
    marker = tmp_path / "broken"
    with process(environ={"SERVED_BROKEN_WHILE": str(marker)}, workers=2) as server:
        before = server.workers(2)
        marker.touch()
        server.signal(signal.SIGHUP)
        server.wait_for("the old workers stay")
        assert server.workers(2) == before
        marker.unlink()
        server.signal(signal.SIGHUP)
        until(lambda: {server.worker() for _ in range(20)}, lambda found: not found & before)


def test_new_code_that_does_not_come_to_start_makes_room_for_newer(tmp_path: Path) -> None:
    marker = tmp_path / "hangs"
    with process(environ={"SERVED_HANGS_WHILE": str(marker)}) as server:
        first = server.worker()
        marker.touch()
        server.signal(signal.SIGHUP)
        server.wait_for("Replacing the workers")
        assert server.worker() == first
        marker.unlink()
        server.signal(signal.SIGHUP)
        server.wait_for("Replacing the workers", 2)
        until(server.worker, lambda pid: pid != first)
        assert server.stop() == 0
        assert "the old workers stay" not in server.log


def test_a_replacement_takes_the_place_of_a_worker_that_ends_meanwhile(tmp_path: Path) -> None:
    marker = tmp_path / "hangs"
    with process(environ={"SERVED_HANGS_WHILE": str(marker)}) as server:
        first = server.worker()
        marker.touch()
        server.signal(signal.SIGHUP)
        server.wait_for("Replacing the workers")
        os.kill(first, signal.SIGKILL)
        server.wait_for(f"Worker {first} ended")
        marker.unlink()
        assert server.worker() != first
        assert len(server.workers(1)) == 1
        assert server.stop() == 0


def test_a_worker_ends_with_its_supervisor() -> None:
    with process(workers=2) as server:
        workers = server.workers(2)
        server.process.kill()
        server.process.wait()

        def alive() -> list[int]:
            return [pid for pid in workers if Path(f"/proc/{pid}/stat").exists() and not _is_zombie(pid)]

        until(alive, lambda left: not left)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


APPLICATION = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError("none")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%s"})
"""


def test_a_changed_file_is_served_anew(tmp_path: Path) -> None:
    module = tmp_path / "changing.py"
    module.write_text(APPLICATION % "one")
    environ = {"PYTHONDONTWRITEBYTECODE": "1"}
    with process("changing:app", tmp_path, environ, reload=True, reload_dirs=[str(tmp_path)]) as server:
        assert server.get().body == b"one"
        module.write_text(APPLICATION % "two")
        until(lambda: server.get().body, lambda body: body == b"two")
        module.write_text("no python at all")
        server.wait_for("waiting for a change")
        module.write_text(APPLICATION % "three")
        server.wait_for("Changed: changing.py", 3)
        assert server.get().body == b"three"
        server.signal(signal.SIGHUP)
        assert server.get().body == b"three"
        assert server.stop() == 0
