"""WebSockets over real sockets, with another implementation's client where bytes do not matter."""

from __future__ import annotations

import contextlib
import logging
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import CloseCode
from websockets.sync.client import ClientConnection, connect

from pronghorn.server import Server, running
from pronghorn.server.handshake import is_from_elsewhere
from tests.server.peer import Peer, connected

Handler = Callable[..., Any]


def websocket(handler: Handler) -> Handler:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            raise RuntimeError(f"no {scope['type']} here")
        assert await receive() == {"type": "websocket.connect"}
        await handler(scope, receive, send)

    return app


@websocket
async def echo(scope: Any, receive: Any, send: Any) -> None:
    chosen = scope["subprotocols"][0] if scope["subprotocols"] else None
    await send({"type": "websocket.accept", "subprotocol": chosen, "headers": [(b"x-hello", b"there")]})
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})


def opened(server: Server, path: str = "/", **options: Any) -> ClientConnection:
    connection: ClientConnection = connect(server.url.replace("http", "ws", 1) + path, proxy=None, **options)
    return connection


def closing(client: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as caught:
        client.recv(timeout=10)
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code, caught.value.rcvd.reason


@pytest.fixture(scope="module", params=["uvloop", "asyncio"])
def echoing(request: pytest.FixtureRequest) -> Iterator[Server]:
    with running(echo, loop=request.param) as server:
        yield server


@pytest.mark.parametrize("compression", ["deflate", None])
def test_messages_come_back(echoing: Server, compression: Any) -> None:
    with opened(echoing, compression=compression) as client:
        for message in ("", "hé" * 1000, b"", bytes(range(256)) * 1000):
            client.send(message)
            assert client.recv(timeout=10) == message


def test_fragments_become_one_message(echoing: Server) -> None:
    with opened(echoing) as client:
        client.send(["a", "b", "é"])
        assert client.recv(timeout=10) == "abé"
        client.send([b"a", b"b"])
        assert client.recv(timeout=10) == b"ab"


def test_compression_is_agreed_to_unless_switched_off(echoing: Server) -> None:
    with opened(echoing) as client:
        assert client.response is not None
        assert "permessage-deflate" in client.response.headers["Sec-WebSocket-Extensions"]
    with running(echo, ws_per_message_deflate=False) as plain, opened(plain) as client:
        assert client.response is not None
        assert "Sec-WebSocket-Extensions" not in client.response.headers


def test_the_application_adds_fields_and_picks_a_subprotocol(echoing: Server) -> None:
    with opened(echoing, subprotocols=["soap", "wamp"]) as client:
        assert client.subprotocol == "soap"
        assert client.response is not None
        assert client.response.headers["x-hello"] == "there"
        assert client.response.headers["date"]


def test_many_messages_at_once_come_back_in_order(echoing: Server) -> None:
    with opened(echoing) as client:
        for number in range(2000):
            client.send(str(number))
        assert [client.recv(timeout=10) for _ in range(2000)] == [str(number) for number in range(2000)]


def test_a_client_that_closes_is_answered(echoing: Server) -> None:
    with opened(echoing) as client:
        client.close(4000, "enough")
    assert client.protocol.close_rcvd is not None
    assert client.protocol.close_rcvd.code == 4000


def test_a_ping_is_answered(echoing: Server) -> None:
    with opened(echoing) as client:
        assert client.ping().wait(10)


def test_a_message_that_is_too_large_is_refused() -> None:
    with running(echo, ws_max_size=1000) as server, opened(server) as client:
        client.send("x" * 1001)
        assert closing(client)[0] == CloseCode.MESSAGE_TOO_BIG


HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def masked(opcode: int, payload: bytes) -> bytes:
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + b"\0\0\0\0" + payload


def raw_close_code(peer: Peer) -> int:
    head = peer.stream.read(2)
    assert head[0] == 0x88
    payload = peer.stream.read(head[1])
    return int.from_bytes(payload[:2], "big")


def test_frames_right_behind_the_handshake_are_read(echoing: Server) -> None:
    with connected(echoing) as peer:
        peer.say(HANDSHAKE + masked(1, b"early"))
        assert peer.head()[0] == 101
        assert peer.stream.read(7) == b"\x81\x05early"


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (masked(1, b"\xff"), 1007),
        (bytes([0x01, 0x82]) + b"\0\0\0\0\xc3(", 1007),
        (masked(3, b""), 1002),
        (bytes([0x81, 0x01]) + b"a", 1002),
    ],
)
def test_frames_against_the_rules_end_the_connection(echoing: Server, frames: bytes, code: int) -> None:
    with connected(echoing) as peer:
        peer.say(HANDSHAKE + frames)
        peer.head()
        assert raw_close_code(peer) == code
        assert peer.is_closed()


def test_a_handshake_against_the_rules_is_refused(echoing: Server) -> None:
    with connected(echoing) as peer:
        peer.say(HANDSHAKE.replace(b"Version: 13", b"Version: 12"))
        refusal = peer.answer()
        assert (refusal.status, refusal.header("sec-websocket-version")) == (426, "13")
        assert refusal.header("connection") == "close"
        assert peer.is_closed()


