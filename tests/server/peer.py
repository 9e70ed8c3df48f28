"""A peer that says exactly the bytes it is told to, and reads responses by the book."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from pronghorn.server.server import Server


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


class Peer:
    """One connection to a server."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.stream = connection.makefile("rb")

    def say(self, data: bytes) -> None:
        self.socket.sendall(data)

    def get(self, path: str = "/", *fields: str, method: str = "GET") -> Answer:
        lines = [f"{method} {path} HTTP/1.1", "Host: peer", *fields, "", ""]
        self.say("\r\n".join(lines).encode())
        return self.answer(bodyless=method == "HEAD")

    def post(self, path: str, body: bytes, *fields: str) -> Answer:
        lines = [f"POST {path} HTTP/1.1", "Host: peer", f"Content-Length: {len(body)}", *fields, "", ""]
        self.say("\r\n".join(lines).encode() + body)
        return self.answer()

    def head(self) -> tuple[int, list[tuple[str, str]]]:
        line = self.stream.readline().decode()
        assert line.startswith("HTTP/1.1 "), line
        headers = []
        while (field := self.stream.readline().decode("latin-1").rstrip("\r\n")) != "":
            name, _, value = field.partition(": ")
            headers.append((name, value))
        return int(line.split()[1]), headers

    def answer(self, *, bodyless: bool = False) -> Answer:
        status, headers = self.head()
        fields = dict(headers)
        if bodyless or status < 200 or status in (204, 304):
            body = b""
        elif "content-length" in fields:
            body = self.stream.read(int(fields["content-length"]))
        elif fields.get("transfer-encoding") == "chunked":
            body = b"".join(self.chunks())
        else:
            body = self.stream.read()
        return Answer(status, headers, body)

    def chunks(self) -> Iterator[bytes]:
        while size := int(self.stream.readline(), 16):
            yield self.stream.read(size)
            assert self.stream.read(2) == b"\r\n"
        assert self.stream.readline() == b"\r\n"

    def is_closed(self) -> bool:
        """Whether the server closes without a further byte. Waits for one or the other."""
        try:
            return self.stream.read(1) == b""
        except ConnectionResetError:
            return True


@contextlib.contextmanager
def connected(server: Server, timeout: float = 10) -> Iterator[Peer]:
    address = urlsplit(server.url)
    if address.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(address.path)
    else:
        connection = socket.create_connection((address.hostname, address.port))
    connection.settimeout(timeout)
    peer = Peer(connection)
    try:
        yield peer
    finally:
        peer.stream.close()
        connection.close()
