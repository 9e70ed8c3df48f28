"""Sessions in short connection with the server do what Starlette's do over ASGI messages."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from pronghorn import Pronghorn
from pronghorn._engine.websocket import DirectWebSocket, Peer, open_session

pytestmark = pytest.mark.anyio

SCOPE = {"type": "websocket", "path": "/", "query_string": b"", "headers": [], "extensions": {}}
Talk = Callable[[WebSocket], Awaitable[Any]]


class FakePeer(Peer):
    """A peer that says `said`, then goes; and takes `most` messages before it lags."""

    def __init__(self, *said: str | bytes, most: int = 100) -> None:
        self.said = list(said)
        self.most = most
        self.is_gone = False
        self.connects = True
        self.heard: list[Any] = []
        self.directly = 0
        self.turns: list[Future[None]] = []
        self.lag: Future[None] = asyncio.get_running_loop().create_future()

    async def receive(self) -> Message:
        if self.connects:
            self.connects = False
            return {"type": "websocket.connect"}
        if not self.said:
            return {"type": "websocket.disconnect", "code": 1001, "reason": "off"}
        message = self.said.pop(0)
        return {"type": "websocket.receive", "text" if isinstance(message, str) else "bytes": message}

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.send":
            lag = self._hear(message["text"] if "text" in message else message["bytes"])
            if lag is not None:
                await lag
        else:
            self.heard.append(message["type"])

    def take(self) -> str | bytes | None:
        self.directly += 1
        if not self.turns:  # the first time there is nothing yet
            return None
        if not self.said:
            raise WebSocketDisconnect(1001, "off")
        return self.said.pop(0)

    def news(self) -> Future[None]:
        turn: Future[None] = asyncio.get_running_loop().create_future()
        self.turns.append(turn)
        asyncio.get_running_loop().call_soon(turn.set_result, None)
        return turn

    def give(self, data: str | bytes) -> Future[None] | None:
        self.directly += 1
        return self._hear(data)

    def _hear(self, data: str | bytes) -> Future[None] | None:
        if self.is_gone:
            raise ConnectionResetError
        self.heard.append(data)
        return None if len(self.heard) <= self.most else self.lag


def direct(peer: FakePeer) -> WebSocket:
    session = open_session(dict(SCOPE), peer.receive, peer.send)
    assert type(session) is DirectWebSocket
    return session


def general(peer: FakePeer) -> WebSocket:
    return WebSocket(dict(SCOPE), peer.receive, peer.send)


async def told(talk: Talk, session: WebSocket, peer: FakePeer) -> list[Any]:
    """What came of a talk, and what is left behind."""
    try:
        outcome: Any = await talk(session)
    except Exception as error:
        outcome = (type(error), error.args, vars(error))
    return [outcome, peer.heard, session.client_state, session.application_state]


async def accepted(session: WebSocket, *calls: str) -> list[Any]:
    await session.accept()
    return [await getattr(session, call)() for call in calls]


TALKS: dict[str, Talk] = {
    "text": lambda s: accepted(s, "receive_text"),
    "text and bytes": lambda s: accepted(s, "receive_text", "receive_bytes"),
    "bytes where text is": lambda s: accepted(s, "receive_bytes"),
    "text where bytes are": lambda s: accepted(s, "receive_text", "receive_text"),
    "json": lambda s: accepted(s, "receive_json"),
    "until the end": lambda s: accepted(s, "receive_text", "receive_bytes", "receive_text", "receive_text"),
    "messages": lambda s: accepted(s, "receive_text", "receive", "receive_text"),
    "after the end": lambda s: again(s, "receive_text"),
    "before accepting": lambda s: s.receive_text(),
    "sending before accepting": lambda s: s.send_text("a"),
    "json in bytes": lambda s: json_in_bytes(s),
    "a mode that is none": lambda s: s.receive_json(mode="a"),
    "sending in a mode that is none": lambda s: s.send_json(1, mode="a"),
    "sending": lambda s: sending(s),
    "sending after closing": lambda s: closed(s),
    "iterating": lambda s: iterated(s),
}


async def again(session: WebSocket, call: str) -> Any:
    await session.accept()
    while session.client_state.name == "CONNECTED":
        await session.receive()
    return await getattr(session, call)()


async def json_in_bytes(session: WebSocket) -> list[Any]:
    await session.accept()
    return [await session.receive_json(), await session.receive_json(mode="binary")]


async def sending(session: WebSocket) -> None:
    await session.accept()
    await session.send_text("é")
    await session.send_bytes(b"\xff")
    await session.send_json({"a": "é"})
    await session.send_json([1], mode="binary")


async def closed(session: WebSocket) -> None:
    await session.accept()
    await session.close()
    await session.send_text("late")


async def iterated(session: WebSocket) -> list[str]:
    await session.accept()
    return [await session.receive_text(), *[str(piece) async for piece in session.iter_bytes()]]


@pytest.mark.parametrize("name", TALKS)
async def test_a_direct_session_does_what_a_general_one_does(name: str) -> None:
    outcomes = []
    for make in (direct, general):
        peer = FakePeer('{"a": 1}', b"[2]", "3")
        outcomes.append(await told(TALKS[name], make(peer), peer))
    assert outcomes[0] == outcomes[1]


async def test_data_of_other_types_is_sent_by_messages() -> None:
    peer = FakePeer()
    session: Any = direct(peer)
    await session.accept()
    await session.send_bytes(bytearray(b"a"))
    assert (peer.directly, peer.heard[1:]) == (0, [b"a"])


async def test_a_peer_that_has_gone_is_told_to_who_sends() -> None:
    for make in (direct, general):
        peer = FakePeer()
        session = make(peer)
        await session.accept()
        peer.is_gone = True
        with pytest.raises(WebSocketDisconnect) as caught:
            await session.send_text("a")
        assert (caught.value.code, session.application_state.name) == (1006, "DISCONNECTED")


@pytest.mark.parametrize("call", ["send_text", "send_bytes"])
async def test_a_sender_waits_for_a_peer_that_lags(call: str) -> None:
    for make in (direct, general):
        peer = FakePeer(most=1)
        session = make(peer)
        await session.accept()
        sending = asyncio.create_task(getattr(session, call)("a" if call == "send_text" else b"a"))
        await asyncio.sleep(0)
        assert not sending.done()
        peer.lag.set_result(None)
        await sending


async def test_messages_go_directly() -> None:
    peer = FakePeer("a")
    session = direct(peer)
    await session.accept()
    assert await session.receive_text() == "a"
    await session.send_text("b")
    assert (peer.directly, peer.heard) == (3, ["websocket.accept", "b"])


# --- who stands between


@pytest.mark.parametrize("name", ["receive", "send", "_receive", "_send", "receive_text"])
async def test_what_is_put_on_a_session_is_called(name: str) -> None:
    peer = FakePeer("a")
    session: Any = direct(peer)
    await session.accept()
    calls = []
    original = getattr(session, name)

    async def own(*arguments: Any) -> Any:
        calls.append(arguments)
        return await original(*arguments)

    setattr(session, name, own)
    assert await session.receive_text() == "a"
    await session.send_text("b")
    assert len(calls) == 1
    assert peer.directly == 0


async def test_what_replaces_a_method_of_the_class_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    async def receive(self: WebSocket) -> Message:
        return {"type": "websocket.receive", "text": "own"}

    monkeypatch.setattr(WebSocket, "receive", receive)
    peer = FakePeer()
    assert type(open_session(dict(SCOPE), peer.receive, peer.send)) is WebSocket


async def session_behind(wrap: Callable[[Any], Any] | None) -> WebSocket:
    """The session that an endpoint gets, behind a middleware."""
    app = Pronghorn()
    found: list[WebSocket] = []

    @app.websocket("/")
    async def endpoint(socket: WebSocket) -> None:
        found.append(socket)
        await socket.accept()

    if wrap is not None:
        app.add_middleware(wrap)
    peer = FakePeer()
    await app(dict(SCOPE), peer.receive, peer.send)
    return found[0]


class _Around:
    def __init__(self, app: Any) -> None:
        self.app = app


class Passing(_Around):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class Receiving(_Around):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def own() -> Message:
            return await receive()

        await self.app(scope, own, send)


class Sending(_Around):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def own(message: Message) -> None:
            await send(message)

        await self.app(scope, receive, own)


async def test_a_session_is_direct_where_nobody_stands_between() -> None:
    assert type(await session_behind(None)) is DirectWebSocket
    assert type(await session_behind(Passing)) is DirectWebSocket


@pytest.mark.parametrize("middleware", [Receiving, Sending])
async def test_middleware_that_listens_hears_every_message(middleware: Any) -> None:
    assert type(await session_behind(middleware)) is WebSocket
