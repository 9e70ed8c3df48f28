"""WebSocket connections to an ASGI application in the same event loop.

Invariant: messages arrive in the order sent; what the application raises reaches the test.
"""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import httpx2
from anyio.abc import TaskGroup
from starlette.testclient import WebSocketDenialResponse
from starlette.types import ASGIApp, Message, Scope
from starlette.websockets import WebSocketDisconnect

__all__ = ["WebSocketSession", "connect"]


class WebSocketSession:
    """The client's end of an accepted connection.

    Attributes:
        subprotocol: what the application chose of the offered ones.
        headers: what it sent along with the acceptance.

    The `receive_…` methods raise `starlette.websockets.WebSocketDisconnect` with code and reason when the
    application has closed the connection.
    """

    def __init__(self) -> None:
        self.subprotocol: str | None = None
        self.headers = httpx2.Headers()
        self._failure: Exception | None = None
        self._closed = False
        self._to_app, self._app_inbox = anyio.create_memory_object_stream[Message](float("inf"))
        self._from_app, self._inbox = anyio.create_memory_object_stream[Message](float("inf"))

    async def send_text(self, text: str) -> None:
        """Send a text message."""
        self._send({"type": "websocket.receive", "text": text})

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        self._send({"type": "websocket.receive", "bytes": data})

    async def send_json(self, value: Any) -> None:
        """Send a value as JSON in a text message."""
        await self.send_text(json.dumps(value, separators=(",", ":"), ensure_ascii=False))

    async def receive_text(self) -> str:
        """Wait for a text message."""
        return str((await self._receive_message())["text"])

    async def receive_bytes(self) -> bytes:
        """Wait for a binary message."""
        return bytes((await self._receive_message())["bytes"])

    async def receive_json(self) -> Any:
        """Wait for a message of JSON, text or binary."""
        message = await self._receive_message()
        text = message.get("text")
        return json.loads(message["bytes"] if text is None else text)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection."""
        if not self._closed:
            self._closed = True
            self._send({"type": "websocket.disconnect", "code": code, "reason": reason})

    def _send(self, message: Message) -> None:
        # As on a network: what arrives after the application has gone is lost, and no error.
        with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
            self._to_app.send_nowait(message)

    async def _receive_message(self) -> Message:
        message = await self._receive()
        if message["type"] == "websocket.close":
            self._closed = True
            raise WebSocketDisconnect(message.get("code", 1000), message.get("reason") or "")
        return message

    async def _receive(self) -> Message:
        try:
            return await self._inbox.receive()
        except anyio.EndOfStream:
            if self._failure is not None:
                raise self._failure from None
            # The application returned without closing: servers report that as an abnormal end.
            return {"type": "websocket.close", "code": 1006}

    async def _run(self, app: ASGIApp, scope: Scope) -> None:
        self._send({"type": "websocket.connect"})
        try:
            await app(scope, self._app_inbox.receive, self._take)
        except Exception as error:
            self._failure = error
        finally:
            for stream in (self._to_app, self._app_inbox, self._from_app):
                stream.close()

    async def _take(self, message: Message) -> None:
        """The application's `send`."""
        try:
            self._from_app.send_nowait(message)
        except anyio.BrokenResourceError as error:
            raise OSError("The client has closed the connection.") from error

    async def _wait_accepted(self) -> None:
        message = await self._receive()
        if message["type"] == "websocket.accept":
            self.subprotocol = message.get("subprotocol")
            self.headers = httpx2.Headers(list(message.get("headers", [])))
            return
        self._closed = True
        if message["type"] == "websocket.http.response.start":
            raise await self._read_denial(message)
        raise WebSocketDisconnect(message.get("code", 1000), message.get("reason") or "")

    async def _read_denial(self, start: Message) -> WebSocketDenialResponse:
        body, more = b"", True
        while more:
            message = await self._receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = list(start.get("headers", []))
        return WebSocketDenialResponse(status_code=start["status"], headers=headers, content=body)


@asynccontextmanager
async def connect(
    app: ASGIApp, tasks: TaskGroup, scope: Scope, subprotocols: Iterable[str]
) -> AsyncIterator[WebSocketSession]:
    """Connect to the application; close the connection at the end of the block.

    Raises:
        WebSocketDisconnect: the application closed the connection instead of accepting it.
        WebSocketDenialResponse: it answered with an HTTP response.
        Exception: what the application raised.
    """
    scope["subprotocols"] = list(subprotocols)
    scope["extensions"] = {"websocket.http.response": {}}
    session = WebSocketSession()
    tasks.start_soon(session._run, app, scope)
    try:
        await session._wait_accepted()
        yield session
    finally:
        await session.close()
        session._inbox.close()
