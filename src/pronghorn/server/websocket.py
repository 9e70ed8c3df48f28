"""One WebSocket connection: RFC 6455 on one side, the ASGI websocket protocol on the other.

Lives here: what ties the sans-I/O protocol, the application and the transport together. Must not live
here: frames (`websockets`), the handshake's fields (`handshake`), messages (`messages`).

Invariants:
- The application is told of a disconnect once for all, whoever ended the connection.
- At most `ws_max_queue` messages, or `ws_max_size` bytes of them, and what one small read holds, wait for
  the application.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any, cast

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State

from pronghorn._engine.exchange import Message
from pronghorn.server.clock import NEVER, TICK
from pronghorn.server.exchange import HttpExchange
from pronghorn.server.flow import WriteGate
from pronghorn.server.framing import ResponseFraming
from pronghorn.server.handshake import accepted_head, answer_request, new_protocol, refused, subprotocols_of
from pronghorn.server.messages import MessageAssembler, close_reason
from pronghorn.server.site import Site

logger = logging.getLogger("pronghorn.error")
_frames_logger = logging.getLogger("pronghorn.websocket")
_frames_logger.setLevel(logging.WARNING)

_CLOSE_SECONDS = 10.0
_READ_AT_ONCE = 4096
_PLAIN = (b"content-type", b"text/plain; charset=utf-8")


class PeerGone(OSError):
    """The peer left: what was to be sent cannot be."""


class WebSocketConnection(asyncio.Protocol):
    """Goes on with a connection whose request asked for a WebSocket.

    Args:
        site: what all connections share.
        exchange: the handshake request.
    """

    __slots__ = (
        "_asked",
        "_assembler",
        "_connected",
        "_denial",
        "_disconnect",
        "_dismissed",
        "_exchange",
        "_gate",
        "_news",
        "_paused",
        "_pinged",
        "_protocol",
        "_queue",
        "_queued",
        "_response",
        "_site",
        "_transport",
        "_unread",
        "deadline",
    )

    _transport: asyncio.Transport

    def __init__(self, site: Site, exchange: HttpExchange) -> None:
        self._site = site
        self._exchange = exchange
        self._protocol = new_protocol(site.config, _frames_logger)
        self._response = answer_request(self._protocol, exchange.headers, site.config.ws_allowed_origins)
        self._assembler = MessageAssembler()
        self._queue: deque[Message] = deque()
        self._queued = 0
        self._news = asyncio.Event()
        self._gate = WriteGate(site.loop)
        self._denial: ResponseFraming | None = None
        self._disconnect: Message | None = None
        self._connected = False
        self._dismissed = False
        self._asked = False
        self._paused = False
        self._pinged = False
        self._unread = b""
        self.deadline = NEVER

    # Transport events --------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport over from HTTP, and ask the application."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass
        self._site.add(self)
        if self._response.status_code != 101:
            self._log(self._response.status_code)
            self._transport.write(refused(self._site.heads, self._response))
            self._end(CloseCode.ABNORMAL_CLOSURE, "")
            self._transport.close()
            return
        self._pause(True)
        self._site.tasks.start(self._run(), self._task_ended)

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is closed."""
        self._site.connections.pop(self, None)
        protocol = self._protocol
        if protocol.state is not State.CONNECTING:
            protocol.receive_eof()
        self._gate.open()
        received = protocol.close_rcvd
        if received is None:
            self._end(CloseCode.ABNORMAL_CLOSURE, "")
        else:
            self._end(received.code, received.reason)

    def data_received(self, data: bytes) -> None:
        """Frames, or a part of one, arrived."""
        self._unread += data
        self._read_on()

    def eof_received(self) -> bool:
        """The peer sent all it will send: closes, since a peer that leaves looks the same."""
        return False

    def pause_writing(self) -> None:
        """The peer lags behind."""
        self._gate.shut()

    def resume_writing(self) -> None:
        """The peer has caught up."""
        self._gate.open()

    # Frames ------------------------------------------------------------------------------------------

    def _read_on(self) -> None:
        """Read frames while the application has room for messages."""
        protocol = self._protocol
        if protocol.state is State.CONNECTING:
            return
        data, position = self._unread, 0
        while position < len(data) and not self._is_full() and not self._transport.is_closing():
            protocol.receive_data(data[position : position + _READ_AT_ONCE])
            position += _READ_AT_ONCE
            for event in protocol.events_received():
                if isinstance(event, Frame):
                    self._take(event)
            self._send_pending()
        self._unread = data[position:]
        self._pause(bool(self._unread))

    def _is_full(self) -> bool:
        config = self._site.config
        return len(self._queue) >= config.ws_max_queue or self._queued >= config.ws_max_size

    def _take(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            received = self._protocol.close_rcvd
            assert received is not None
            self._end(received.code, received.reason)
        elif frame.opcode is Opcode.PONG:
            self._pinged = False
            self._expect_silence()
        elif frame.opcode is not Opcode.PING and self._disconnect is None:
            try:
                message = self._assembler.add(frame)
            except UnicodeDecodeError as error:
                self._protocol.fail(CloseCode.INVALID_DATA, f"{error.reason} at position {error.start}")
                return
            if message is not None:
                key = "text" if isinstance(message, str) else "bytes"
                self._queued += len(message)
                self._queue.append({"type": "websocket.receive", key: message})
                self._news.set()

    def _send_pending(self) -> None:
        protocol = self._protocol
        for data in protocol.data_to_send():
            if data:
                self._transport.write(data)
            else:
                sent = protocol.close_sent
                if sent is not None and protocol.close_rcvd is None:
                    self._end(sent.code, sent.reason)
                self._transport.close()

    def _pause(self, pause: bool) -> None:
        if pause != self._paused and not self._transport.is_closing():
            self._paused = pause
            if pause:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    # Deadlines ---------------------------------------------------------------------------------------

    def _expect_silence(self) -> None:
        interval = self._site.config.ws_ping_interval
        if self._protocol.state is State.OPEN:
            self.deadline = NEVER if interval is None else self._site.clock.now + interval + TICK

    def past_deadline(self, now: float) -> None:
        """Time for a ping, or too late for a pong or for the end of the closing handshake."""
        if self._protocol.state is not State.OPEN:
            self._transport.abort()
        elif self._pinged and self._paused:
            self.deadline = now + self._site.config.ws_ping_timeout  # its pong waits here, unread
        elif self._pinged:
            self._protocol.fail(CloseCode.INTERNAL_ERROR, "keepalive ping timeout")
            self.deadline = now + _CLOSE_SECONDS
            self._send_pending()
        else:
            self._pinged = True
            self._protocol.send_ping(b"pronghorn")
            self.deadline = now + self._site.config.ws_ping_timeout + TICK
            self._send_pending()

    # The application ---------------------------------------------------------------------------------

    async def _run(self) -> None:
        await self._site.app(self._scope(), self._receive, self._send)

    def _scope(self) -> Message:
        exchange = self._exchange
        scope = dict(exchange.scope)
        del scope["method"]
        scope["type"] = "websocket"
        scope["asgi"] = {"version": "3.0", "spec_version": "2.4"}
        scope["scheme"] = "wss" if exchange.scheme == "https" else "ws"
        scope["subprotocols"] = subprotocols_of(exchange.headers)
        scope["extensions"] = {"websocket.http.response": {}}
        return scope

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "websocket.connect"}
        while not self._queue:
            if self._disconnect is not None:
                return self._disconnect
            self._news.clear()
            await self._news.wait()
        message = self._queue.popleft()
        self._queued -= len(message.get("text") or message.get("bytes") or "")
        if self._unread:
            self._read_on()
        return message

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if self._disconnect is not None and not self._dismissed:
            raise PeerGone("the peer left, or its frames ended the connection")
        if self._denial is not None:
            self._send_denial(kind, message)
        elif self._protocol.state is State.CONNECTING:
            self._send_answer(kind, message)
        elif self._protocol.state is State.OPEN:
            await self._send_message(kind, message)
        elif self._protocol.close_rcvd is not None:
            raise PeerGone("the peer closed the connection")
        else:
            raise RuntimeError(
                f"Unexpected ASGI message '{kind}', after sending 'websocket.close' or response already completed."
            )

    def _send_answer(self, kind: str, message: Message) -> None:
        if kind == "websocket.accept":
            self._accept(message)
        elif kind == "websocket.close":
            self._deny(403, [_PLAIN, (b"content-length", b"0")])
            self._send_denial("websocket.http.response.body", {"body": b""})
        elif kind == "websocket.http.response.start":
            self._deny(message["status"], message.get("headers", ()))
        else:
            raise RuntimeError(
                "Expected ASGI message 'websocket.accept', 'websocket.close' or"
                f" 'websocket.http.response.start' but got '{kind}'."
            )

    def _accept(self, message: Message) -> None:
        head = accepted_head(
            self._site.heads, self._response, message.get("subprotocol"), message.get("headers") or ()
        )
        self._protocol.send_response(self._response)
        self._protocol.data_to_send()  # the head is ours
        self._transport.write(head)
        self._log(101)
        self._expect_silence()
        self._pause(False)
        self._read_on()

    def _deny(self, status: int, headers: Any) -> None:
        self._denial = ResponseFraming(
            self._site.heads, status, headers, is_head=False, is_http10=False, keep_alive=False, whole=None
        )
        self._transport.write(self._denial.head)
        self._log(status)

    def _send_denial(self, kind: str, message: Message) -> None:
        if kind != "websocket.http.response.body" or self._disconnect is not None or self._denial is None:
            raise RuntimeError(f"Unexpected ASGI message '{kind}' sent, after the WebSocket was turned down.")
        more = message.get("more_body", False)
        before, data, after = self._denial.frame(message.get("body", b""), more)
        self._transport.write(before + data + after)
        if not more:
            self._end(CloseCode.ABNORMAL_CLOSURE, "")
            self._transport.close()

    async def _send_message(self, kind: str, message: Message) -> None:
        if kind == "websocket.send":
            data = message.get("bytes")
            if data is None:
                self._protocol.send_text(message["text"].encode())
            else:
                self._protocol.send_binary(data)
            self._send_pending()
            await self._gate.wait_open()
        elif kind == "websocket.close":
            self._dismissed = True
            code = message.get("code", CloseCode.NORMAL_CLOSURE)
            self._close(code, close_reason(message.get("reason")))
        else:
            raise RuntimeError(
                f"Expected ASGI message 'websocket.send' or 'websocket.close', but got '{kind}'."
            )

    def _close(self, code: int, reason: str) -> None:
        """Begin the closing handshake."""
        self._protocol.send_close(code, reason)
        self._send_pending()
        self.deadline = self._site.clock.now + _CLOSE_SECONDS
        self._end(code, reason)
        # Nobody takes messages any more: read on, for the peer's close frame.
        self._queue.clear()
        self._queued = 0
        self._read_on()

    def _end(self, code: int, reason: str) -> None:
        """Tell the application, the first time only."""
        if self._disconnect is None:
            self._disconnect = {"type": "websocket.disconnect", "code": int(code), "reason": reason}
            self._news.set()

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, PeerGone):
            logger.error("Exception in the application", exc_info=error)
        state = self._protocol.state
        if state is State.OPEN and self._disconnect is None:
            failed = error is not None or task.cancelled()
            self._close(CloseCode.INTERNAL_ERROR if failed else CloseCode.NORMAL_CLOSURE, "")
        elif state is State.CONNECTING and self._disconnect is None:
            if error is None:
                logger.error("The application ended without answering the WebSocket handshake")
            if self._denial is None:
                self._deny(500, [_PLAIN, (b"content-length", b"21")])
                self._send_denial("websocket.http.response.body", {"body": b"Internal Server Error"})
            else:
                self._transport.abort()

    def _log(self, status: int) -> None:
        if self._site.log_access is not None:
            self._site.log_access(self._exchange, status)

    # Ends --------------------------------------------------------------------------------------------

    def shut_down(self) -> None:
        """The server stops: close with 1012, service restart."""
        if self._protocol.state is State.OPEN:
            self._close(CloseCode.SERVICE_RESTART, "")
        elif self._protocol.state is State.CONNECTING and self._denial is None and self._disconnect is None:
            self._deny(503, [_PLAIN, (b"content-length", b"0")])
            self._send_denial("websocket.http.response.body", {"body": b""})

    def abort(self) -> None:
        """Close now."""
        self._transport.abort()

    def make_room(self) -> bool:
        """Never: an open WebSocket is something under way."""
        return False
