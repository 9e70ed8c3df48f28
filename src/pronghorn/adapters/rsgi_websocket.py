"""WebSockets of an RSGI server, as the ASGI websocket protocol.

Lives here: the bridge between RSGI's transport and ASGI's messages. Must not live here: HTTP.

RSGI says less than ASGI: an accepted connection has neither subprotocol nor header fields of ours, and
closes without code and reason. A denial response is its status alone.
"""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

from pronghorn._engine.exchange import Message

logger = logging.getLogger("pronghorn.error")

_CLOSED, _BYTES, _TEXT = 0, 1, 2


class PeerGone(OSError):
    """The peer left: what was to be sent cannot be."""


async def serve_websocket(app: Any, scope: MutableMapping[str, Any], protocol: Any) -> None:
    """Run `app` for one WebSocket.

    Args:
        app: the ASGI application.
        scope: the connection scope, but for what only WebSockets have.
        protocol: the RSGI protocol object.
    """
    offered = b",".join(value for name, value in scope["headers"] if name == b"sec-websocket-protocol")
    scope["scheme"] = "wss" if scope["scheme"] == "https" else "ws"
    scope["subprotocols"] = [name.strip() for name in offered.decode("latin-1").split(",") if name.strip()]
    scope["extensions"] = {"websocket.http.response": {}}
    del scope["method"]
    bridge = _Bridge(protocol)
    try:
        await app(scope, bridge.receive, bridge.send)
    except PeerGone:
        pass
    except Exception:
        logger.exception("Exception in the application")
        bridge.close(500)
    else:
        bridge.close(500)


class _Bridge:
    """The ASGI side of one connection."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._transport: Any = None
        self._asked = False
        self._closed = False

    async def receive(self) -> Message:
        """The next message for the application."""
        if not self._asked:
            self._asked = True
            return {"type": "websocket.connect"}
        if self._transport is not None and not self._closed:
            try:
                message = await self._transport.receive()
            except Exception as error:
                logger.debug("The WebSocket ended", exc_info=error)
            else:
                if message.kind == _TEXT:
                    return {"type": "websocket.receive", "text": message.data}
                if message.kind == _BYTES:
                    return {"type": "websocket.receive", "bytes": bytes(message.data)}
        self._closed = True
        return {"type": "websocket.disconnect", "code": 1005, "reason": ""}

    async def send(self, message: Message) -> None:
        """Take a message of the application."""
        kind = message["type"]
        if self._closed:
            if kind == "websocket.http.response.body":
                return
            raise PeerGone("the WebSocket is closed")
        if self._transport is None:
            await self._answer(kind, message)
        elif kind == "websocket.send":
            await self._send(message)
        elif kind == "websocket.close":
            self.close(message.get("code", 1000))
        else:
            raise RuntimeError(
                f"Expected ASGI message 'websocket.send' or 'websocket.close', but got '{kind}'."
            )

    async def _answer(self, kind: str, message: Message) -> None:
        if kind == "websocket.accept":
            self._transport = await self._protocol.accept()
        elif kind == "websocket.close":
            self.close(403)
        elif kind == "websocket.http.response.start":
            self.close(message["status"])
        else:
            raise RuntimeError(
                "Expected ASGI message 'websocket.accept', 'websocket.close' or"
                f" 'websocket.http.response.start' but got '{kind}'."
            )

    async def _send(self, message: Message) -> None:
        data = message.get("bytes")
        try:
            if data is None:
                await self._transport.send_str(message["text"])
            else:
                await self._transport.send_bytes(data)
        except Exception as error:
            self._closed = True
            raise PeerGone("the peer left") from error

    def close(self, status: int) -> None:
        """End the connection, unless it is ended. Before it is accepted, `status` is the response's."""
        if not self._closed:
            self._closed = True
            self._protocol.close(status)
