from __future__ import annotations

import socket
import ssl
from pathlib import Path

from websockets.sync.client import connect

from pronghorn.server import running
from tests.server.applications import Fast
from tests.server.peer import Peer
from tests.server.test_websocket_live import echo as websocket_echo


def test_https_is_served_and_refusals_close(certificate: tuple[Path, Path]) -> None:
    cert, key = map(str, certificate)
    context = ssl.create_default_context(cafile=cert)
    with running(Fast(), ssl_certfile=cert, ssl_keyfile=key) as server:
        assert server.url.startswith("https://")
        for path, status in (("/hello", 200), ("/large", 200), ("/#", 400)):
            plain = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
                peer = Peer(connection)
                assert peer.get(path).status == status
                assert status == 200 or peer.is_closed()
                peer.stream.close()


def test_secure_websockets_are_served(certificate: tuple[Path, Path]) -> None:
    cert, key = map(str, certificate)
    context = ssl.create_default_context(cafile=cert)
    with (
        running(websocket_echo, ssl_certfile=cert, ssl_keyfile=key) as server,
        connect(server.url.replace("http", "ws", 1), ssl=context, proxy=None) as client,
    ):
        client.send("hello")
        assert client.recv(timeout=10) == "hello"
