"""One HTTP request on the native server, and its response.

Lives here: the request's body as it arrives, the ASGI side (`receive`, `send`), the way of a finished
`Reply`. Must not live here: parsing, sockets, the order of responses on a connection.
Invariant: exactly one response is written, and nothing after it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from contextvars import Context
from typing import Any, Protocol

from starlette.requests import ClientDisconnect

from pronghorn._base.interruption import is_uninterrupted
from pronghorn._base.kept import kept
from pronghorn._engine.exchange import Exchange, Message
from pronghorn._engine.reply import FileReply, Reply
from pronghorn.server.files import FileSending
from pronghorn.server.flow import SLICE, Outlet
from pronghorn.server.framing import WITHOUT_BODY, ResponseFraming
from pronghorn.server.heads import CONTINUE
from pronghorn.server.site import Site

logger = logging.getLogger("pronghorn.error")

# An unread body of at most this is read and thrown away, so that its connection can stay open.
_WORTH_DISCARDING = 64 * 1024


def _comes_of_leaving(error: BaseException | None) -> bool:
    """Whether an error is what a handler made of a client that left, or was turned away, in its body."""
    while error is not None and not isinstance(error, ClientDisconnect):
        error = error.__cause__ or error.__context__
    return error is not None


class Carrier(Protocol):
    """The connection, as its requests see it."""

    site: Site
    outlet: Outlet
    client: tuple[str, int] | None
    server: tuple[str, int | None] | None

    def complete(self, exchange: HttpExchange, response: bytes) -> None:
        """Send a whole response, which finishes the exchange."""

    def body_wanted(self, exchange: HttpExchange) -> None:
        """The application waits for the body."""

    def body_taken(self) -> None:
        """The application took what there was of the body."""

    def finished(self, exchange: HttpExchange) -> None:
        """The response is complete."""

    def abort(self) -> None:
        """Close without ceremony."""


class HttpExchange(Exchange):
    """A request read from a connection.

    PERF: what most requests never change is found on the class, and what is the connection's is asked for
    when it is wanted, instead of being set a dozen times per request.
    """

    __slots__ = ("__dict__", "connection")

    connection: Carrier
    sends_files = True
    sends_pieces = True
    #: The newest version under which Starlette ends an idle stream when its client leaves.
    spec_version = "2.3"
    new_framing: type[ResponseFraming] = ResponseFraming
    body: bytes | None
    http_version: str = "1.1"
    root_path: str
    keep_alive = True
    expects_continue = False
    upgrades = False
    length: int | None = 0
    """Announced bytes of the body, None where it has chunks; 0 too where it came together with the head."""
    received = 0
    """Bytes of the body so far."""
    buffered = 0
    """Bytes of the body that the application has not taken."""
    status = 0
    """The status of the response, once there is one."""
    finished = False
    disconnected = False
    replied = False
    """Whether the whole response was handed over, though the peer may not have taken it yet."""
    waits = False
    """Whether the application waits for the body right now."""
    counted = False
    """Whether it counts as waiting for the application."""
    _chunks: list[bytes] | None = None
    _ended = False
    _delivered = False
    _news: asyncio.Event | None = None
    _listens = False
    _task: asyncio.Task[None] | None = None
    _start: Message | None = None
    _framing: ResponseFraming | None = None
    _scope: MutableMapping[str, Any] | None = None

    @kept
    def client(self) -> tuple[str, int] | None:  # type: ignore[override]
        """Address and port of the peer."""
        return self.connection.client

    @kept
    def server(self) -> tuple[str, int | None] | None:  # type: ignore[override]
        """Address and port of this end."""
        return self.connection.server

    @kept
    def scheme(self) -> str:  # type: ignore[override]
        """``"http"`` or ``"https"``."""
        return self.connection.site.scheme

    def _ends(self) -> tuple[Any, Any, Any]:
        connection = self.connection
        site = connection.site
        if site.rewrites:  # a proxy may have told
            return super()._ends()
        return connection.server, connection.client, site.scheme

    @property
    def state(self) -> MutableMapping[str, Any] | None:  # type: ignore[override]
        """What lifespan handlers yielded."""
        return self.connection.site.state

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """See `Exchange.loop`.

        PERF: asyncio asks the kernel for the process at every question, 2 % of a small request. bench: hello
        """
        return self.connection.site.loop

    def new_context(self) -> Context:
        """A context of this request's own."""
        return self.connection.site.tasks.context.copy()

    @property
    def ended(self) -> bool:
        """Whether the whole body has arrived."""
        return self._ended or self.length == 0

    # The request's body ------------------------------------------------------------------------------

    def take_body(self, data: bytes) -> None:
        """Keep a piece of the body that arrived, unless nobody wants it any more."""
        self.received += len(data)
        if self.finished:
            return
        self.buffered += len(data)
        if self._chunks is None:
            self._chunks = [data]
        else:
            self._chunks.append(data)
        if self._news is not None:
            self._news.set()

    def end_body(self) -> None:
        """The body is complete. It becomes `body`, unless a part of it was taken as a stream."""
        self._ended = True
        if self.received == self.buffered:
            self.body = b"".join(self._chunks or ())
            self._chunks = None
        if self._news is not None:
            self._news.set()

    def limits_body(self) -> bool:
        """Whether the application has a limit of its own for the body."""
        return self.connection.site.limits_body(self)

    def disconnect(self) -> None:
        """The peer is gone: tell whoever listens for that, and cancel a handler that does not."""
        self.disconnected = True
        if self._news is not None:
            self._news.set()
        task = self._task
        if task is not None and not self.status and not self._listens and self._may_be_cancelled():
            task.cancel("the client has gone")

    def _may_be_cancelled(self) -> bool:
        if not self.connection.site.config.cancel_on_disconnect:
            return False
        target = getattr(self, "target", None)
        seen: Any = self._scope or (target.scope_items if target is not None else {})
        return not is_uninterrupted(seen.get("endpoint"))

    async def read_body(self) -> bytes:
        """The whole body; see `Exchange.read_body`."""
        body = self.body
        if body is None:
            body = await super().read_body()
            self._delivered = False  # user code that reads it again by `receive` gets it again
        return body

    async def receive(self) -> Message:
        """The next ASGI message; see `Exchange.receive`."""
        while True:
            if not self._delivered:
                if self.body is not None:
                    self._delivered = True
                    return self._request_message(self.body, more=False)
                if self._chunks or self._ended:
                    return self._request_message(b"".join(self._chunks or ()), more=not self._ended)
            if self.disconnected or self.finished:
                return {"type": "http.disconnect"}
            await self._wait_for_news()

    def _request_message(self, body: bytes, *, more: bool) -> Message:
        self._delivered = not more
        self._chunks = None
        if self.buffered:
            self.buffered = 0
            self.connection.body_taken()
        return {"type": "http.request", "body": body, "more_body": more}

    async def _wait_for_news(self) -> None:
        news = self._news
        if news is None:
            news = self._news = asyncio.Event()
        news.clear()
        if not self.ended:
            if self.expects_continue:
                self.expects_continue = False
                self.connection.outlet.write(CONTINUE)
            self.waits = True
            self.connection.body_wanted(self)
        self._listens = True
        try:
            await news.wait()
        finally:
            self.waits = self._listens = False

    def flush(self) -> None:
        """See `Exchange.flush`."""
        outlet = self.connection.outlet
        if outlet.pending:
            outlet.flush()

    def hold(self) -> Callable[[], None]:
        """See `Exchange.hold`."""
        return self.connection.site.tasks.hold()

    @property
    def started(self) -> bool:
        """Whether the head of a response was handed over already."""
        return self.status != 0

    # The response ------------------------------------------------------------------------------------

    def respond(self, reply: Reply) -> None:
        """Write a finished reply; see `Exchange.respond`."""
        if self.disconnected:
            self._respond_to_nobody(reply)
            return
        if self.status:
            raise RuntimeError("a reply was given, but the response has already been started")
        try:
            head = self._plain_head(reply)
            body = reply.body
            if head is not None and len(body) <= SLICE:
                self.status = reply.status
                self.finished = True
                if self._news is not None:
                    self._news.set()
                self.connection.complete(self, head + body)
            else:
                self._respond_in_general(reply, head)
        except Exception:
            # Whoever called, a thread's result perhaps, has nobody to tell: this request gets its answer.
            logger.exception("The response could not be started")
            self.fail()
            return
        if reply.after is not None:
            self.spawn(reply.after())

    def _plain_head(self, reply: Reply) -> bytes | None:
        """The finished head of a reply that needs no more thought; None when it does."""
        media_type = reply.media_type
        if (
            media_type is None
            or not self.keep_alive
            or self.method == "HEAD"
            or self.body is None
            or self.http_version != "1.1"
            or self.connection.site.draining
        ):
            return None
        heads = self.connection.site.heads
        head = heads.finished.get((reply.status, media_type, len(reply.body)))
        if head is None:
            if reply.status < 200 or reply.status in WITHOUT_BODY:
                return None
            head = heads.plain(reply.status, media_type, len(reply.body))
        return heads.extended(head, reply.headers) if reply.headers else head

    def _respond_to_nobody(self, reply: Reply) -> None:
        """The peer is gone, but the work for after the response was promised."""
        self.status = reply.status
        self.replied = self.finished = True
        if reply.after is not None:
            self.spawn(reply.after())

    def _respond_in_general(self, reply: Reply, head: bytes | None) -> None:
        """Write a reply whose head is not plain, or whose body is large."""
        data = reply.body
        self.status = reply.status
        if head is None:
            framing = self._frame(reply.status, reply.raw_headers(), len(data))
            head = framing.head
            _, data, _ = framing.frame(data, more=False)  # a whole body is never chunked
        if len(data) <= SLICE:
            self.connection.outlet.write(head + data)
            self.finish()
        else:
            self.replied = True
            self.connection.outlet.write(head)
            self.connection.outlet.write_at_length(memoryview(data), self.finish)

    def _frame(self, status: int, headers: Any, whole: int | None) -> ResponseFraming:
        """Settle the framing of the response; the connection closes after it when it must."""
        framing = self.new_framing(
            self.connection.site.heads,
            status,
            headers,
            is_head=self.method == "HEAD",
            is_http10=self.http_version == "1.0",
            keep_alive=self._may_stay(),
            whole=whole,
        )
        self._framing = framing
        self.keep_alive = framing.keep_alive
        return framing

    def _may_stay(self) -> bool:
        if not self.keep_alive or self.connection.site.draining:
            return False
        if self.ended:
            return True
        unread = None if self.length is None else self.length - self.received
        return not self.expects_continue and unread is not None and unread <= _WORTH_DISCARDING

    def finish(self) -> None:
        """The response is handed over completely."""
        self.finished = True
        self._chunks = None
        self.buffered = 0
        if self._news is not None:
            self._news.set()
        self.connection.finished(self)

    async def send(self, message: Message) -> None:
        """Take an ASGI message; see `Exchange.send`. Waits while the peer lags behind."""
        kind = message["type"]
        if self.disconnected:
            return
        if kind == "http.response.start":
            if self.status:
                raise RuntimeError(f"Unexpected ASGI message '{kind}': the response has already been started")
            self.status = message["status"]
            self._start = message
            # The head goes out with the first piece of the body; if that takes time, without it.
            self.connection.site.loop.call_soon(self._send_head)
        elif kind == "http.response.body":
            if self.finished:
                raise RuntimeError(
                    f"Unexpected ASGI message '{kind}' sent, after response already completed."
                )
            if not self.status:
                raise RuntimeError(f"Expected ASGI message 'http.response.start', but got '{kind}'.")
            await self._send_body(message.get("body", b""), message.get("more_body", False))
        elif kind != "http.response.trailers":
            raise RuntimeError(f"Unexpected ASGI message type '{kind}'.")

    def _send_head(self) -> None:
        start = self._start
        if start is None or self.disconnected:
            return
        self._start = None
        try:
            framing = self._frame(start["status"], start.get("headers", ()), None)
        except Exception:
            logger.exception("The response could not be started")
            self.connection.abort()
        else:
            self.connection.outlet.write(framing.head)

    async def _send_body(self, data: bytes, more: bool) -> None:
        head = b""
        framing = self._framing
        if framing is None:
            start = self._start
            assert start is not None  # `status` is set with it
            self._start = None
            framing = self._frame(start["status"], start.get("headers", ()), None if more else len(data))
            head = framing.head
        before, data, after = framing.frame(data, more)
        outlet = self.connection.outlet
        if len(data) <= SLICE:
            outlet.write(b"%b%b%b%b" % (head, before, data, after))
        else:
            await self._send_at_length(head + before, memoryview(data), after)
        if not more:
            self.finish()
        elif outlet.is_shut:
            await outlet.wait_open()

    def send_piece(self, data: bytes) -> Awaitable[None] | None:
        """See `Exchange.send_piece`."""
        outlet = self.connection.outlet
        framing = self._framing
        if framing is None or self.finished or self.disconnected or outlet.pending or len(data) > SLICE:
            # The first piece, a large one, or one that cannot be sent.
            return self.send({"type": "http.response.body", "body": data, "more_body": True})
        outlet.transport.write(framing.piece(data))
        return outlet.opening() if outlet.is_shut else None

    async def _send_at_length(self, before: bytes, data: memoryview, after: bytes) -> None:
        outlet = self.connection.outlet
        outlet.write(before)
        for start in range(0, len(data), SLICE):
            if outlet.is_shut:
                await outlet.wait_open()
            outlet.write(data[start : start + SLICE])
        outlet.write(after)

    async def send_file(self, reply: FileReply) -> None:
        """Send a body that is in a file; see `Exchange.send_file`."""
        if self.disconnected:
            return
        if self.status:
            raise RuntimeError("a file was given, but the response has already been started")
        framing = self._frame(reply.status, reply.headers, None)
        self.status = reply.status
        if framing.has_body:
            sending = FileSending(self.connection.outlet, self.connection.site.loop, framing.head, reply)
            try:
                await sending.wait()
            finally:
                framing.sent_beside(sending.sent)
        else:
            self.connection.outlet.write(framing.head)
        self.finish()

    # The task ----------------------------------------------------------------------------------------

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run `coroutine` for this request; see `Exchange.spawn`."""
        task = self.connection.site.tasks.start(coroutine, self._task_ended)
        if not task.done():
            self._task = task

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if task.cancelled():
            error: BaseException | None = None
        else:
            error = task.exception()
        if error is not None and not (self.disconnected and _comes_of_leaving(error)):
            logger.error("Exception in the application", exc_info=error)
        if self.finished or self.replied or self.disconnected:
            return
        if error is None and not task.cancelled():
            logger.error("The application ended without completing its response")
        self.fail()

    def fail(self) -> None:
        """Answer 500 if that is still possible; otherwise the connection is all that can be ended."""
        if self.finished or self.replied:
            return
        self.status, begun = 0, self._framing is not None
        self._start = None
        if begun:
            self.connection.abort()
            return
        self.keep_alive = False
        self.respond(Reply(500, b"Internal Server Error", b"text/plain; charset=utf-8"))
