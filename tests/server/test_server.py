"""Stopping: what is under way is finished, what does not end is cut off."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import threading
import time
from typing import Any

import pytest

from pronghorn.server import Server, ServerConfig, running
from pronghorn.server.listener import open_socket
from tests.server.applications import answer, http
from tests.server.peer import connected

pytestmark = pytest.mark.anyio


def test_a_request_under_way_is_answered_before_the_end() -> None:
    entered = threading.Event()

    @http
    async def app(scope: Any, receive: Any, send: Any) -> None:
        entered.set()
        await asyncio.sleep(0.1)
        await answer(send, b"in time")

    with contextlib.ExitStack() as stack:
        with running(app) as server:
            peer = stack.enter_context(connected(server))
            peer.say(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert entered.wait(5)
        last = peer.answer()
        assert last.body == b"in time"
        assert last.header("connection") == "close"


def test_a_request_that_does_not_end_is_cut_off(caplog: pytest.LogCaptureFixture) -> None:
    entered = threading.Event()
    cancelled: list[bool] = []

    @http
    async def app(scope: Any, receive: Any, send: Any) -> None:
        entered.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    with contextlib.ExitStack() as stack:
        with running(app, graceful_timeout=0.2) as server:
            peer = stack.enter_context(connected(server))
            peer.say(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert entered.wait(5)
        assert cancelled == [True]
    assert "1 connections and 1 requests still under way" in caplog.text


def test_a_peer_that_stalls_does_not_hold_up_the_end() -> None:
    with contextlib.ExitStack() as stack:
        started = time.monotonic()
        with running(http(lambda *_: asyncio.sleep(0)), graceful_timeout=0.2) as server:
            peer = stack.enter_context(connected(server))
            peer.say(b"GET / HT")
        assert time.monotonic() - started < 5
        assert peer.is_closed()


def test_an_idle_connection_is_closed_at_the_end() -> None:
    with contextlib.ExitStack() as stack:
        with running(http(lambda scope, receive, send: answer(send, b"x"))) as server:
            peer = stack.enter_context(connected(server))
            assert peer.get().body == b"x"
        assert peer.is_closed()


async def test_stopping_twice_does_not_wait() -> None:
    server = Server(http(lambda *_: asyncio.sleep(3600)), ServerConfig(port=0, access_log=False))
    serving = asyncio.create_task(server.serve())
    await server.started.wait()
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await asyncio.sleep(0.05)
    server.stop()
    server.stop()
    await asyncio.wait_for(serving, 5)
    writer.close()


async def test_connections_that_the_kernel_accepted_are_served_before_the_end() -> None:
    @http
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"let in")

    server = Server(app, ServerConfig(port=0, access_log=False))
    serving = asyncio.create_task(server.serve())
    await server.started.wait()
    port = server.port
    with contextlib.ExitStack() as stack:
        # The event loop has no turn between these lines: the connections are the kernel's only.
        waiting = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(5)]
        for connection in waiting:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        server.stop()
        await asyncio.wait_for(serving, 5)
        for connection in waiting:
            connection.settimeout(5)
            assert connection.recv(1000).endswith(b"let in")


async def test_a_shared_socket_stays_open_for_others() -> None:
    with open_socket(ServerConfig(port=0)) as listener:
        for _ in range(2):
            server = Server(
                http(lambda *_: asyncio.sleep(0)), ServerConfig(access_log=False), listener=listener.dup()
            )
            serving = asyncio.create_task(server.serve())
            await server.started.wait()
            server.stop()
            await serving


async def test_a_given_socket_never_blocks_not_even_its_duplicates() -> None:
    with (
        open_socket(ServerConfig(port=0)) as listener,
        socket.socket(fileno=os.dup(listener.fileno())) as shared,
    ):
        assert shared.gettimeout() is None
        Server(http(lambda *_: asyncio.sleep(0)), listener=shared)
        shared.dup().close()
        assert not os.get_blocking(listener.fileno())


def test_the_end_is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), running(http(lambda *_: asyncio.sleep(0))):
        pass
    assert not caplog.records
