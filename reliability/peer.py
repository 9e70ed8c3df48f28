"""A client that says exactly the bytes it is told to, and reads responses by the book.

Lives here: connections and responses. Must not live here: what is said. It is not an HTTP library: those
refuse to say what a hostile peer says.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

PATIENCE = 60.0
"""Seconds to wait for an answer that must come."""

Gone = (ConnectionError, asyncio.IncompleteReadError)


@dataclass(frozen=True, slots=True)
class Response:
    """One response as it was read."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """The values of a field, joined; empty where there is none."""
        return ", ".join(value for key, value in self.headers if key == name)

    @property
    def closes(self) -> bool:
        """Whether it announces the end of the connection."""
        return "close" in self.header("connection")


@dataclass
class Peer:
    """One connection to a server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, data: bytes) -> None:
        """Send bytes; waits while the server does not take them."""
        self.writer.write(data)
        await self.writer.drain()

    async def ask(self, data: bytes, *, bodyless: bool = False) -> Response:
        """Say a request, and read its response; also one that comes before all is said."""
        answer = asyncio.create_task(self.response(bodyless=bodyless))
        with contextlib.suppress(ConnectionError):
            await self.say(data)
        return await answer

    async def get(self, target: str = "/", *fields: str) -> Response:
        """Ask for a target."""
        return await self.ask(get(target, *fields))

    async def response(self, *, bodyless: bool = False, timeout: float = PATIENCE) -> Response:
        """Read the next final response; interim ones are passed over.

        Raises:
            TimeoutError: it did not come, or not to its end.
            asyncio.IncompleteReadError: the server closed before its end.
        """
        async with asyncio.timeout(timeout):
            response = await self._read(bodyless)
            while response.status < 200:
                response = await self._read(bodyless)
            return response

    async def head(self) -> tuple[int, list[tuple[str, str]]]:
        """Read a status line and the fields after it."""
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        if not lines[0].startswith("HTTP/1.1 "):
            raise ValueError(f"not a status line: {lines[0]!r}")
        fields = [line.partition(":") for line in lines[1:-2]]
        return int(lines[0].split()[1]), [(name.lower(), value.strip()) for name, _, value in fields]

    async def _read(self, bodyless: bool) -> Response:
        status, headers = await self.head()
        found = dict(headers)
        if bodyless or status < 200 or status in (204, 304):
            body = b""
        elif "content-length" in found:
            body = await self.reader.readexactly(int(found["content-length"]))
        elif found.get("transfer-encoding") == "chunked":
            body = b"".join([chunk async for chunk in self.chunks()])
        else:
            body = await self.reader.read()
        return Response(status, tuple(headers), body)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Read the pieces of a chunked body to its end."""
        while size := int(await self.reader.readline(), 16):
            yield await self.reader.readexactly(size)
            if await self.reader.readexactly(2) != b"\r\n":
                raise ValueError("a chunk does not end where it said")
        if await self.reader.readline() != b"\r\n":
            raise ValueError("the last chunk is not the end")

    async def is_closed(self, timeout: float = PATIENCE) -> bool:
        """Whether the server closes, without a further byte, within `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                return await self.reader.read(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def close(self) -> None:
        """Close in order: FIN."""
        self.writer.close()

    def reset(self) -> None:
        """Close without order: RST."""
        raw: Any = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@contextlib.asynccontextmanager
async def connected(
    port: int, *, receive_buffer: int | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Peer]:
    """One connection, while the block runs."""
    peer = await connect(port, receive_buffer=receive_buffer, host=host)
    try:
        yield peer
    finally:
        peer.close()
        with contextlib.suppress(OSError):
            await peer.writer.wait_closed()


async def connect(port: int, *, receive_buffer: int | None = None, host: str = "127.0.0.1") -> Peer:
    """Open a connection.

    Args:
        port: the port.
        receive_buffer: how much of a response the kernel and this client hold at most; by default much.
        host: the address.
    """
    raw = socket.socket()
    raw.setblocking(False)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if receive_buffer is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    await asyncio.get_running_loop().sock_connect(raw, (host, port))
    limit = 2**20 if receive_buffer is None else receive_buffer
    return Peer(*await asyncio.open_connection(sock=raw, limit=limit))


def get(target: str = "/", *fields: str, method: str = "GET") -> bytes:
    """A request without a body."""
    return "\r\n".join((f"{method} {target} HTTP/1.1", "Host: reliability", *fields, "", "")).encode(
        "latin-1"
    )


def post(target: str, body: bytes, *fields: str) -> bytes:
    """A request with a body of known length."""
    return get(target, f"Content-Length: {len(body)}", *fields, method="POST") + body


def chunked(target: str, body: bytes, *fields: str) -> bytes:
    """The head of a chunked request, followed by `body` as it is."""
    return get(target, "Transfer-Encoding: chunked", *fields, method="POST") + body
