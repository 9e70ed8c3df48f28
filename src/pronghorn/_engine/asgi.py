"""The exchange of an ASGI server: the same request, seen through scope, receive and send.

Lives here: `AsgiExchange`. Must not live here: choosing or running plans.
Invariant: the scope given by the server is used as it is, and a body that was read is read again by others.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from starlette.types import Receive, Scope, Send

from pronghorn._engine.exchange import Exchange, Message
from pronghorn._engine.reply import Reply


class AsgiExchange(Exchange):
    """One request of an ASGI server."""

    __slots__ = ("_again", "_receive", "_send", "_started")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self.method = scope["method"]
        self.path = scope["path"]
        headers = scope["headers"]
        if type(headers) is not list:  # any iterable will do, and it may be one that is read once
            headers = scope["headers"] = list(headers)
        self.headers = headers
        try:
            self.query, self.root_path = scope["query_string"], scope["root_path"]
        except KeyError:  # they are optional
            self.query, self.root_path = scope.get("query_string", b""), scope.get("root_path", "")
        self.body = None
        self._receive = receive
        self._send = send
        self._started = False
        self._again = False

    @property
    def started(self) -> bool:
        """Whether a response was begun."""
        return self._started

    async def read_body(self) -> bytes:
        """See `Exchange.read_body`; `receive` gives it again."""
        body = await super().read_body()
        self._again = True
        return body

    async def receive(self) -> Message:
        """The next ASGI message; first the body again, if the engine has read it."""
        if self._again:
            self._again = False
            return {"type": "http.request", "body": self.body, "more_body": False}
        return await self._receive()

    async def send(self, message: Message) -> None:
        """Pass an ASGI message on."""
        if message["type"] == "http.response.start":
            self._started = True
        await self._send(message)

    async def deliver(self, reply: Reply) -> None:
        """Send a finished reply."""
        self._started = True
        await self._send(
            {"type": "http.response.start", "status": reply.status, "headers": reply.raw_headers()}
        )
        await self._send({"type": "http.response.body", "body": reply.body})

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Not needed: a request of an ASGI server has its task already."""
        raise RuntimeError("an ASGI request runs in the task that its server made")


class NestedExchange(AsgiExchange):
    """A request that came through middleware of the general kind, which also answers what goes wrong."""

    __slots__ = ()

    nested = True