@pytest.mark.parametrize(
    ("origin", "options", "status"),
    [
        (None, {}, 101),
        ("http://127.0.0.1:PORT", {}, 101),
        ("https://127.0.0.1:PORT", {}, 101),
        ("http://127.0.0.1:1", {}, 403),
        ("http://127.0.0.1", {}, 403),
        ("http://evil.example", {}, 403),
        ("http://127.0.0.1:PORT.evil.example", {}, 403),
        ("null", {}, 403),
        ("file://", {}, 403),
        ("https://a.example", {"ws_allowed_origins": "https://b.example, https://A.example/"}, 101),
        ("http://a.example", {"ws_allowed_origins": ["https://a.example"]}, 403),
        ("http://evil.example", {"ws_allowed_origins": "*"}, 101),
        ("null", {"ws_allowed_origins": "null"}, 101),
    ],
)
def test_pages_of_other_origins_are_turned_down(
    origin: str | None, options: dict[str, Any], status: int
) -> None:
    with running(echo, **options) as server, connected(server) as peer:
        host = f"127.0.0.1:{server.port}"
        field = f"Origin: {origin}\r\n".replace("127.0.0.1:PORT", host) if origin else ""
        peer.say(HANDSHAKE.replace(b"Host: a\r\n", f"Host: {host}\r\n{field}".encode()))
        assert peer.head()[0] == status


def test_the_default_port_of_an_origin_need_not_be_named() -> None:
    ours = [(b"host", b"a.example"), (b"origin", b"https://A.example:443")]
    assert not is_from_elsewhere(ours, None)
    assert not is_from_elsewhere([(b"host", b"a.example:443"), (b"origin", b"https://a.example")], None)


def test_a_proxy_that_is_trusted_tells_who_opens_a_websocket() -> None:
    seen: list[Any] = []

    @websocket
    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["client"][0], scope["scheme"]))
        await send({"type": "websocket.close"})

    fields = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https"}
    with running(app, proxy_headers=True) as server, pytest.raises(InvalidStatus):
        opened(server, additional_headers=fields)
    assert seen == [("1.2.3.4", "wss")]


def test_what_inflates_beyond_the_limit_is_not_inflated(echoing: Server) -> None:
    deflate = zlib.compressobj(wbits=-12)
    bomb = deflate.compress(bytes(50_000_000)) + deflate.flush(zlib.Z_SYNC_FLUSH)
    with connected(echoing) as peer:
        extension = b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
        peer.say(HANDSHAKE[:-2] + extension)
        assert b"permessage-deflate" in dict(peer.head()[1])["sec-websocket-extensions"].encode()
        frame = bytes([0xC2, 0xFE]) + len(bomb[:-4]).to_bytes(2, "big") + b"\0\0\0\0" + bomb[:-4]
        peer.say(frame)
        assert raw_close_code(peer) == CloseCode.MESSAGE_TOO_BIG


