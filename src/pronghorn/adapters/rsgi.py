"""RSGI 1.x, the protocol of Granian: requests in Rust's hands, handed to the engine as exchanges.

Lives here: the HTTP exchange over an RSGI protocol object, and the application's entry points. Must not
live here: WebSockets (`rsgi_websocket`), anything about other servers.
Invariant: each request gets exactly one response, and nothing runs outside the task that the server made.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Iterable, MutableMapping
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import quote

from starlette.requests import ClientDisconnect

from pronghorn._base.kept import kept
from pronghorn._base.lifespan import Lifespan
from pronghorn._engine.exchange import Exchange, Message
from pronghorn._engine.reply import Reply

logger = logging.getLogger("pronghorn.error")

_SMALL_BODY = 64 * 1024
"""A declared body of at most this is awaited before the engine is asked, which can then answer at once."""

_SELDOM_WITH_BODY = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})
"""Methods of requests whose bodies are asked for only when somebody wants one."""
_BODYLESS = frozenset({204, 205, 304})
_VERSIONS = {"1": "1.1", "HTTP/1.0": "1.0", "HTTP/1.1": "1.1", "HTTP/2": "2"}

_WITHOUT_DECLARATION = frozenset({"2", "HTTP/2"})

TextHeaders = list[tuple[str, str]]
RawHeaders = list[tuple[bytes, bytes]]


class RsgiScope(Protocol):
    """What an RSGI server tells of a request."""

    proto: str
    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    headers: Any
    authority: str | None


async def serve(app: Any, scope: RsgiScope, protocol: Any) -> None:
    """Serve one request or WebSocket: what `app.__rsgi__` is.

    Args:
        app: an application with `handle_exchange` that is also an ASGI application.
        scope: what is asked for.
        protocol: the way to read and answer it.
    """
    if scope.proto != "http":
        from pronghorn.adapters.rsgi_websocket import serve_websocket

        await serve_websocket(app, asgi_scope(scope, "websocket", app), protocol)
        return
    exchange = RsgiExchange(scope, protocol, app)
    if exchange.method not in _SELDOM_WITH_BODY:
        length = declared_length(scope)
        if length == 0:
            exchange.body = b""
        elif length is not None and length <= _SMALL_BODY:
            exchange.body = await protocol()
        else:
            exchange.body = None
    try:
        reply = app.handle_exchange(exchange)
        if reply is not None:
            exchange.respond(reply)
        if exchange._spawned or not exchange._finished:
            await exchange.wait_finished()
    except Exception as error:
        # An application that is told of the peer's leaving, and says so in turn, did nothing wrong.
        if not (exchange.disconnected and isinstance(error, ClientDisconnect)):
            logger.exception("Exception in the application")
        exchange.fail()


def start(app: Any, loop: asyncio.AbstractEventLoop) -> None:
    """Run the application's start-up: what `app.__rsgi_init__` is.

    Raises:
        LifespanFailed: the application could not start.
    """
    lifespan = Lifespan(app, "auto")
    loop.run_until_complete(lifespan.start())
    _lifespans[id(app), id(loop)] = lifespan


def stop(app: Any, loop: asyncio.AbstractEventLoop) -> None:
    """Run the application's shut-down: what `app.__rsgi_del__` is.

    Raises:
        LifespanFailed: the application could not stop as it should.
    """
    lifespan = _lifespans.pop((id(app), id(loop)), None)
    if lifespan is not None:
        loop.run_until_complete(lifespan.stop())


# By identity: applications need not be hashable. An entry lives from `start` to `stop` of its loop.
_lifespans: dict[tuple[int, int], Lifespan] = {}


def _state_of(app: Any, loop: asyncio.AbstractEventLoop) -> MutableMapping[str, Any] | None:
    lifespan = _lifespans.get((id(app), id(loop)))
    return None if lifespan is None else lifespan.state


class RsgiExchange(Exchange):
    """One HTTP request of an RSGI server.

    PERF: every question to the server costs a trip out of Python: what few applications ask for is asked when it
    is wanted.
    """

    __slots__ = ("__dict__", "_app", "_protocol", "_rsgi", "loop")

    root_path: str = ""
    disconnected = False
    status = 0
    _scope: MutableMapping[str, Any] | None = None
    _chunks: AsyncIterator[bytes] | None = None
    _read = False
    _spawned: deque[Coroutine[Any, Any, None]] | None = None
    _news: asyncio.Future[None] | None = None
    _head: Message | None = None
    _stream: Any = None
    _finished = False

    def __init__(self, scope: RsgiScope, protocol: Any, app: Any) -> None:
        self._rsgi = scope
        self._protocol = protocol
        self._app = app
        self.method = scope.method
        self.path = scope.path
        self.loop = asyncio.get_running_loop()  # type: ignore[misc]

    @kept
    def body(self) -> bytes | None:  # type: ignore[override]
        """The body, where it is known without waiting that there is none."""
        return b"" if declared_length(self._rsgi) == 0 else None

    @kept
    def query(self) -> bytes:  # type: ignore[override]
        """The query string."""
        return self._rsgi.query_string.encode()

    @kept
    def raw_path(self) -> bytes:  # type: ignore[override]
        """The path, encoded again: the server does not tell how it was sent."""
        return quote(self._rsgi.path).encode("ascii")

    @kept
    def headers(self) -> RawHeaders:  # type: ignore[override]
        """Raw header pairs."""
        return raw_headers(self._rsgi)

    @kept
    def http_version(self) -> str:  # type: ignore[override]
        """``"1.0"``, ``"1.1"`` or ``"2"``."""
        version = self._rsgi.http_version
        return _VERSIONS.get(version, version)

    @kept
    def scheme(self) -> str:  # type: ignore[override]
        """``"http"`` or ``"https"``."""
        return self._rsgi.scheme

    @kept
    def client(self) -> tuple[str, int] | None:  # type: ignore[override]
        """Address and port of the peer."""
        return _address(self._rsgi.client)

    @kept
    def server(self) -> tuple[str, int | None] | None:  # type: ignore[override]
        """Address and port of this end."""
        return _address(self._rsgi.server)

    @kept
    def state(self) -> MutableMapping[str, Any] | None:  # type: ignore[override]
        """What lifespan handlers yielded."""
        return _state_of(self._app, self.loop)

    # The request's body ------------------------------------------------------------------------------

    async def read_body(self) -> bytes:
        """The whole body; see `Exchange.read_body`."""
        body = self.body
        if body is None:
            body = await super().read_body() if self._chunks is not None else await self._protocol()
            self.body = body  # pyright: ignore[reportIncompatibleVariableOverride] - the property keeps it
            self._read = False
        return body

    async def receive(self) -> Message:
        """The next ASGI message; see `Exchange.receive`."""
        if not self._read and self.body is not None:
            self._read = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        if not self._read:
            if self._chunks is None:
                self._chunks = aiter(self._protocol)
            try:
                return {"type": "http.request", "body": await anext(self._chunks), "more_body": True}
            except StopAsyncIteration:
                self._read = True
                return {"type": "http.request", "body": b"", "more_body": False}
        if not self._finished:
            await self._protocol.client_disconnect()
        self.disconnected = True
        return {"type": "http.disconnect"}

    # The response ------------------------------------------------------------------------------------

    @property
    def started(self) -> bool:
        """Whether the head of a response was handed over already."""
        return self.status != 0

    def respond(self, reply: Reply) -> None:
        """Write a finished reply; see `Exchange.respond`."""
        if self.status:
            raise RuntimeError("a reply was given, but the response has already been started")
        if reply.media_type is None or reply.headers:
            headers = text_headers(reply.raw_headers())
        else:
            headers = [*_plain_headers(reply.media_type, len(reply.body))]
        self._write(reply.status, headers, reply.body)
        if reply.after is not None:
            self.spawn(reply.after())

    def _write(self, status: int, headers: TextHeaders, body: bytes) -> None:
        self.status = status
        if status in _BODYLESS:
            headers = [field for field in headers if field[0] != "content-length"]
            self._protocol.response_empty(status, headers)
        else:
            self._protocol.response_bytes(status, headers, body)
        self._finish()

    async def send(self, message: Message) -> None:
        """Take an ASGI message; see `Exchange.send`."""
        kind = message["type"]
        if kind == "http.response.start":
            if self.status:
                raise RuntimeError(f"Unexpected ASGI message '{kind}': the response has already been started")
            self.status = message["status"]
            self._head = message
        elif kind == "http.response.body":
            if self._finished:
                raise RuntimeError(
                    f"Unexpected ASGI message '{kind}' sent, after response already completed."
                )
            if not self.status:
                raise RuntimeError(f"Expected ASGI message 'http.response.start', but got '{kind}'.")
            await self._send_body(message.get("body", b""), message.get("more_body", False))
        elif kind != "http.response.trailers":
            raise RuntimeError(f"Unexpected ASGI message type '{kind}'.")

    async def _send_body(self, data: bytes, more: bool) -> None:
        head, self._head = self._head, None
        if head is not None:
            headers = text_headers(head.get("headers", ()))
            if not more:
                self._write(head["status"], headers, bytes(data))
                return
            self._stream = self._protocol.response_stream(head["status"], headers)
        if data:
            try:
                await self._stream.send_bytes(bytes(data))
            except Exception as error:
                # ASGI 2.4: who sends to a peer that is gone is told so.
                self.disconnected = True
                self._finish()
                raise OSError("the peer is gone") from error
        if not more:
            self._stream = None  # the server ends the response when nobody holds its stream any more
            self._finish()

    def fail(self) -> None:
        """Answer 500 if that is still possible."""
        if not self._finished and self._stream is None:
            self._head = None
            self._write(500, [("content-type", "text/plain; charset=utf-8")], b"Internal Server Error")

    # The task ----------------------------------------------------------------------------------------

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run `coroutine` in this request's task, which waits for it; see `Exchange.spawn`."""
        if self._spawned is None:
            self._spawned = deque()
        self._spawned.append(coroutine)
        self._tell()

    async def wait_finished(self) -> None:
        """Run what was spawned, until the response is complete and nothing is left to run."""
        while True:
            while self._spawned:
                await self._spawned.popleft()
            if self._finished:
                return
            if self._spawned is not None:
                raise RuntimeError("the application ended without completing its response")
            # A worker thread has the request; its result comes by `respond` or `spawn`.
            self._news = asyncio.get_running_loop().create_future()
            await self._news

    def _finish(self) -> None:
        self._finished = True
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, None
        if news is not None and not news.done():
            news.set_result(None)


