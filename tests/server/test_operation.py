"""Nothing is lost in operation: under load a server stops, is reloaded, recycled, loses and replaces workers."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from typing import Any

import pytest

from tests.server.load import KEEP_ALIVE, MODES, PER_REQUEST, Load, Mode
from tests.server.peer import Peer
from tests.server.processes import process, until

SEVERAL: dict[str, Any] = {"workers": 2}
ALONE: dict[str, Any] = {"supervise": False}


@pytest.mark.parametrize("options", [SEVERAL, ALONE], ids=["workers", "alone"])
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_sigterm_loses_no_request(mode: Mode, options: dict[str, Any]) -> None:
    with process(**options) as server, Load(server.port(), mode) as load:
        load.wait_for(100)
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
        refused = load.refused
        until(lambda: load.refused, lambda count: count > refused)
    assert load.failed == []
    assert {done.status for done in load.done} == {200}


@pytest.mark.parametrize("mode", [KEEP_ALIVE, PER_REQUEST], ids=lambda mode: mode.name)
def test_reloading_loses_no_request(mode: Mode) -> None:
    with process(workers=2) as server, Load(server.port(), mode) as load:
        load.wait_for(100)
        before = {done.body for done in load.done}
        server.signal(signal.SIGHUP)
        until(lambda: {done.body for done in load.done[-50:]}, lambda now: not now & before)
        assert server.stop() == 0
    assert load.failed == []


def test_recycling_loses_no_request() -> None:
    with process(workers=2, max_requests=300) as server, Load(server.port(), PER_REQUEST) as load:
        server.wait_for("To be replaced, for the number of requests", 3)
        load.wait_for(100)
        assert server.stop() == 0
    assert load.failed == []
    assert len({done.body for done in load.done}) >= 3


def test_a_worker_that_uses_too_much_memory_is_replaced() -> None:
    with process(workers=1, max_rss=150 * 1024 * 1024) as server:
        first = server.worker()
        assert int(server.get(f"/hog/{200 * 1024 * 1024}").body) == first
        until(server.worker, lambda pid: pid != first)
        assert re.search(r"To be replaced, for \d+ KiB of memory|for \d+ MiB of memory", server.log)


def test_a_killed_worker_loses_its_own_requests_alone() -> None:
    with process(workers=2) as server:
        server.workers(2)
        with Load(server.port(), KEEP_ALIVE) as load:
            load.wait_for(200)
            victim = int(load.done[-1].body)
            os.kill(victim, signal.SIGKILL)
            server.wait_for("another starts")
            until(lambda: {int(done.body) for done in load.done[-50:]}, lambda now: victim not in now)
            server.workers(2)
        assert len(load.failed) <= load.connections
        assert server.stop() == 0


def test_a_worker_whose_loop_is_blocked_is_replaced_and_its_stack_is_logged() -> None:
    with process(workers=2, heartbeat_timeout=1) as server:
        server.workers(2)
        with Load(server.port(), PER_REQUEST, connections=4) as load:
            with socket.create_connection(("127.0.0.1", server.port())) as blocking:
                begin = time.monotonic()
                blocking.sendall(b"GET /block/60 HTTP/1.1\r\nHost: a\r\n\r\n")
                server.wait_for("hangs: killed")
                server.wait_for("another starts")
                assert time.monotonic() - begin < 60
            assert "served.py" in server.log
            assert "in _block" in server.log
            assert "time.sleep(float(seconds))" in server.log
            server.workers(2)
            load.wait_for(20)
        # Those that the blocked worker had let in are lost with it, and nobody else's.
        assert len(load.failed) <= load.connections
        assert server.stop() == 0


def test_a_worker_none_of_whose_threads_can_run_is_replaced_and_its_stacks_are_written() -> None:
    with process(workers=1, heartbeat_timeout=1) as server:
        first = server.worker()
        with socket.create_connection(("127.0.0.1", server.port())) as holding:
            holding.sendall(b"GET /hold/60 HTTP/1.1\r\nHost: a\r\n\r\n")
            server.wait_for("gives no sign of life: killed")
            until(server.worker, lambda pid: pid != first)
        assert "in _hold" in server.log


def test_a_stopped_process_gives_no_sign_of_life_and_is_replaced() -> None:
    with process(workers=1, heartbeat_timeout=0.5) as server:
        first = server.worker()
        os.kill(first, signal.SIGSTOP)
        server.wait_for("gives no sign of life: killed")
        until(server.worker, lambda pid: pid != first)


@pytest.mark.parametrize("options", [SEVERAL, ALONE], ids=["workers", "alone"])
def test_a_peer_that_stalls_does_not_hold_the_stop_up(options: dict[str, Any]) -> None:
    with process(graceful_timeout=1, **options) as server:
        port = server.port()
        server.worker()
        connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        stream, upload, idle = connections
        stream.sendall(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        assert stream.recv(10)
        upload.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nbegun")
        idle.sendall(b"GET /thread/300 HTTP/1.1\r\nHost: a\r\n\r\n")
        until(lambda: server.worker(), lambda pid: pid > 0)
        assert server.stop() in (0, 1)
        for connection in connections:
            connection.close()


def test_a_shutdown_that_never_ends_is_ended() -> None:
    with process(graceful_timeout=0, supervise=False, environ={"SERVED_NEVER_ENDS": "1"}) as server:
        server.worker()
        assert server.stop() == 1
        assert "did not stop in time: ended" in server.log
        assert "MainThread" in server.log


def test_open_websockets_are_told_that_the_service_restarts() -> None:
    handshake = (
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with process(workers=1, graceful_timeout=2) as server:
        with socket.create_connection(("127.0.0.1", server.port())) as connection:
            peer = Peer(connection)
            peer.say(handshake)
            assert peer.head()[0] == 101
            server.signal(signal.SIGTERM)
            kind, size, code = peer.stream.read(1), peer.stream.read(1), peer.stream.read(2)
            assert (kind, code) == (b"\x88", (1012).to_bytes(2))
            assert size >= b"\x02"
        assert server.wait() == 0


def test_a_second_signal_stops_at_once() -> None:
    with process(workers=1) as server:
        with socket.create_connection(("127.0.0.1", server.port())) as connection:
            connection.sendall(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
            assert connection.recv(10)
            begin = time.monotonic()
            server.signal(signal.SIGTERM)
            until(lambda: _refuses(server.port()), lambda refuses: refuses)
            server.signal(signal.SIGTERM)
            server.wait()
        assert time.monotonic() - begin < 25


def _refuses(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