def test_the_scope_is_that_of_a_websocket() -> None:
    scopes: list[Any] = []

    @websocket
    async def app(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await send({"type": "websocket.close"})

    with running(app) as server:
        with pytest.raises(InvalidStatus):
            opened(server, "/a%20b?q=1", subprotocols=["x", "y"])
        port = server.port
    (scope,) = scopes
    assert scope.pop("client")[0] == "127.0.0.1"
    assert (b"sec-websocket-version", b"13") in scope.pop("headers")
    assert scope == {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "server": ("127.0.0.1", port),
        "root_path": "",
        "path": "/a b",
        "raw_path": b"/a%20b",
        "query_string": b"q=1",
        "subprotocols": ["x", "y"],
        "extensions": {"websocket.http.response": {}},
    }


def refusal(handler: Handler) -> Any:
    with running(websocket(handler)) as server:
        with pytest.raises(InvalidStatus) as caught:
            opened(server)
        return caught.value.response


def test_closing_before_accepting_is_a_403() -> None:
    async def close(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.close", "code": 1008, "reason": "no"})
        assert (await receive())["type"] == "websocket.disconnect"

    assert refusal(close).status_code == 403


def test_a_denial_response_is_sent_whole() -> None:
    async def deny(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.http.response.start", "status": 418, "headers": [(b"x-why", b"tea")]})
        await send({"type": "websocket.http.response.body", "body": b"short ", "more_body": True})
        await send({"type": "websocket.http.response.body", "body": b"and stout"})
        with pytest.raises(RuntimeError):
            await send({"type": "websocket.http.response.body", "body": b"more"})

    response = refusal(deny)
    assert response.status_code == 418
    assert response.headers["x-why"] == "tea"
    assert response.body == b"short and stout"


@pytest.mark.parametrize("raises", [True, False])
def test_an_application_that_does_not_answer_the_handshake_is_a_500(
    raises: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if raises:
            raise LookupError("on purpose")

    assert refusal(app).status_code == 500
    assert caplog.records


def test_messages_out_of_order_are_errors(caplog: pytest.LogCaptureFixture) -> None:
    async def early(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.send", "text": "too early"})

    async def broken_denial(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.http.response.start", "status": 418})
        await send({"type": "websocket.accept"})

    assert refusal(early).status_code == 500
    assert "Expected ASGI message 'websocket.accept'" in caplog.text
    with running(websocket(broken_denial)) as server, connected(server) as peer:
        peer.say(HANDSHAKE)
        assert peer.head()[0] == 418
        assert peer.is_closed()
    assert "was turned down" in caplog.text


CLOSES: dict[str, tuple[list[dict[str, Any]], tuple[int, str]]] = {
    "plain": ([{"type": "websocket.close"}], (1000, "")),
    "code": ([{"type": "websocket.close", "code": 4001, "reason": "why"}], (4001, "why")),
    "no-reason": ([{"type": "websocket.close", "code": 4001, "reason": None}], (4001, "")),
    "list": (
        [{"type": "websocket.close", "code": 1008, "reason": [{"type": "missing"}]}],
        (1008, '[{"type": "missing"}]'),
    ),
    "long": ([{"type": "websocket.close", "code": 1008, "reason": "é" * 100}], (1008, "é" * 61)),
    "returns": ([], (1000, "")),
    "raises": ([{"type": "nonsense"}], (1011, "")),
    "after-close": (
        [{"type": "websocket.close", "code": 4002}, {"type": "websocket.send", "text": ""}],
        (4002, ""),
    ),
}


@pytest.mark.parametrize("name", CLOSES)
def test_the_application_closes(name: str, caplog: pytest.LogCaptureFixture) -> None:
    messages, expected = CLOSES[name]

    @websocket
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        for message in messages:
            await send(message)

    with running(app) as server, opened(server) as client:
        assert closing(client) == expected
    assert bool(caplog.records) == (name in ("raises", "after-close"))


def test_a_client_that_vanishes_is_told_to_whoever_listens_or_sends() -> None:
    seen: list[Any] = []
    done = threading.Event()

    @websocket
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        seen.append(await receive())
        seen.append(await receive())
        try:
            await send({"type": "websocket.send", "text": "anybody?"})
        except OSError as error:
            seen.append(type(error).__name__)
            raise
        finally:
            done.set()

    with running(app) as server:
        with connected(server) as peer:
            peer.say(HANDSHAKE)
            peer.head()
        assert done.wait(5)
    gone = {"type": "websocket.disconnect", "code": 1006, "reason": ""}
    assert seen == [gone, gone, "PeerGone"]


def test_a_slow_reader_holds_up_the_sender() -> None:
    sent = 0

    @websocket
    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal sent
        await send({"type": "websocket.accept"})
        for _ in range(500):
            await send({"type": "websocket.send", "bytes": b"x" * 50_000})
            sent += 1

    with running(app, ws_per_message_deflate=False) as server, connected(server) as peer:
        peer.say(HANDSHAKE)
        assert peer.head()[0] == 101
        before = sent
        assert before < 500
        data = peer.stream.read(25_000_000)
        assert len(data) == 25_000_000


def test_stopping_closes_with_1012() -> None:
    entered = threading.Event()
    seen: list[Any] = []

    @websocket
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        entered.set()
        seen.append(await receive())

    with contextlib.ExitStack() as stack:
        with running(app) as server:
            client = stack.enter_context(opened(server))
            assert entered.wait(5)
        assert closing(client) == (1012, "")
    assert seen == [{"type": "websocket.disconnect", "code": 1012, "reason": ""}]


def test_stopping_turns_down_a_handshake_that_waits() -> None:
    entered = threading.Event()

    @websocket
    async def app(scope: Any, receive: Any, send: Any) -> None:
        entered.set()
        assert (await receive())["type"] == "websocket.disconnect"

    with contextlib.ExitStack() as stack:
        with running(app) as server:
            peer = stack.enter_context(connected(server))
            peer.say(HANDSHAKE)
            assert entered.wait(5)
        assert peer.answer().status == 503


def test_without_the_library_a_handshake_is_an_ordinary_request(monkeypatch: pytest.MonkeyPatch) -> None:
    from pronghorn.server import upgrade
    from tests.server.applications import echo as http_echo

    monkeypatch.setattr(upgrade, "_connection_class", lambda: None)
    with running(http_echo) as server, connected(server) as peer:
        for _ in range(2):
            peer.say(HANDSHAKE + b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
            assert peer.answer().body == b"GET / "
            assert peer.answer().body == b"GET /next "


def test_handshakes_are_logged_with_their_status(caplog: pytest.LogCaptureFixture) -> None:
    @websocket
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept" if scope["path"] == "/" else "websocket.close"})

    with caplog.at_level(logging.INFO, "pronghorn.access"), running(app, access_log=True) as server:
        with opened(server):
            pass
        with pytest.raises(InvalidStatus):
            opened(server, "/no")
        with connected(server) as peer:
            peer.say(HANDSHAKE.replace(b"Version: 13", b"Version: 12"))
            peer.answer()
    lines = [record.getMessage() for record in caplog.records if record.name == "pronghorn.access"]
    assert [line.split(" ")[-3:-1] for line in lines] == [["101", "0B"], ["403", "0B"], ["426", "0B"]]