def asgi_scope(scope: RsgiScope, kind: str, app: Any) -> MutableMapping[str, Any]:
    """The ASGI scope of an RSGI one.

    Args:
        scope: what the server tells.
        kind: the ASGI scope type.
        app: the application, whose start-up may have put something into its state.
    """
    made = RsgiExchange(scope, None, app).scope
    made["type"] = kind
    return made


def declared_length(scope: RsgiScope) -> int | None:
    """The length of the body, where the request tells."""
    headers = scope.headers
    length = headers.get("content-length")
    if length is not None and length.isdigit():
        return int(length)
    if headers.get("transfer-encoding") is not None:
        return None
    # In HTTP/2 a body needs no declaration.
    return 0 if scope.http_version not in _WITHOUT_DECLARATION or scope.method in ("GET", "HEAD") else None


def raw_headers(scope: RsgiScope) -> RawHeaders:
    """The header fields as ASGI has them; `:authority` of HTTP/2 is what Host was."""
    fields = [(name.encode(), value.encode()) for name, value in scope.headers.items()]
    if scope.authority and not any(name == b"host" for name, _ in fields):
        fields.insert(0, (b"host", scope.authority.encode()))
    return fields


def text_headers(headers: Iterable[tuple[bytes, bytes]]) -> TextHeaders:
    """Header fields as RSGI takes them."""
    return [_text_field(field) for field in headers]


@lru_cache(maxsize=1024)
def _text_field(field: tuple[bytes, bytes]) -> tuple[str, str]:
    name, value = field
    return name.decode("latin-1").lower(), _text(value)


@lru_cache(maxsize=1024)
def _plain_headers(media_type: bytes, length: int) -> tuple[tuple[str, str], ...]:
    """The header fields of a reply with no others."""
    return ("content-length", str(length)), ("content-type", _text(media_type))


def _text(value: bytes) -> str:
    """The server encodes text as UTF-8; bytes that are none are taken for Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _address(text: str) -> tuple[str, int] | None:
    """`address:port` in parts; a Unix socket has no port."""
    host, colon, port = text.rpartition(":")
    return (host, int(port)) if colon and port.isdigit() else None
