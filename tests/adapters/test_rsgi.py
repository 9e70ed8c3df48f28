"""RSGI, first with a protocol object in memory, then on Granian itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.responses import StreamingResponse

from pronghorn._base.lifespan import LifespanFailed
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.reply import Reply
from pronghorn.adapters import rsgi

ROOT = Path(__file__).resolve().parent.parent.parent


class Wire:
    """What an RSGI server offers for one HTTP request, and what it was given back."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks
        self.answers: list[tuple[Any, ...]] = []
        self.gone = asyncio.Event()
        self.broken = False

    async def __call__(self) -> bytes:
        return b"".join(self.chunks)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            yield chunk

    async def client_disconnect(self) -> None:
        await self.gone.wait()

    def response_empty(self, status: int, headers: Any) -> None:
        self.answers.append((status, headers, None))

    def response_bytes(self, status: int, headers: Any, body: bytes) -> None:
        self.answers.append((status, headers, body))

    def response_stream(self, status: int, headers: Any) -> Any:
        self.answers.append((status, headers))
        return self

    async def send_bytes(self, data: bytes) -> None:
        if self.broken:
            raise RuntimeError("closed")
        self.answers.append((data,))


def request(method: str = "GET", path: str = "/", *headers: tuple[str, str], **facts: Any) -> Any:
    given = {
        "proto": "http",
        "http_version": "1.1",
        "server": "127.0.0.1:80",
        "client": "127.0.0.2:1234",
        "scheme": "http",
        "method": method,
        "path": path,
        "query_string": "a=%20",
        "authority": None,
        "headers": dict(headers),
    }
    return SimpleNamespace(**{**given, **facts})


class App:
    """An application whose fast entry is `handler`, and whose ASGI side is `asgi`."""

    def __init__(self, handler: Callable[[Exchange], Reply | None], asgi: Any = None) -> None:
        self.handle_exchange = handler
        self.asgi = asgi

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.asgi(scope, receive, send)


def answered(app: App, wire: Wire, scope: Any | None = None) -> list[tuple[Any, ...]]:
    asyncio.run(asyncio.wait_for(rsgi.serve(app, scope or request(), wire), 10))
    return wire.answers


def spawning(work: Callable[[Exchange], Awaitable[None]]) -> App:
    def handle(exchange: Exchange) -> None:
        exchange.spawn(work(exchange))  # type: ignore[arg-type]

    return App(handle)


def test_a_reply_is_answered_at_once() -> None:
    app = App(
        lambda exchange: Reply(201, b"made", b"text/plain", [(b"X-A", "é".encode()), (b"x-b", b"\xe9")])
    )
    assert answered(app, Wire()) == [
        (201, [("content-length", "4"), ("content-type", "text/plain"), ("x-a", "é"), ("x-b", "é")], b"made")
    ]


def test_statuses_without_body_are_empty() -> None:
    assert answered(App(lambda exchange: Reply(204, b"", b"text/plain")), Wire()) == [
        (204, [("content-type", "text/plain")], None)
    ]


def test_the_exchange_tells_what_was_asked() -> None:
    seen: list[Exchange] = []

    def handle(exchange: Exchange) -> Reply:
        seen.append(exchange)
        return Reply(200, b"", None)

    scope = request("GET", "/a b/é", ("x-a", "é"), http_version="2", authority="example:8000", client="unix:")
    answered(App(handle), Wire(), scope)
    (exchange,) = seen
    assert exchange.scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "2",
        "server": ("127.0.0.1", 80),
        "client": None,
        "scheme": "http",
        "method": "GET",
        "root_path": "",
        "path": "/a b/é",
        "raw_path": b"/a%20b/%C3%A9",
        "query_string": b"a=%20",
        "headers": [(b"host", b"example:8000"), (b"x-a", "é".encode())],
    }
    assert exchange.body == b""
    assert exchange.started


def test_after_work_runs_after_the_answer() -> None:
    wire = Wire()
    events: list[int] = []

    async def after() -> None:
        events.append(len(wire.answers))

    answered(App(lambda exchange: Reply(200, b"", b"text/plain", after=after)), wire)
    assert events == [1]


def test_a_small_declared_body_is_there_at_once() -> None:
    app = App(lambda exchange: Reply(200, exchange.body or b"?", b"text/plain"))
    scope = request("POST", "/", ("content-length", "6"))
    assert answered(app, Wire(b"abc", b"def"), scope)[0][2] == b"abcdef"


