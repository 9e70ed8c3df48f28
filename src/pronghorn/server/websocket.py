"""One WebSocket connection: RFC 6455 on one side, the ASGI websocket protocol on the other.

Lives here: what ties the sans-I/O protocol, the application and the transport together. Must not live
here: frames (`websockets`), the handshake's fields (`handshake`), messages (`messages`).

Invariants:
- The application is told of a disconnect once for all, whoever ended the connection.
- At most `ws_max_queue` messages, or `ws_max_size` bytes of them, and one more, wait for the application.
- The protocol is given every byte of a frame or none: what `frames` reads, it never sees, and it is at the
  same place of the stream whenever a frame begins.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any, cast

from starlette.websockets import WebSocketDisconnect
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State

from pronghorn._engine.exchange import Message
from pronghorn._engine.websocket import Peer
from pronghorn.server.clock import NEVER, TICK
from pronghorn.server.exchange import HttpExchange
from pronghorn.server.flow import WriteGate
from pronghorn.server.frames import binary_frame, frame_length, read_message, text_frame
from pronghorn.server.framing import ResponseFraming
from pronghorn.server.handshake import accepted_head, answer_request, new_protocol, refused, subprotocols_of
from pronghorn.server.messages import MessageAssembler, close_reason
from pronghorn.server.site import Site
from pronghorn.server.turns import Turn

logger = logging.getLogger("pronghorn.error")
_frames_logger = logging.getLogger("pronghorn.websocket")
_frames_logger.setLevel(logging.WARNING)

_CLOSE_SECONDS = 10.0
_PLAIN = (b"content-type", b"text/plain; charset=utf-8")


class PeerGone(OSError):
    """The peer left: what was to be sent cannot be."""


class WebSocketConnection(Peer, asyncio.Protocol):
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
        "_has_rest",
        "_is_bare",
        "_is_plain",
        "_most",
        "_owed",
        "_paused",
        "_pinged",
        "_protocol",
        "_queue",
        "_queued",
        "_read_to",
        "_response",
        "_site",
        "_transport",
        "_unread",
        "_waiting",
        "deadline",
    )

    _transport: asyncio.Transport

    def __init__(self, site: Site, exchange: HttpExchange) -> None:
        self._site = site
        self._exchange = exchange
        self._protocol = new_protocol(site.config, _frames_logger)
        self._response = answer_request(self._protocol, exchange.headers, site.config.ws_allowed_origins)
        self._assembler = MessageAssembler()
        self._queue: deque[str | bytes] = deque()
        self._queued = 0
        self._waiting: list[Turn] = []
        self._gate = WriteGate(site.loop)
        self._denial: ResponseFraming | None = None
        self._disconnect: Message | None = None
        self._connected = False
        self._dismissed = False
        self._asked = False
        self._paused = False
        self._pinged = False
        self._unread = b""
        """What arrived last, read up to `_read_to`; while it `_has_rest`, there is more to read in it."""
        self._read_to = 0
        self._has_rest = False
        self._most = site.config.ws_max_size
        self._owed = 0
        """Bytes of a frame that the protocol has begun to read, yet to come."""
        self._is_plain = False
        """Open, and between messages: what comes next may be read at a glance."""
        self._is_bare = False
        """Open, and without extensions: what is sent needs a head only."""
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
        if self._is_plain and not self._has_rest and not self._queue:
            # PERF: one message that nobody had to wait for is most of what happens. bench: echo
            found = read_message(data, 0, self._most)
            if found is not None and found[1] == len(data):
                self._deliver(found[0])
                if self._waiting:
                    self._wake()
                return
        if self._has_rest:
            data = self._unread[self._read_to :] + data
        self._unread, self._read_to, self._has_rest = data, 0, True
        if self._protocol.state is not State.CONNECTING:
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
        data, position = self._unread, self._read_to
        is_full = self._is_full()
        while position < len(data) and not is_full:
            # PERF: 0.6 µs instead of 10, for the frames that most connections consist of. bench: echo
            found = read_message(data, position, self._most) if self._is_plain else None
            if found is not None:
                message, position = found
                self._deliver(message)
            else:
                begin, position = position, self._feed(data, position)
                if position == begin:
                    break
            is_full = self._is_full()
        self._read_to = position
        self._has_rest = position < len(data)
        self._pause(is_full and self._has_rest)
        if self._waiting and (self._queue or self._disconnect is not None):
            self._wake()

    def _is_full(self) -> bool:
        return len(self._queue) >= self._site.config.ws_max_queue or self._queued >= self._most

    def _feed(self, data: bytes, position: int) -> int:
        """Let the protocol read one frame, as far as it is there; where the next one begins."""
        if self._transport.is_closing():
            return len(data)
        protocol = self._protocol
        if not self._owed:
            length = frame_length(data, position)
            if length is None:
                return position
            self._owed = length
        end = min(position + self._owed, len(data))
        self._owed -= end - position
        protocol.receive_data(data[position:end])
        for event in protocol.events_received():
            if isinstance(event, Frame):
                self._take(event)
        self._is_plain = not self._owed and protocol.current_size is None and self._disconnect is None
        self._send_pending()
        return end

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
                self._deliver(message)

    def _deliver(self, message: str | bytes) -> None:
        self._queued += len(message)
        self._queue.append(message)

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
        await self._site.app(self._scope(), self.receive, self.send)

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

    async def receive(self) -> Message:
        """The next ASGI message."""
        if not self._asked:
            self._asked = True
            return {"type": "websocket.connect"}
        while not self._queue:
            if self._disconnect is not None:
                return self._disconnect
            await self.news()
        message = self._next_message()
        return {"type": "websocket.receive", "text" if isinstance(message, str) else "bytes": message}

    def take(self) -> str | bytes | None:
        """The next message; see `Peer.take`."""
        if self._queue:
            return self._next_message()
        if self._disconnect is not None:
            raise WebSocketDisconnect(self._disconnect["code"], self._disconnect["reason"])
        return None

    def _next_message(self) -> str | bytes:
        message = self._queue.popleft()
        self._queued -= len(message)
        if self._has_rest:
            self._read_on()
        return message

    def news(self) -> asyncio.Future[None]:
        """Done when a message has come, or the end."""
        turn = Turn(loop=self._site.loop)
        self._waiting.append(turn)
        return turn

    def _wake(self) -> None:
        """Let the application go on, within this call: nothing may be left to do afterwards."""
        waiting, self._waiting = self._waiting, []
        for turn in waiting:
            turn.come()

    def give(self, data: str | bytes) -> asyncio.Future[None] | None:
        """Send a message; see `Peer.give`."""
        if self._is_bare:
            self._transport.write(
                binary_frame(data) if isinstance(data, bytes) else text_frame(data.encode())
            )
        else:
            self._check_open("websocket.send")
            if isinstance(data, bytes):
                self._protocol.send_binary(data)
            else:
                self._protocol.send_text(data.encode())
            self._send_pending()
        return self._gate.opening() if self._gate.is_shut else None

    async def send(self, message: Message) -> None:
        """Take an ASGI message."""
        kind = message["type"]
        self._check_peer()
        if self._denial is not None:
            self._send_denial(kind, message)
        elif self._protocol.state is State.CONNECTING:
            self._send_answer(kind, message)
        else:
            self._check_open(kind)
            await self._send_message(kind, message)

    def _check_peer(self) -> None:
        if self._disconnect is not None and not self._dismissed:
            raise PeerGone("the peer left, or its frames ended the connection")

    def _check_open(self, kind: str) -> None:
        """Raise unless messages can be sent."""
        self._check_peer()
        if self._protocol.state is State.OPEN:
            return
        if self._protocol.close_rcvd is not None:
            raise PeerGone("the peer closed the connection")
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
        self._is_plain = True
        self._is_bare = not self._protocol.extensions
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
            lag = self.give(message["text"] if data is None else bytes(memoryview(data)))
            if lag is not None:
                await lag
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
            self._is_plain = self._is_bare = False
            self._site.loop.call_soon(self._wake)

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
