"""Files over real sockets: copied by the kernel where nothing has to look at them."""

from __future__ import annotations

import json
import logging
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pronghorn import FastAPI
from pronghorn.responses import FileResponse
from pronghorn.server import Server, running
from tests.server.peer import Peer, connected

CONTENT = b"".join(b"%8d" % number for number in range(1_000_000))  # more than sockets buffer
NARROW = 256 * 1024


class Kernel:
    """What the kernel was asked to copy."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.copied = 0
        self._copy = os.sendfile
        monkeypatch.setattr(os, "sendfile", self.sendfile)

    def sendfile(self, target: int, source: int, offset: int, count: int) -> int:
        sent = self._copy(target, source, offset, count)
        self.copied += sent
        return sent


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    return Kernel(monkeypatch)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file.bin"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def app(path: Path) -> FastAPI:
    app = FastAPI()

    @app.api_route("/file", methods=["GET", "HEAD"])
    async def file() -> FileResponse:
        return FileResponse(path)

    @app.get("/hello")
    async def hello() -> str:
        return "hello"

    return app


@pytest.fixture
def server(app: FastAPI, kernel: Kernel) -> Iterator[Server]:
    with running(app) as server:
        yield server


def test_the_kernel_copies_a_file(server: Server, kernel: Kernel) -> None:
    with connected(server) as peer:
        for _ in range(3):
            assert peer.get("/file").body == CONTENT
        assert peer.get("/hello").body == b'"hello"'
    assert kernel.copied > len(CONTENT)


def test_ranges_of_a_file_are_copied(server: Server, kernel: Kernel) -> None:
    with connected(server) as peer:
        one = peer.get("/file", "Range: bytes=1000-4000000")
        assert (one.status, one.body) == (206, CONTENT[1000:4_000_001])
        several = peer.get("/file", "Range: bytes=0-99999,1000000-1999999")
        assert several.status == 206
        assert several.body.count(CONTENT[:100_000]) == 1
        assert several.body.count(CONTENT[1_000_000:2_000_000]) == 1
        assert peer.get("/file", method="HEAD").header("content-length") == str(len(CONTENT))
        assert peer.get("/hello").body == b'"hello"'
    assert kernel.copied > 0


def test_a_slow_peer_gets_all_of_it(server: Server) -> None:
    with connected(server) as peer:
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW)
        assert peer.get("/file").body == CONTENT
        assert peer.get("/hello").status == 200


def test_requests_behind_a_file_are_answered_after_it(server: Server) -> None:
    with connected(server) as peer:
        peer.say(b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n" * 2 + b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        assert [peer.answer().body for _ in range(3)] == [CONTENT, CONTENT, b'"hello"']


def test_http_10_ends_with_the_file(server: Server) -> None:
    with connected(server) as peer:
        peer.say(b"GET /file HTTP/1.0\r\nHost: a\r\n\r\n")
        assert peer.answer().body == CONTENT
        assert peer.is_closed()


def test_a_file_is_copied_to_a_unix_socket(app: FastAPI, kernel: Kernel, tmp_path: Path) -> None:
    with running(app, uds=str(tmp_path / "s")) as server, connected(server) as peer:
        assert peer.get("/file").body == CONTENT
    assert kernel.copied > 0


def test_a_file_is_encrypted_where_the_connection_is(
    app: FastAPI, kernel: Kernel, certificate: tuple[Path, Path]
) -> None:
    cert, key = map(str, certificate)
    context = ssl.create_default_context(cafile=cert)
    with running(app, ssl_certfile=cert, ssl_keyfile=key) as server:
        plain = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
            peer = Peer(connection)
            for _ in range(2):
                assert peer.get("/file").body == CONTENT
            peer.stream.close()
    assert kernel.copied == 0


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_every_event_loop_sends_files(app: FastAPI, kernel: Kernel, loop: Any) -> None:
    with running(app, loop=loop) as server, connected(server) as peer:
        for _ in range(2):
            assert peer.get("/file").body == CONTENT
    assert kernel.copied > 0


def test_a_file_that_the_kernel_cannot_copy_is_read(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> int:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "sendfile", refuse)
    with running(app) as server, connected(server) as peer:
        assert peer.get("/file").body == CONTENT


def test_a_file_that_shrinks_while_it_is_sent_never_looks_complete(server: Server, path: Path) -> None:
    with connected(server) as peer:
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW)
        peer.say(b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
        status, headers = peer.head()
        assert (status, dict(headers)["content-length"]) == (200, str(len(CONTENT)))
        os.truncate(path, 1000)
        try:
            received = len(peer.stream.read())
        except ConnectionResetError:
            received = 0
        assert received < len(CONTENT)
    with connected(server) as peer:
        assert peer.get("/hello").status == 200


def test_a_peer_that_leaves_frees_the_file(app: FastAPI, path: Path) -> None:
    closed = threading.Event()

    class Noting(FileResponse):
        def __init__(self, path: Path) -> None:
            super().__init__(path)
            self.background = _set(closed)

    @app.get("/noting")
    async def noting() -> FileResponse:
        return Noting(path)

    with running(app) as server:
        with connected(server) as peer:
            peer.say(b"GET /noting HTTP/1.1\r\nHost: a\r\n\r\n")
            peer.head()
        assert closed.wait(10)
        links = {os.readlink(entry) for entry in _open_files()}
        assert str(path) not in links


def _set(event: threading.Event) -> Any:
    async def work() -> None:
        event.set()

    return work


def _open_files() -> list[str]:
    names = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
    return [name for name in names if os.path.islink(name)]


def test_a_server_that_stops_finishes_a_file(app: FastAPI) -> None:
    with running(app) as server, connected(server) as peer:
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW)
        peer.say(b"GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
        peer.head()
        server.stop()
        assert peer.stream.read() == CONTENT


def test_the_access_log_tells_the_size_of_a_file(app: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pronghorn.access")
    with running(app, access_log=True, access_log_format="json") as server, connected(server) as peer:
        peer.get("/file", "Range: bytes=0-99999")
    (line,) = [json.loads(record.getMessage()) for record in caplog.records if "/file" in record.getMessage()]
    assert (line["status"], line["size"]) == (206, 100_000)