@pytest.mark.parametrize(
    "scope",
    [
        request("POST", "/", ("content-length", "100000")),
        request("POST", "/", ("transfer-encoding", "chunked")),
        request("POST", http_version="2"),
        request("GET", "/", ("content-length", "6")),
        request("DELETE", "/", ("transfer-encoding", "chunked")),
    ],
)
def test_another_body_is_waited_for_and_can_be_read_again(scope: Any) -> None:
    async def work(exchange: Exchange) -> None:
        assert exchange.body is None
        body = await exchange.read_body()
        assert await exchange.receive() == {"type": "http.request", "body": body, "more_body": False}
        exchange.respond(Reply(200, await exchange.read_body(), b"text/plain"))

    assert answered(spawning(work), Wire(b"abc", b"def"), scope)[0][2] == b"abcdef"


def test_nobody_asks_for_the_body_of_a_plain_get() -> None:
    class Headers(dict[str, str]):
        def get(self, *_: Any) -> Any:
            raise AssertionError

    scope = request(headers=Headers())
    assert answered(App(lambda exchange: Reply(200, b"a", b"text/plain")), Wire(), scope) == [
        (200, [("content-length", "1"), ("content-type", "text/plain")], b"a")
    ]


def test_a_body_can_be_read_in_pieces_and_in_part() -> None:
    async def work(exchange: Exchange) -> None:
        assert await exchange.receive() == {"type": "http.request", "body": b"abc", "more_body": True}
        rest = await exchange.read_body()
        exchange.respond(Reply(200, rest, b"text/plain"))

    scope = request("POST", "/", ("transfer-encoding", "chunked"))
    assert answered(spawning(work), Wire(b"abc", b"def"), scope)[0][2] == b"def"


def test_after_the_body_receive_waits_for_the_peer_to_leave() -> None:
    async def work(exchange: Exchange) -> None:
        await exchange.receive()
        leaving = asyncio.create_task(exchange.receive())
        await asyncio.sleep(0)
        assert not leaving.done()
        wire.gone.set()
        assert await leaving == {"type": "http.disconnect"}
        exchange.respond(Reply(200, b"", b"text/plain"))
        assert await exchange.receive() == {"type": "http.disconnect"}

    wire = Wire()
    assert answered(spawning(work), wire)


def test_a_result_may_come_from_elsewhere() -> None:
    def handle(exchange: Exchange) -> None:
        loop = asyncio.get_running_loop()
        reply = Reply(200, b"from a thread", b"text/plain")
        thread = threading.Thread(target=lambda: loop.call_soon_threadsafe(exchange.respond, reply))
        thread.start()

    assert answered(App(handle), Wire())[0][2] == b"from a thread"


def asgi_answer(*messages: dict[str, Any]) -> App:
    async def work(exchange: Exchange) -> None:
        for message in messages:
            await exchange.send(message)

    return spawning(work)


START = {"type": "http.response.start", "status": 200, "headers": [(b"A", b"b")]}


def test_an_asgi_response_of_one_piece_is_sent_whole() -> None:
    app = asgi_answer(
        START, {"type": "http.response.body", "body": b"all"}, {"type": "http.response.trailers"}
    )
    assert answered(app, Wire()) == [(200, [("a", "b")], b"all")]


def test_an_asgi_response_of_several_pieces_is_streamed() -> None:
    app = asgi_answer(
        START,
        {"type": "http.response.body", "body": b"one", "more_body": True},
        {"type": "http.response.body", "body": b"two", "more_body": True},
        {"type": "http.response.body"},
    )
    assert answered(app, Wire()) == [(200, [("a", "b")]), (b"one",), (b"two",)]


def test_sending_to_a_peer_that_is_gone_is_an_os_error(caplog: pytest.LogCaptureFixture) -> None:
    async def work(exchange: Exchange) -> None:
        await exchange.send(START)
        with pytest.raises(OSError, match="gone"):
            await exchange.send({"type": "http.response.body", "body": b"x", "more_body": True})

    wire = Wire()
    wire.broken = True
    assert answered(spawning(work), wire) == [(200, [("a", "b")])]
    assert not caplog.records


async def pieces() -> AsyncIterator[bytes]:
    yield b"one"
    yield b"two"


def test_a_stream_whose_peer_leaves_is_no_error_of_the_application(caplog: pytest.LogCaptureFixture) -> None:
    async def work(exchange: Exchange) -> None:
        await StreamingResponse(pieces())(exchange.scope, exchange.receive, exchange.send)

    wire = Wire()
    wire.broken = True
    assert len(answered(spawning(work), wire)) == 1
    assert not caplog.records


