"""Pings, deadlines and queues of a WebSocket, on a transport in memory and a clock set by hand."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pronghorn import Pronghorn, WebSocket, WebSocketDisconnect
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.websocket import DirectWebSocket
from tests.server.line import Line, settle
from tests.server.test_websocket_live import HANDSHAKE, masked

pytestmark = pytest.mark.anyio


class App:
    """Accepts, then keeps the messages until it is told to take them."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.taken: list[Any] = []

    def handle_exchange(self, exchange: Exchange) -> None:
        raise AssertionError("no HTTP here")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await self.go.wait()
        while not self.taken or self.taken[-1]["type"] == "websocket.receive":
            self.taken.append(await receive())


async def opened(app: Any, **options: Any) -> Line:
    line = Line(app.handle_exchange, ws_per_message_deflate=False, **options)
    line.site.app = app
    line.say(HANDSHAKE)
    await settle()
    assert line.heard.startswith(b"HTTP/1.1 101")
    return line


PING = b"\x89\x09pronghorn"


async def test_an_open_connection_is_pinged_and_a_pong_keeps_it() -> None:
    line = await opened(App())
    for _ in range(3):
        assert line.after(19) == ""
        assert line.heard == b""
        line.after(2)
        assert line.heard == PING
        line.transport.protocol.data_received(masked(10, b"pronghorn"))


async def test_a_missing_pong_ends_the_connection() -> None:
    app = App()
    line = await opened(app)
    line.after(21)
    assert line.heard == PING
    assert line.after(19) == ""
    assert line.after(2) == "closed"
    assert line.heard[:4] == b"\x88\x18\x03\xf3"
    app.go.set()
    await settle()
    assert app.taken == [{"type": "websocket.disconnect", "code": 1011, "reason": "keepalive ping timeout"}]


async def test_pings_can_be_switched_off() -> None:
    line = await opened(App(), ws_ping_interval=None)
    assert line.after(1000) == ""
    assert line.heard == b""


async def test_a_peer_that_does_not_answer_a_close_is_cut_off() -> None:
    app = App()
    line = await opened(app)
    line.transport.protocol.shut_down()
    assert line.heard == b"\x88\x02\x03\xf4"
    assert line.after(9) == ""
    assert line.after(3) == "aborted"
    line.transport.protocol.shut_down()
    assert line.heard == b""


async def test_reading_pauses_while_messages_wait() -> None:
    app = App()
    line = await opened(app)
    websocket = line.transport.protocol
    websocket.data_received(masked(1, b"x") * 2000)
    assert not line.transport.reading
    assert len(websocket._queue) < 1000
    app.go.set()
    while len(app.taken) < 2000:
        await settle()
    assert line.transport.reading
    assert {message["text"] for message in app.taken} == {"x"}


async def test_reading_pauses_while_many_bytes_wait() -> None:
    app = App()
    line = await opened(app, ws_max_size=1000)
    websocket = line.transport.protocol
    websocket.data_received(masked(1, b"x" * 100) * 100)
    assert not line.transport.reading
    assert len(websocket._queue) < 50
    app.go.set()
    while len(app.taken) < 100:
        await settle()
    assert line.transport.reading


async def test_a_pong_that_cannot_be_read_yet_is_not_missing() -> None:
    app = App()
    line = await opened(app)
    line.transport.protocol.data_received(masked(1, b"x") * 2000)
    assert line.after(100) == ""
    app.go.set()
    while len(app.taken) < 2000:
        await settle()
    assert line.after(21) != ""


async def test_what_comes_after_a_close_is_thrown_away() -> None:
    app = App()
    line = await opened(app)
    line.transport.protocol.shut_down()
    line.transport.protocol.data_received(masked(1, b"late"))
    app.go.set()
    await settle()
    assert [message["type"] for message in app.taken] == ["websocket.disconnect"]


async def test_open_connections_are_not_made_room_of_but_can_be_aborted() -> None:
    line = await opened(App())
    assert not line.transport.protocol.make_room()
    line.transport.protocol.abort()
    assert line.transport.ended == "aborted"


async def test_a_sender_waits_for_a_peer_that_lags_behind() -> None:
    app = App()
    line = await opened(app)
    websocket = line.transport.protocol
    websocket.pause_writing()
    sending = asyncio.create_task(websocket.send({"type": "websocket.send", "bytes": b"x"}))
    await settle()
    assert not sending.done()
    websocket.resume_writing()
    await sending


async def test_a_cancelled_application_closes_with_1011() -> None:
    line = await opened(App())
    await line.site.tasks.cancel()
    await settle()
    assert line.heard == b"\x88\x02\x03\xf3"


async def test_an_endpoint_talks_to_the_connection_directly() -> None:
    app = Pronghorn()
    sessions: list[WebSocket] = []

    @app.websocket("/")
    async def endpoint(socket: WebSocket) -> None:
        sessions.append(socket)
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.send_bytes(await socket.receive_bytes())
        with pytest.raises(WebSocketDisconnect) as caught:
            await socket.receive_text()
        assert caught.value.code == 1001
        with pytest.raises(WebSocketDisconnect):
            await socket.send_text("late")

    line = await opened(app)
    assert type(sessions[0]) is DirectWebSocket
    loop = asyncio.get_running_loop()
    for frames in (masked(1, b"a"), masked(2, b"b"), masked(8, b"\x03\xe9")):
        loop.call_soon(line.transport.protocol.data_received, frames)
        await settle()
    assert line.heard == b"\x81\x01a\x82\x01b\x88\x02\x03\xe9"
    assert not line.site.tasks.running


async def test_sending_after_closing_is_an_error_of_the_application() -> None:
    app = App()
    line = await opened(app)
    websocket = line.transport.protocol
    await websocket.send({"type": "websocket.close"})
    with pytest.raises(RuntimeError, match="after sending"):
        websocket.give("late")
