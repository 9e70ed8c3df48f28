"""The `WebSocket` that endpoints get, in short connection with the server where nobody stands between.

Lives here: the session's class, and finding out whether ASGI messages would be seen by anybody else.
Must not live here: frames, endpoints. Invariant: whatever is put in the place of `receive` or `send`, by
middleware, on the class or on the session itself, is called for every message.
"""

from __future__ import annotations

import inspect
import json
from abc import ABC, abstractmethod
from asyncio import Future
from contextlib import suppress
from typing import Any

from starlette._exception_handler import wrap_app_handling_exceptions
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from pronghorn._base.untouched import are_untouched

_CONNECTED = WebSocketState.CONNECTED
_DISCONNECTED = WebSocketState.DISCONNECTED

#: Methods that a message passes which goes directly.
_PASSED = (
    *("receive", "receive_text", "receive_bytes", "receive_json", "_raise_on_disconnect"),
    *("send", "send_text", "send_bytes", "send_json"),
)
_SEAMS = frozenset({*_PASSED, "_receive", "_send"})


class Peer(ABC):
    """A server's WebSocket connection: by ASGI messages, or, for messages of an open one, in short."""

    __slots__ = ()

    @abstractmethod
    async def receive(self) -> Message:
        """The next ASGI message."""

    @abstractmethod
    async def send(self, message: Message) -> None:
        """Take an ASGI message. Waits while the peer lags behind."""

    @abstractmethod
    def take(self) -> str | bytes | None:
        """The next message, None while there is none.

        Raises:
            WebSocketDisconnect: there will be no more.
        """

    @abstractmethod
    def news(self) -> Future[None]:
        """Done once it is worth to `take` again."""

    @abstractmethod
    def give(self, data: str | bytes) -> Future[None] | None:
        """Send a message; where the peer lags behind, what to wait for before the next one.

        Raises:
            OSError: the peer has gone.
            RuntimeError: the application has closed the connection.
        """


class DirectWebSocket(WebSocket):
    """A session whose messages nobody sees but the server.

    Args:
        scope: the connection's scope.
        receive: as the application was given it.
        send: likewise.
        peer: the server's side.
    """

    _peer: Peer | None = None

    def __init__(self, scope: Scope, receive: Receive, send: Send, peer: Peer) -> None:
        super().__init__(scope, receive, send)
        self._peer = peer

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in _SEAMS:
            super().__setattr__("_peer", None)

    async def receive_text(self) -> str:
        """The next message, which is text; see `starlette.websockets.WebSocket`."""
        peer = self._peer_to_hear()
        if peer is None:
            return await super().receive_text()
        while (message := self._take(peer)) is None:
            await peer.news()
        if type(message) is not str:
            raise KeyError("text")  # what Starlette makes of a binary message
        return message

    async def receive_bytes(self) -> bytes:
        """The next message, which is binary."""
        peer = self._peer_to_hear()
        if peer is None:
            return await super().receive_bytes()
        while (message := self._take(peer)) is None:
            await peer.news()
        if type(message) is not bytes:
            raise KeyError("bytes")
        return message

    async def receive_json(self, mode: str = "text") -> Any:
        """What the next message, by default a text, is the JSON of."""
        if self._peer is None or mode not in ("text", "binary"):
            return await super().receive_json(mode)
        return json.loads(await self.receive_text() if mode == "text" else await self.receive_bytes())

    def _peer_to_hear(self) -> Peer | None:
        """Whom to take a message from; None where it has to be asked for the general way."""
        is_open = self.application_state is _CONNECTED and self.client_state is _CONNECTED
        return self._peer if is_open else None

    def _take(self, peer: Peer) -> str | bytes | None:
        try:
            return peer.take()
        except WebSocketDisconnect:
            self.client_state = _DISCONNECTED
            raise

    async def send_text(self, data: str) -> None:
        """Send a text message."""
        if self._peer is None or self.application_state is not _CONNECTED or type(data) is not str:
            return await super().send_text(data)
        lag = self._give(self._peer, data)
        return None if lag is None else await lag

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        if self._peer is None or self.application_state is not _CONNECTED or type(data) is not bytes:
            return await super().send_bytes(data)
        lag = self._give(self._peer, data)
        return None if lag is None else await lag

    async def send_json(self, data: Any, mode: str = "text") -> None:
        """Send a value as JSON, by default in a text message."""
        if self._peer is None or mode not in ("text", "binary"):
            return await super().send_json(data, mode)
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        return await (self.send_text(text) if mode == "text" else self.send_bytes(text.encode()))

    def _give(self, peer: Peer, data: str | bytes) -> Future[None] | None:
        try:
            return peer.give(data)
        except OSError as error:
            self.application_state = _DISCONNECTED
            raise WebSocketDisconnect(code=1006) from error


def open_session(scope: Scope, receive: Receive, send: Send) -> WebSocket:
    """The session of a connection: a direct one if `receive` and `send` are those of the server."""
    peer = getattr(receive, "__self__", None)
    if isinstance(peer, Peer) and receive == peer.receive and _unwrapped(send) == peer.send and _is_plain():
        return DirectWebSocket(scope, receive, send, peer)
    return WebSocket(scope, receive, send)


def _is_plain() -> bool:
    """Whether nobody has replaced a method of Starlette's that is passed over."""
    return are_untouched((WebSocket, name) for name in _PASSED)


def _unwrapped(send: Any) -> Any:
    """What is below the functions in which Starlette's exception handling notes HTTP responses."""
    while getattr(send, "__code__", None) is _NOTING:
        send = inspect.getclosurevars(send).nonlocals.get("send")
    return send


def _noting_code() -> Any:
    """The code of those functions, found by having one made."""
    given: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        given.append(send)

    wrapped: Any = wrap_app_handling_exceptions(app, Request({"type": "http"}))
    with suppress(StopIteration):
        wrapped({}, None, None).send(None)
    return given[0].__code__


_NOTING = _noting_code()
