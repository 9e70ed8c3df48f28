"""One HTTP/1.1 connection: the order of requests and responses, flow control, deadlines.

Lives here: what ties the sans-I/O reader, the exchanges and the transport together. Must not live here:
parsing (`reader`), response bytes (`heads`, `framing`), WebSockets (`websocket`).

Invariants:
- One request is active at a time; responses leave in the order of the requests.
- Requests are handed to the application after the parser has returned, never from within it.
- Reading is paused exactly while `_should_pause` says so, and only `_balance` pauses and resumes it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import cast

from pronghorn._engine.reply import Reply
from pronghorn.server.addresses import client_address, server_address
from pronghorn.server.clock import NEVER, TICK
from pronghorn.server.descriptors import has_unread
from pronghorn.server.exchange import HttpExchange
from pronghorn.server.flow import Outlet
from pronghorn.server.measured import MeasuredExchange, Refused
from pronghorn.server.pace import LOOK_EVERY, BodyPace
from pronghorn.server.plain import PlainReader
from pronghorn.server.reader import RequestReader
from pronghorn.server.site import Site

logger = logging.getLogger("pronghorn.error")

# How long, and for how many bytes, a refused peer is listened to, so that it can read why.
_LINGER_SECONDS = 2.0
_LINGER_BYTES = 1024 * 1024
# So many requests are answered in one go before other connections get a turn.
_TURN = 16
_BUSY = Reply(
    503,
    b"Service Unavailable",
    None,
    [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"19"), (b"retry-after", b"1")],
)


# What the deadline of a connection is about. PERF: plain integers, members of an enumeration cost more.
_NEW, _IDLE, _HEAD, _WORK, _BODY, _WRITE, _CLOSING, _LINGER, _LEFT = range(9)


class HttpConnection(asyncio.Protocol):
    """Speaks HTTP/1.1 on one transport."""

    __slots__ = (
        "_deferred",
        "_idle_seconds",
        "_lingered",
        "_pace",
        "_paused",
        "_phase",
        "_plain",
        "_reader",
        "_transport",
        "active",
        "client",
        "deadline",
        "outlet",
        "server",
        "site",
    )

    _transport: asyncio.Transport

    def __init__(self, site: Site) -> None:
        self.site = site
        self.active: HttpExchange | None = None
        self.deadline = NEVER
        self._phase = _NEW
        self._reader = RequestReader(site.config, self._new_exchange)
        self._plain = PlainReader(site.config, site.lines, HttpExchange)
        self.outlet = Outlet(site.loop)
        self._deferred = False
        self._paused = False
        self._idle_seconds = site.config.keep_alive_timeout + TICK
        self._pace = BodyPace(site.config)
        self._lingered = 0

    # Transport events --------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The peer connected (and, with TLS, shook hands)."""
        site = self.site
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass
        self.outlet.attach(self._transport)
        self.client = client_address(transport.get_extra_info("peername"))
        self.server = server_address(transport.get_extra_info("sockname"))
        self._transport.set_write_buffer_limits(site.config.write_high_water)
        self.deadline = site.clock.now + site.config.header_timeout + TICK
        site.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, whoever ended it."""
        site = self.site
        site.connections.pop(self, None)
        self._phase = _CLOSING
        self._reader.stop()
        self.outlet.abandon()
        active, self.active = self.active, None
        if active is not None:
            active.disconnect()
            self._uncount(active)
        self._reader.requests.clear()
        self._reader.release()

    def data_received(self, data: bytes) -> None:
        """Bytes arrived: read them, then answer what can be answered.

        PERF: one request that has arrived whole on a connection which had nothing to do is the usual case: here
        stands what `_serve`, `_start`, `respond` and `_settle` do about it. bench/counted.py
        """
        site = self.site
        exchange = self._plain.read(data) if self._phase <= _IDLE and site.is_plain else None
        if exchange is None:
            self._read_on(data)
            return
        exchange.connection = self
        self.active = exchange
        self._phase = _IDLE
        if self._plain.forwarded:
            site.rewrite(exchange)
        try:
            reply = site.handle(exchange) if site.waiting < site.most_waiting else _BUSY
            head = None
            if reply is not None and not reply.headers and reply.after is None and self.active is exchange:
                head = site.heads.finished.get((reply.status, reply.media_type, len(reply.body)))
            if head is None or reply is None:
                self._hand_over(exchange, reply)
            else:
                self.active = None
                self._transport.write(head + reply.body)
                if self._phase == _IDLE:
                    self.deadline = site.clock.now + self._idle_seconds
                return
        except Exception:
            logger.exception("Exception in the application")
            exchange.fail()
        self._settle()

    def _read_on(self, data: bytes) -> None:
        """Take in whatever may arrive, and answer what can be answered."""
        if self._phase >= _CLOSING:
            self._linger(len(data))
            return
        reader = self._reader
        reader.feed(data)
        if self.active is None and reader.requests:
            self._serve()
        if reader.refusal is not None:
            self._refuse()
        if reader.unfinished is not None:
            self._pace.last_data = self.site.clock.now
        self._settle()

    def eof_received(self) -> bool:
        """The peer sent all it will send: closes, since a peer that leaves looks the same."""
        return False

    def pause_writing(self) -> None:
        """The peer lags behind by more than the high-water mark."""
        self.outlet.shut()
        if self._phase < _CLOSING:
            self._phase = _WRITE
        self._watch_writing()

    def resume_writing(self) -> None:
        """The peer has taken most of it."""
        self.outlet.open()
        if self._phase == _WRITE:
            self._phase = _WORK
        self.outlet.write_on()
        if self.active is None and not self.outlet.corked:
            self._serve()
        self._after_serving()

    # Requests ----------------------------------------------------------------------------------------

    def _new_exchange(self) -> HttpExchange:
        exchange = HttpExchange() if self.site.log_access is None else MeasuredExchange()
        exchange.connection = self
        exchange.root_path = ""
        return exchange

    def _hand_over(self, exchange: HttpExchange, reply: Reply | None) -> None:
        """Send what the application answered at once, or note that it did not."""
        if reply is not None:
            exchange.respond(reply)
        elif self.active is exchange:
            exchange.counted = True
            self.site.waiting += 1

    def _serve(self) -> None:
        """Hand the parsed requests to the application, each when the one before has its response."""
        reader = self._reader
        requests = reader.requests
        outlet = self.outlet
        outlet.corked = True
        turns = 0
        while self.active is None and not outlet.is_shut and self._phase < _CLOSING:
            if not requests:
                if not reader.rest:
                    break
                reader.feed(b"")
                continue
            turns += 1
            if turns > _TURN:
                self._defer()
                break
            self._start(requests.popleft())
        # PERF: `_uncork`, here as it is on the way of every request.
        outlet.corked = False
        if outlet.pending:
            outlet.flush()
        if self._phase == _CLOSING:
            self._uncork()

    def _start(self, exchange: HttpExchange) -> None:
        site = self.site
        self.active = exchange
        self._pace.restart()
        if exchange.upgrades and self._switch(exchange):
            return
        if site.rewrites:
            site.rewrite(exchange)
        try:
            self._hand_over(exchange, site.handle(exchange) if site.waiting < site.most_waiting else _BUSY)
        except Exception:
            logger.exception("Exception in the application")
            exchange.fail()

    def _defer(self) -> None:
        """Let other connections have a turn, then go on."""
        if not self._deferred:
            self._deferred = True
            self.site.loop.call_soon(self._resume)

    def _resume(self) -> None:
        self._deferred = False
        if self.active is None and self._phase < _CLOSING:
            self._serve()
            self._after_serving()

    def _after_serving(self) -> None:
        if self._reader.refusal is not None:
            self._refuse()
        self._settle()

    def _switch(self, exchange: HttpExchange) -> bool:
        """Hand the connection over to the WebSocket protocol, where it can be served."""
        from pronghorn.server.upgrade import change_over, websocket_for

        websocket = websocket_for(self.site, exchange)
        if websocket is None:
            self._reader.decline_upgrade()
            return False
        self._uncork()
        rest = self._reader.rest
        self._reader.stop()
        self._reader.release()
        self.active = None
        self._phase = _LEFT
        self.site.connections.pop(self, None)
        if self._paused:
            self._transport.resume_reading()
        change_over(self._transport, websocket, rest)
        return True

    def _uncount(self, exchange: HttpExchange) -> None:
        if exchange.counted:
            exchange.counted = False
            self.site.waiting -= 1

    def complete(self, exchange: HttpExchange, response: bytes) -> None:
        """Send a whole response: `write`, then `finished`."""
        outlet = self.outlet
        if outlet.corked:
            outlet.pending.append(response)
            if exchange.keep_alive and not exchange.counted and self.site.log_access is None:
                # PERF: nothing else is to be done for a request that was answered at once.
                if self.active is exchange:
                    self.active = None
                return
        else:
            self._transport.write(response)
        self.finished(exchange)

    def finished(self, exchange: HttpExchange) -> None:
        """The response of `exchange`, the active request, is handed over: on to the next one."""
        site = self.site
        if exchange.counted:
            self._uncount(exchange)
        if site.log_access is not None:
            site.log_access(exchange, exchange.status)
        if self.active is not exchange:
            return
        self.active = None
        if not exchange.keep_alive:
            if exchange.ended and not self._reader.has_more and not has_unread(self._transport):
                self._reader.stop()
                self.close()
            else:
                self._reader.requests.clear()
                self._begin_lingering()
        elif not self.outlet.corked:
            self._serve()
            self._after_serving()

    # Reading -----------------------------------------------------------------------------------------

    def body_wanted(self, exchange: HttpExchange) -> None:
        """The application waits for the body of the active request: now the peer is on the clock."""
        self._pace.last_data = self.site.clock.now
        self._settle()

    def body_taken(self) -> None:
        """The application took what had arrived."""
        self._balance()

    def _should_pause(self) -> bool:
        if self._phase == _LINGER:
            return self._lingered > _LINGER_BYTES
        reader = self._reader
        unfinished = reader.unfinished
        if unfinished is not None and unfinished.buffered >= self.site.config.read_high_water:
            return True
        return bool(reader.rest) and self._phase < _CLOSING

    def _balance(self) -> None:
        pause = self._should_pause()
        if pause != self._paused and not self._transport.is_closing():
            self._paused = pause
            if pause:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def _uncork(self) -> None:
        self.outlet.corked = False
        self.outlet.flush()
        if self._phase == _CLOSING and not self._transport.is_closing():
            self._transport.close()

    # Deadlines ---------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Put the deadline where the state of the connection wants it."""
        reader = self._reader
        if reader.rest or self._paused or reader.unfinished is not None:
            self._balance()
        if self._phase >= _WRITE:
            return
        active = self.active
        if active is not None:
            if active.waits and not active.ended:
                self._watch_body()
            else:
                self._phase = _WORK
                self.deadline = NEVER
        elif reader.unfinished is not None:
            self._watch_body()
        elif reader.requests or reader.rest:
            self._phase = _WORK
            self.deadline = NEVER
        elif reader.gathered:
            if self._phase != _HEAD and self._phase != _NEW:  # the first deadline counts from accept
                self.deadline = self.site.clock.now + self.site.config.header_timeout + TICK
            self._phase = _HEAD
        elif reader.begun or self._phase != _NEW:
            self._phase = _IDLE
            self.deadline = self.site.clock.now + self._idle_seconds

    def _watch_body(self) -> None:
        if self._phase != _BODY:
            self._phase = _BODY
            self.deadline = self.site.clock.now + LOOK_EVERY

    def _watch_writing(self) -> None:
        self.outlet.watch(self.site.clock.now + TICK)
        self.deadline = self.site.clock.now  # every tick looks whether the peer takes anything

    def past_deadline(self, now: float) -> None:
        """The deadline has passed; see `clock`."""
        phase = self._phase
        if phase == _BODY:
            self._look_at_body(now)
        elif phase == _HEAD:
            self._refuse_with(408, "request head too slow")
        elif phase <= _IDLE:
            if not has_unread(self._transport):  # it is late only because the event loop is
                self.close()
        elif phase in (_WRITE, _CLOSING):
            if self.outlet.is_stuck(now, self.site.config.write_timeout):
                self.abort()
        elif phase == _LINGER:
            self.abort()

    def _look_at_body(self, now: float) -> None:
        self.deadline = now + LOOK_EVERY
        request = self.active or self._reader.unfinished
        if not self._pace.is_too_slow(now, 0 if request is None else request.received):
            return
        if self.active is not None:
            self._refuse_with(408, "request body too slow")
        else:
            self._begin_lingering()  # the response is out already, to a request nobody read

    # Ends --------------------------------------------------------------------------------------------

    def _refuse(self) -> None:
        """The reader refused: answer so, once it is that request's turn."""
        if self._phase >= _CLOSING:
            return  # the last response is out already, to a request whose body nobody wanted
        refusal = self._reader.refusal
        assert refusal is not None
        requests = self._reader.requests
        if requests and not requests[-1].ended:
            requests.pop()
        active = self.active
        if (active is None and not requests) or (active is not None and not active.ended):
            self._refuse_with(refusal.status, refusal.reason, to_head=refusal.to_head)

    def _refuse_with(self, status: int, reason: str, *, to_head: bool = False) -> None:
        """Answer with an error, and listen until the peer had time to read it."""
        active, self.active = self.active, None
        if active is not None:
            begun = active.status != 0
            to_head = to_head or active.method == "HEAD"
            active.status = active.status or status
            active.keep_alive = False
            active.disconnect()
            self._uncount(active)
            if begun:
                self.abort()
                return
        logger.debug("%s: %d, %s", self.client, status, reason)
        answer = self.site.heads.refusal(status, reason, to_head=to_head)
        self.outlet.write(answer)
        if self.site.log_access is not None:
            self.site.log_access(Refused(self.client, answer, active), status)
        self._begin_lingering()

    def _begin_lingering(self) -> None:
        """Close our side, and read on a little: an unread request would reset the response away."""
        if self._phase >= _CLOSING:
            return
        self.outlet.flush()
        self._reader.stop()
        self._phase = _LINGER
        self.deadline = self.site.clock.now + _LINGER_SECONDS + TICK
        self._balance()
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self.close()

    def _linger(self, received: int) -> None:
        """Throw away what a peer says that was refused; beyond some of it, let it wait for the end."""
        self._lingered += received
        if self._phase == _LINGER:
            self._balance()

    def close(self) -> None:
        """Close once everything written is sent."""
        self._phase = _CLOSING
        if not self.outlet.corked:
            self._transport.close()
        self._watch_writing()

    def abort(self) -> None:
        """Close now; what is not sent is lost."""
        self._phase = _CLOSING
        self.deadline = NEVER
        self.outlet.pending.clear()
        self._transport.abort()

    def shut_down(self) -> None:
        """The server stops: finish what is under way, then close."""
        if self.active is None and not self._reader.gathered and not self._reader.requests:
            if self._phase < _CLOSING and not has_unread(self._transport):
                self.close()
        elif self.active is not None:
            self.active.keep_alive = False

    def make_room(self) -> bool:
        """Close, if no request is under way."""
        if self.active is not None or self._phase >= _WRITE or self._reader.unfinished is not None:
            return False
        self.close()
        return True