@pytest.mark.parametrize(
    "messages",
    [
        [{"type": "http.response.body"}],
        [START, START],
        [{"type": "nonsense"}],
        [],
    ],
)
def test_an_application_that_misbehaves_is_answered_for(
    messages: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    (answer,) = answered(asgi_answer(*messages), Wire())
    assert (answer[0], answer[2]) == (500, b"Internal Server Error")
    assert caplog.records


def test_an_error_after_the_answer_is_logged_only(caplog: pytest.LogCaptureFixture) -> None:
    body = {"type": "http.response.body"}
    assert len(answered(asgi_answer(START, body, body), Wire())) == 1
    assert "after response already completed" in caplog.text

    def twice(exchange: Exchange) -> Reply:
        exchange.respond(Reply(200, b"one", b"text/plain"))
        return Reply(200, b"two", b"text/plain")

    assert len(answered(App(twice), Wire())) == 1


# Lifespan --------------------------------------------------------------------------------------------


async def with_lifespan(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "lifespan"
    scope["state"]["pool"] = "open"
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


def test_the_lifespan_runs_between_init_and_del() -> None:
    states: list[Any] = []

    def handle(exchange: Exchange) -> Reply:
        states.append(exchange.scope.get("state"))
        return Reply(200, b"", None)

    app = App(handle, with_lifespan)
    loop = asyncio.new_event_loop()
    rsgi.start(app, loop)
    loop.run_until_complete(rsgi.serve(app, request(), Wire()))
    rsgi.stop(app, loop)
    rsgi.stop(app, loop)
    loop.run_until_complete(rsgi.serve(app, request(), Wire()))
    loop.close()
    assert states == [{"pool": "open"}, None]


def test_a_lifespan_that_fails_keeps_the_server_from_starting() -> None:
    async def fails(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    loop = asyncio.new_event_loop()
    with pytest.raises(LifespanFailed, match="no database"):
        rsgi.start(App(lambda exchange: None, fails), loop)
    loop.close()


# WebSockets ------------------------------------------------------------------------------------------


class Socket:
    """What an RSGI server offers for one WebSocket."""

    def __init__(self, *messages: Any, broken: bool = False) -> None:
        self.messages = list(messages)
        self.broken = broken
        self.sent: list[Any] = []

    async def accept(self) -> Socket:
        self.sent.append("accepted")
        return self

    def close(self, status: int | None) -> None:
        self.sent.append(status)

    async def receive(self) -> Any:
        if not self.messages:
            raise RuntimeError("closed")
        return self.messages.pop(0)

    async def send_str(self, data: str) -> None:
        if self.broken:
            raise RuntimeError("closed")
        self.sent.append(data)

    async def send_bytes(self, data: bytes) -> None:
        self.sent.append(data)


def connection(asgi: Any, socket: Socket) -> list[Any]:
    scope = request("GET", "/", ("sec-websocket-protocol", "x, y"), proto="ws", scheme="https")
    app = App(lambda exchange: None, asgi)
    asyncio.run(asyncio.wait_for(rsgi.serve(app, scope, socket), 10))
    return socket.sent


def test_messages_of_a_websocket_pass_both_ways() -> None:
    seen: list[Any] = []

    async def echo(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["type"], scope["scheme"], scope["subprotocols"], "method" in scope))
        seen.append(await receive())
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({**message, "type": "websocket.send"})
        seen.append(message)
        seen.append(await receive())

    text, data, closed = (
        SimpleNamespace(kind=2, data="t"),
        SimpleNamespace(kind=1, data=b"b"),
        SimpleNamespace(kind=0),
    )
    assert connection(echo, Socket(text, data, closed)) == ["accepted", "t", b"b"]
    gone = {"type": "websocket.disconnect", "code": 1005, "reason": ""}
    assert seen == [("websocket", "wss", ["x", "y"], False), {"type": "websocket.connect"}, gone, gone]


def sender(*messages: dict[str, Any]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        for message in messages:
            await send(message)

    return app


ACCEPT = {"type": "websocket.accept"}


@pytest.mark.parametrize(
    ("messages", "sent"),
    [
        ([{"type": "websocket.close"}], [403]),
        (
            [
                {"type": "websocket.http.response.start", "status": 418},
                {"type": "websocket.http.response.body"},
            ],
            [418],
        ),
        ([ACCEPT, {"type": "websocket.close", "code": 4000}], ["accepted", 4000]),
        ([ACCEPT, {"type": "websocket.close"}, {"type": "websocket.send", "text": ""}], ["accepted", 1000]),
        ([ACCEPT, {"type": "nonsense"}], ["accepted", 500]),
        ([{"type": "nonsense"}], [500]),
        ([], [500]),
    ],
)
def test_an_application_ends_a_websocket(messages: list[dict[str, Any]], sent: list[Any]) -> None:
    assert connection(sender(*messages), Socket()) == sent


def test_a_peer_that_left_ends_the_application() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        with pytest.raises(OSError, match="left"):
            await send({"type": "websocket.send", "text": "x"})
        assert (await receive())["type"] == "websocket.disconnect"

    assert connection(app, Socket(broken=True)) == ["accepted"]
