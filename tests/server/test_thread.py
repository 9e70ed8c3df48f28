from __future__ import annotations

import threading
from typing import Any

import pytest

from pronghorn.server import CannotListen, LifespanFailed, Server, ServerConfig, running
from tests.server.applications import echo
from tests.server.peer import connected


def test_a_server_runs_while_the_block_does() -> None:
    before = threading.active_count()
    with running(echo) as server, connected(server) as peer:
        assert peer.get("/").status == 200
        port = server.port
    assert threading.active_count() == before
    with running(echo, ServerConfig(port=port, access_log=False)) as server:
        assert server.port == port


def test_what_keeps_it_from_starting_is_raised() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(LifespanFailed, match="no database"), running(app):
        raise AssertionError("unreachable")


def test_what_makes_it_stop_badly_is_raised() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        raise LookupError("on purpose")

    with pytest.raises(LifespanFailed, match="raised while it stopped"), running(app):
        pass


def test_an_error_in_the_block_stops_the_server() -> None:
    with pytest.raises(LookupError), running(echo) as server:
        raise LookupError
    with running(echo, port=server.port):
        pass


def test_a_taken_port_is_an_error() -> None:
    with running(echo) as server, pytest.raises(CannotListen), running(echo, port=server.port):
        raise AssertionError("unreachable")


def test_before_it_listens_a_server_has_no_address() -> None:
    server = Server(echo)
    assert server.port == 0
    with pytest.raises(RuntimeError, match="does not listen yet"):
        _ = server.url
