"""HTTP requests to an ASGI application in the same event loop, streamed both ways.

Here lives what stands between an httpx2 client and the application. Nothing of the network is
imitated beyond what an ASGI server guarantees.

Invariant: at most one piece of a body is under way in each direction, so that whoever produces it
waits for whoever consumes it.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import anyio
import httpx2
from anyio.abc import TaskGroup
from starlette.types import ASGIApp, Message, Scope

__all__ = ["ApplicationTransport", "connection_scope"]


_DEFAULT_PORTS = {"http": 80, "https": 443}


class ApplicationTransport(httpx2.AsyncBaseTransport):
    """Hands requests to an ASGI application.

    Args:
        app: the application.
        tasks: where its tasks run.
        connection: what all scopes have in common: `client`, `root_path`, `state`.
        raise_app_exceptions: whether an exception that leaves the application reaches the caller. If
            not, it becomes a plain 500 when nothing has been sent, else the end of the body.
    """

    def __init__(
        self, app: ASGIApp, tasks: TaskGroup, connection: dict[str, Any], *, raise_app_exceptions: bool
    ) -> None:
        self._app = app
        self._tasks = tasks
        self._connection = connection
        self._raise_app_exceptions = raise_app_exceptions

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Run the application until it has sent the head of its response."""
        scope = connection_scope("http", request, self._connection)
        exchange = _Exchange(request, raise_app_exceptions=self._raise_app_exceptions)
        self._tasks.start_soon(exchange.run, self._app, scope)
        try:
            await exchange.answered.wait()
        except BaseException:
            exchange.disconnect()
            raise
        if exchange.status is None:
            exchange.disconnect()
            exchange.raise_failure()
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            return httpx2.Response(500, headers=headers, content=b"Internal Server Error")
        return httpx2.Response(exchange.status, headers=exchange.headers, stream=_ResponseBody(exchange))


def connection_scope(kind: str, request: httpx2.Request, connection: dict[str, Any]) -> Scope:
    """The ASGI scope of a request; `kind` is its type."""
    url = request.url
    return {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (url.host, url.port or _DEFAULT_PORTS[url.scheme]),
        **connection,
        "state": dict(connection["state"]),
    }


class _Exchange:
    """One request and its response, seen by the application as `receive` and `send`."""

    def __init__(self, request: httpx2.Request, *, raise_app_exceptions: bool) -> None:
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        self.answered = anyio.Event()
        self.finished = anyio.Event()
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self._method = request.method
        self._request_body = _iterate(request.stream)
        self._to_come = _declared_length(request)
        self._over = anyio.Event()
        self._abandoned = False
        self._pieces, self.pieces = anyio.create_memory_object_stream[bytes](0)
        self._failure: Exception | None = None
        self._raise_app_exceptions = raise_app_exceptions

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        scope["method"] = self._method
        try:
            async with aclosing(self._request_body):
                await app(scope, self.receive, self.send)
            if self.status is None:
                self._failure = RuntimeError("The application returned without sending a response.")
        except Exception as error:
            if not self._abandoned:
                self._failure = error
        finally:
            self._pieces.close()
            self.answered.set()
            self.finished.set()

    def raise_failure(self) -> None:
        """Raise what left the application, if that was asked for."""
        if self._failure is not None and self._raise_app_exceptions:
            raise self._failure

    def disconnect(self) -> None:
        """From now on the peer is gone."""
        self._abandoned = True
        self._over.set()
        self.pieces.close()

    async def receive(self) -> Message:
        if self._to_come == 0:
            await self._over.wait()
            return {"type": "http.disconnect"}
        piece = await anext(self._request_body, b"")
        self._to_come = max(0, self._to_come - len(piece)) if piece else 0
        return {"type": "http.request", "body": piece, "more_body": self._to_come > 0}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", []))
            self.answered.set()
        elif message["type"] == "http.response.body":
            await self._send_body(message)

    async def _send_body(self, message: Message) -> None:
        body = message.get("body", b"")
        if body and self._method != "HEAD":
            try:
                await self._pieces.send(body)
            except anyio.BrokenResourceError as error:
                # ASGI HTTP 2.4: how an application learns that nobody listens any more.
                raise OSError("The client has closed the response.") from error
        if not message.get("more_body", False):
            self._pieces.close()
            self._over.set()


async def _iterate(stream: httpx2.AsyncByteStream) -> AsyncGenerator[bytes, None]:
    pieces = aiter(stream)
    try:
        async for piece in pieces:
            yield piece
    finally:
        # What is not read to its end would be left to the garbage collector.
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


def _declared_length(request: httpx2.Request) -> float:
    """How much of a body is to be expected; at least the empty message of a request without one."""
    if "transfer-encoding" in request.headers:
        return float("inf")
    return max(1, int(request.headers.get("content-length", "0")))


class _ResponseBody(httpx2.AsyncByteStream):
    """The response body; its end is also the end of background tasks and of the application."""

    def __init__(self, exchange: _Exchange) -> None:
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._exchange.pieces:
            yield piece
        await self._exchange.finished.wait()
        self._exchange.raise_failure()

    async def aclose(self) -> None:
        self._exchange.disconnect()
