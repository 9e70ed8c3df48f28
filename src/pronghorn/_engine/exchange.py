"""One HTTP request in flight, between a server and the engine.

Lives here: what every server knows of a request, and the ASGI view of it, made when asked for.
Must not live here: parameters, routes, anything of a particular server (they subclass `Exchange`).
Invariant: ``scope`` is built at most once; the engine fills in ``path_params`` and ``route`` before
user code can see it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from contextvars import Context, copy_context
from typing import Any

from starlette.requests import ClientDisconnect

from pronghorn._engine.lazy_scope import LazyScope
from pronghorn._engine.reply import FileReply, Reply

Message = MutableMapping[str, Any]


class Exchange:
    """One request and the ways to answer it.

    Attributes:
        method: the request method, upper case as sent.
        path: the percent-decoded path.
        raw_path: the path as sent, without the query.
        query: the query string as sent.
        headers: raw header pairs, names in lower case, in order of arrival.
        http_version: ``"1.1"``, ``"1.0"`` or ``"2"``.
        scheme: ``"http"`` or ``"https"``.
        client: address and port of the peer, where known.
        server: address and port of this end, where known.
        root_path: the prefix under which the application is mounted by its server or proxy.
        state: what lifespan handlers yielded; copied into the scope.
        body: the whole body once received, None while it is still arriving.
        path_params: what the routing tree read from the path.
        target: what the routing tree found; set together with ``path_params``.
        request: the request as user code sees it, from when it was asked for.
        outcome: what a plan that was run in place gave.
    """

    #: Whether somebody around the engine answers what it does not.
    nested = False

    #: Whether `send_file` can be used.
    sends_files = False

    #: Whether `send_piece` can be used.
    sends_pieces = False

    #: Of the ASGI HTTP protocol, as the scope tells it.
    spec_version = "2.4"

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that serves the request; to be asked for on it."""
        return asyncio.get_running_loop()

    def new_context(self) -> Context:
        """A context of this request's own."""
        return copy_context()

    __slots__ = (
        "_scope",
        "body",
        "client",
        "headers",
        "http_version",
        "method",
        "outcome",
        "path",
        "path_params",
        "query",
        "raw_path",
        "request",
        "root_path",
        "scheme",
        "server",
        "state",
        "target",
    )

    method: str
    path: str
    raw_path: bytes
    query: bytes
    headers: list[tuple[bytes, bytes]]
    http_version: str
    scheme: str
    client: tuple[str, int] | None
    server: tuple[str, int | None] | None
    root_path: str
    state: MutableMapping[str, Any] | None
    body: bytes | None
    path_params: dict[str, Any]
    target: Any
    request: Any
    outcome: Any
    _scope: MutableMapping[str, Any] | None

    @property
    def scope(self) -> MutableMapping[str, Any]:
        """The ASGI connection scope of this request (ASGI 3.0, HTTP 2.4)."""
        scope = self._scope
        if scope is None:
            scope = self._scope = self._build_scope()
        return scope

    def _ends(self) -> tuple[Any, Any, Any]:
        """This end, the peer, and the scheme that they speak."""
        return self.server, self.client, self.scheme

    def _build_scope(self) -> MutableMapping[str, Any]:
        server, client, scheme = self._ends()
        scope = LazyScope(
            {
                "type": "http",
                "asgi": {"version": "3.0", "spec_version": self.spec_version},
                "http_version": self.http_version,
                "server": server,
                "client": client,
                "scheme": scheme,
                "method": self.method,
                "root_path": self.root_path,
                "path": self.path,
                "raw_path": self.raw_path,
                "query_string": self.query,
                "headers": self.headers,
            }
        )
        if self.state is not None:
            scope["state"] = dict(self.state)
        return scope

    async def read_body(self) -> bytes:
        """Wait for the whole body and keep it.

        Raises:
            starlette.requests.ClientDisconnect: the peer went away before the end.
        """
        if self.body is None:
            chunks: list[bytes] = []
            more = True
            while more:
                message = await self.receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                chunks.append(message.get("body", b""))
                more = message.get("more_body", False)
            self.body = b"".join(chunks)
        return self.body

    async def receive(self) -> Message:
        """The next ASGI message from the peer (``http.request``, ``http.disconnect``)."""
        raise NotImplementedError

    async def send(self, message: Message) -> None:
        """Take the next ASGI message for the peer (``http.response.start``, ``http.response.body``)."""
        raise NotImplementedError

    def respond(self, reply: Reply) -> None:
        """Write a finished reply. To be called on the event loop, once."""
        raise NotImplementedError

    async def send_file(self, reply: FileReply) -> None:
        """Send a body that is in a file, by the shortest way; returns when it is sent, or nobody is there.

        Raises:
            RuntimeError: the file is shorter than it was.
        """
        raise NotImplementedError

    def send_piece(self, data: bytes) -> Awaitable[None] | None:
        """Send a piece of a body after which others follow, without a message for it.

        Returns:
            What to wait for before the next one; None if there is no need to.
        """
        raise NotImplementedError

    async def deliver(self, reply: Reply) -> None:
        """Write a finished reply from the request's own task."""
        self.respond(reply)

    def flush(self) -> None:
        """Let what was written go out, before something that takes time on the event loop."""

    def hold(self) -> Callable[[], None]:
        """Keep whoever waits for this request's task waiting until the function that this gives was called."""
        future = asyncio.get_running_loop().create_future()

        def release() -> None:
            if not future.done():
                future.set_result(None)

        self.spawn(_wait(future))
        return release

    @property
    def started(self) -> bool:
        """Whether the head of a response was handed over already."""
        return bool(getattr(self, "status", 0))

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run ``coroutine`` as this request's task, in a context of its own."""
        raise NotImplementedError


def exchange_of(send: Any) -> Exchange | None:
    """The exchange whose own ``send`` this is: nobody stands between who would see messages."""
    exchange = getattr(send, "__self__", None)
    return exchange if isinstance(exchange, Exchange) and send == exchange.send else None


async def _wait(future: asyncio.Future[None]) -> None:
    await future
