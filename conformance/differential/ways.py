"""The ways in which Pronghorn is asked: those of `tests.differential.ways`, RSGI, and its server on a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from pronghorn import FastAPI
from pronghorn.adapters import rsgi
from pronghorn.server import ServerConfig, running
from tests.differential.outcomes import Asked, Outcome
from tests.differential.ways import WAYS as IN_MEMORY

__all__ = [
    "IN_MEMORY",
    "ask_by_rsgi",
    "comparable",
    "is_broken_off",
    "on_socket",
    "suits_rsgi",
    "suits_socket",
]

_OF_THE_CONNECTION = {b"connection", b"date", b"keep-alive", b"server", b"transfer-encoding"}
"""What servers say for themselves."""


class _Wire:
    """What an RSGI server offers for one request, and what it was given back."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.outcome = Outcome()

    async def __call__(self) -> bytes:
        return self._body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._body:
            yield self._body

    async def client_disconnect(self) -> None:
        await asyncio.Event().wait()

    def response_empty(self, status: int, headers: Any) -> None:
        self.response_bytes(status, headers, b"")

    def response_bytes(self, status: int, headers: Any, body: bytes) -> None:
        self.response_stream(status, headers)
        self.outcome.take({"type": "http.response.body", "body": body})

    def response_stream(self, status: int, headers: Any) -> Any:
        pairs = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers]
        self.outcome.take({"type": "http.response.start", "status": status, "headers": pairs})
        return self

    async def send_bytes(self, data: bytes) -> None:
        self.outcome.take({"type": "http.response.body", "body": data, "more_body": True})


def suits_rsgi(asked: Asked) -> bool:
    """Whether an RSGI server could ask this: it knows of no root path, and header values are text."""
    return _is_framed(asked) and not asked.root_path and all(value.isascii() for _, value in asked.headers)


def _is_framed(asked: Asked) -> bool:
    """Whether a body has a length, without which HTTP/1.1 has no body."""
    lengths = [value for name, value in asked.headers if name == b"content-length"]
    return lengths == [str(len(asked.body)).encode()] or (not lengths and not asked.body)


async def ask_by_rsgi(app: FastAPI, asked: Asked) -> Outcome:
    """Ask as Granian does."""
    wire = _Wire(asked.body)
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in asked.headers]
    first = dict(reversed(headers))
    scope: Any = SimpleNamespace(
        proto="http",
        http_version="1.1",
        server="test:80",
        client="peer:1",
        scheme="http",
        method=asked.method,
        path=asked.path,
        query_string=asked.query.decode("latin-1"),
        authority=None,
        headers=SimpleNamespace(items=lambda: headers, get=first.get),
    )
    await rsgi.serve(app, scope, wire)
    return wire.outcome


def suits_socket(asked: Asked) -> bool:
    """Whether a client could send this: HTTP/1.1 wants the host to be named."""
    return _is_framed(asked) and not asked.root_path and any(name == b"host" for name, _ in asked.headers)


@contextmanager
def on_socket(app: FastAPI) -> Iterator[Any]:
    """A way to ask through the native server, as `Ask`."""
    config = ServerConfig(port=0, access_log=False, lifespan="off", graceful_timeout=5, server_header=False)
    with running(app, config) as server:

        async def ask(app: FastAPI, asked: Asked) -> Outcome:
            return await asyncio.to_thread(_exchange, server.port, asked)

        yield ask


def _exchange(port: int, asked: Asked) -> Outcome:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        target = quote(asked.path, safe="/", errors="surrogatepass") or "/"
        if asked.query:
            target += "?" + asked.query.decode("latin-1")
        connection.putrequest(asked.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in asked.headers:
            connection.putheader(name.decode("latin-1"), value)
        connection.endheaders(asked.body or None)
        reply = connection.getresponse()
        body = reply.read()
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in reply.getheaders()]
        return Outcome(reply.status, headers, body)
    finally:
        connection.close()


def is_broken_off(outcome: Outcome) -> bool:
    """Whether an error came when the response had begun: what arrives of it is a matter of timing."""
    return outcome.error is not None and outcome.status not in (None, 500)


def comparable(outcome: Outcome, asked: Asked) -> Outcome:
    """What a client sees of an outcome: no fields of the connection, no body where HTTP has none."""
    ignored = _OF_THE_CONNECTION
    body = b"" if asked.method == "HEAD" else outcome.body
    if outcome.status in (204, 205, 304):  # whether a length is told is the server's decision
        ignored, body = ignored | {b"content-length"}, b""
    pairs = [(name.lower(), value) for name, value in outcome.headers]
    return Outcome(outcome.status, sorted(pair for pair in pairs if pair[0] not in ignored), body)
