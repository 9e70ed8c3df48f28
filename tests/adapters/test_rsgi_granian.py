"""RSGI on Granian itself."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.server.peer import Peer

ROOT = Path(__file__).resolve().parent.parent.parent

APPLICATION = """
from pronghorn._engine.reply import Reply
from pronghorn.adapters import rsgi
from tests.server.applications import answer, read_all

class App:
    def __rsgi__(self, scope, protocol):
        return rsgi.serve(self, scope, protocol)

    def __rsgi_init__(self, loop):
        rsgi.start(self, loop)

    def __rsgi_del__(self, loop):
        rsgi.stop(self, loop)

    def handle_exchange(self, exchange):
        if exchange.path == "/fast":
            return Reply(200, b"fast", b"text/plain")
        exchange.spawn(self(exchange.scope, exchange.receive, exchange.send))

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            scope["state"]["greeting"] = "hello"
            await send({"type": "lifespan.startup.complete"})
            await receive()
            print("stopped in order", flush=True)
            await send({"type": "lifespan.shutdown.complete"})
        elif scope["type"] == "websocket":
            await receive()
            if scope["path"] == "/no":
                await send({"type": "websocket.close"})
                return
            await send({"type": "websocket.accept"})
            while (message := await receive())["type"] == "websocket.receive":
                await send({**message, "type": "websocket.send"})
        elif scope["path"] == "/stream":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for piece in (b"a", b"b", b"c"):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body"})
        else:
            body = await read_all(receive)
            await answer(send, body or f"{scope['state']['greeting']} {scope['path']}".encode())

app = App()
"""


def wait_listening(port: int, process: subprocess.Popen[str]) -> None:
    """The worker says that it has started a moment before it listens: knock until the door opens."""
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            continue
        return


@pytest.fixture(scope="module")
def granian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    pytest.importorskip("granian")
    folder = tmp_path_factory.mktemp("granian")
    (folder / "served_by_granian.py").write_text(APPLICATION)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "rsgi", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "served_by_granian:app"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
    )
    assert process.stdout is not None
    try:
        assert any("Started worker-1 runtime" in line for line in process.stdout)
        wait_listening(port, process)
        yield port
    finally:
        process.terminate()
        rest, _ = process.communicate(timeout=30)
        assert "stopped in order" in rest


@pytest.fixture
def peer(granian: int) -> Iterator[Peer]:
    with socket.create_connection(("127.0.0.1", granian), timeout=10) as connection:
        peer = Peer(connection)
        yield peer
        peer.stream.close()


def test_granian_serves_replies_streams_and_bodies(peer: Peer) -> None:
    assert peer.get("/fast").body == b"fast"
    assert peer.get("/a%20b").body == b"hello /a b"
    assert peer.post("/", b"x" * 100_000).body == b"x" * 100_000
    assert peer.get("/stream").body == b"abc"


def test_granian_serves_websockets(granian: int) -> None:
    with connect(f"ws://127.0.0.1:{granian}/", proxy=None) as client:
        for message in ("text", b"bytes"):
            client.send(message)
            assert client.recv(timeout=10) == message
    with (
        pytest.raises((InvalidStatus, ConnectionClosed)),
        connect(f"ws://127.0.0.1:{granian}/no", proxy=None),
    ):
        pass
