"""The whole server over real sockets: the ASGI protocol."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pronghorn.server import Server, running
from tests.server.applications import ASGI, answer, echo, http, read_all
from tests.server.peer import connected


@pytest.fixture(scope="module", params=["uvloop", "asyncio"])
def echoing(request: pytest.FixtureRequest) -> Iterator[Server]:
    with running(echo, loop=request.param, max_body_size=None) as server:
        yield server


def test_the_scope_tells_what_was_asked(echoing: Server) -> None:
    with connected(echoing) as peer:
        assert peer.get("/a%20b?x=1").body == b"GET /a b x=1"
        assert peer.post("/", b"some body").body == b"some body"


def test_a_response_without_length_is_given_one(echoing: Server) -> None:
    with connected(echoing) as peer:
        assert peer.get("/").header("content-length") == "6"
        assert peer.get("/").header("transfer-encoding") is None


def test_a_long_upload_arrives_whole(echoing: Server) -> None:
    body = bytes(range(256)) * 8000
    with connected(echoing) as peer:
        assert peer.post("/", body).body == body
        peer.say(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(body), 50_000):
            piece = body[start : start + 50_000]
            peer.say(b"%x\r\n%b\r\n" % (len(piece), piece))
        peer.say(b"0\r\n\r\n")
        assert peer.answer().body == body
        assert peer.get("/").status == 200


def test_scope_has_every_key() -> None:
    seen: list[dict[str, Any]] = []

    @http
    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        await answer(send, b"")

    with running(app, root_path="/api") as server, connected(server) as peer:
        peer.get("/x%2Fy?q")
        port = server.port
    (scope,) = seen
    client = scope.pop("client")
    assert client[0] == "127.0.0.1"
    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", port),
        "scheme": "http",
        "method": "GET",
        "root_path": "/api",
        "path": "/api/x/y",
        "raw_path": b"/api/x%2Fy",
        "query_string": b"q",
        "headers": [(b"host", b"peer")],
    }


def stream(*pieces: bytes, headers: Any = ()) -> ASGI:
    @http
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})
        await send({"type": "http.response.trailers", "headers": []})

    return app


def test_a_stream_is_chunked() -> None:
    with running(stream(b"a", b"", b"bc" * 100_000)) as server, connected(server) as peer:
        for _ in range(2):
            received = peer.get()
            assert received.header("transfer-encoding") == "chunked"
            assert received.body == b"a" + b"bc" * 100_000


def test_a_stream_to_an_old_client_ends_with_the_connection() -> None:
    with running(stream(b"a", b"b")) as server, connected(server) as peer:
        peer.say(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        received = peer.answer()
        assert received.body == b"ab"
        assert received.header("connection") == "close"


def test_a_stream_of_known_length_is_not_chunked() -> None:
    with (
        running(stream(b"a", b"b", headers=[(b"Content-Length", b"2")])) as server,
        connected(server) as peer,
    ):
        received = peer.get()
        assert received.body == b"ab"
        assert received.header("transfer-encoding") is None
        assert peer.get(method="HEAD").header("content-length") == "2"


def test_framing_fields_of_the_application_are_taken_over() -> None:
    fields = [(b"transfer-encoding", b"chunked"), (b"Date", b"then"), (b"connection", b"close")]
    with running(stream(b"a", headers=fields), server_header=True) as server, connected(server) as peer:
        received = peer.get()
        assert received.body == b"a"
        assert [value for key, value in received.headers if key == "date"] == ["then"]
        assert received.header("connection") == "close"
        assert received.header("server") == "pronghorn"
        assert peer.is_closed()


def test_the_head_goes_out_while_the_body_takes_time() -> None:
    release = threading.Event()

    @http
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.to_thread(release.wait)
        await send({"type": "http.response.body", "body": b"late"})

    with running(app) as server, connected(server) as peer:
        peer.say(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert peer.head()[0] == 200
        release.set()
        assert b"".join(peer.chunks()) == b"late"


MISBEHAVIOUR: dict[str, list[dict[str, Any]]] = {
    "body-first": [{"type": "http.response.body"}],
    "unknown": [{"type": "http.response.nonsense"}],
    "bad-name": [
        {"type": "http.response.start", "status": 200, "headers": [(b"a b", b"")]},
        {"type": "http.response.body"},
    ],
    "bad-value": [
        {"type": "http.response.start", "status": 200, "headers": [(b"a", b"x\r\ny: z")]},
        {"type": "http.response.body"},
    ],
    "bad-length": [
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"x")]},
        {"type": "http.response.body"},
    ],
    "two-lengths": [
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", b"1"), (b"content-length", b"2")],
        },
        {"type": "http.response.body"},
    ],
    "bad-status": [{"type": "http.response.start", "status": 1000}, {"type": "http.response.body"}],
    "nothing": [],
}


@pytest.mark.parametrize("name", MISBEHAVIOUR)
def test_a_response_that_never_began_becomes_a_500(name: str, caplog: pytest.LogCaptureFixture) -> None:
    @http
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in MISBEHAVIOUR[name]:
            await send(message)

    with running(app) as server, connected(server) as peer:
        assert peer.get().status == 500
        assert peer.is_closed()
    assert caplog.records


BROKEN: dict[str, list[dict[str, Any]]] = {
    "too-short": [{"type": "http.response.body", "body": b"a"}],
    "too-long": [{"type": "http.response.body", "body": b"a" * 20}],
    "raises": [{"type": "http.response.body", "body": b"a", "more_body": True}],
    "start-twice": [{"type": "http.response.start", "status": 200}],
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_response_that_cannot_be_completed_is_cut_off(name: str, caplog: pytest.LogCaptureFixture) -> None:
    @http
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
        await asyncio.sleep(0)
        for message in BROKEN[name]:
            await send(message)
        raise LookupError("on purpose")

    with running(app) as server, connected(server) as peer:
        peer.say(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try:
            _, headers = peer.head()
            assert ("content-length", "10") in headers
            assert len(peer.stream.read()) < 10
        except (ConnectionResetError, AssertionError):
            pass  # a reset may overtake what was sent before it
    assert caplog.records


def test_a_head_that_cannot_be_sent_alone_ends_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    @http
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a b", b"")]})
        assert (await receive())["type"] == "http.request"
        assert (await receive())["type"] == "http.disconnect"

    with running(app) as server, connected(server) as peer:
        peer.say(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert peer.is_closed()
    assert "could not be started" in caplog.text


def test_sending_after_the_end_is_an_error() -> None:
    errors: list[str] = []

    @http
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"done")
        try:
            await send({"type": "http.response.body"})
        except RuntimeError as error:
            errors.append(str(error))

    with running(app) as server, connected(server) as peer:
        assert peer.get().body == b"done"
        assert peer.get().body == b"done"
    assert (
        errors == ["Unexpected ASGI message 'http.response.body' sent, after response already completed."] * 2
    )


def test_after_the_response_receive_tells_of_a_disconnect() -> None:
    messages: list[Any] = []

    @http
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"done")
        messages.append(await receive())
        messages.append(await receive())

    with running(app) as server, connected(server) as peer:
        peer.get()
        peer.get()
    assert messages[:2] == [
        {"type": "http.request", "body": b"", "more_body": False},
        {"type": "http.disconnect"},
    ]


def test_a_client_that_leaves_is_told_to_whoever_listens(caplog: pytest.LogCaptureFixture) -> None:
    gone = threading.Event()

    @http
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await read_all(receive)
        listeners = [asyncio.create_task(receive()) for _ in range(2)]
        for message in await asyncio.gather(*listeners):
            assert message == {"type": "http.disconnect"}
        await send({"type": "http.response.body", "body": b"for nobody", "more_body": True})
        await send({"type": "http.response.body", "body": b"for nobody"})
        gone.set()

    with running(app) as server:
        with connected(server) as peer:
            peer.say(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            peer.head()
        assert gone.wait(5)
    assert not caplog.records


def test_a_client_that_leaves_in_its_body_ends_the_wait_for_it() -> None:
    from starlette.requests import ClientDisconnect

    from pronghorn._engine.exchange import Exchange

    gone = threading.Event()

    class App:
        def handle_exchange(self, exchange: Exchange) -> None:
            async def read() -> None:
                try:
                    await exchange.read_body()
                except ClientDisconnect:
                    gone.set()
                    raise

            exchange.spawn(read())

        async def __call__(self, *_: Any) -> None:
            raise RuntimeError("no lifespan")

    with running(App()) as server:
        with connected(server) as peer:
            peer.say(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        assert gone.wait(5)


def test_contexts_are_isolated_between_requests() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")

    @http
    async def app(scope: Any, receive: Any, send: Any) -> None:
        before = variable.get()
        variable.set("set")
        await answer(send, before.encode())

    with running(app) as server, connected(server) as peer:
        assert [peer.get().body for _ in range(3)] == [b"unset"] * 3


def test_each_request_has_the_lifespan_state_as_it_was() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            scope["state"]["things"] = ["shared"]
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        state = scope["state"]
        assert "own" not in state
        state["own"] = True
        await answer(send, ",".join(state["things"]).encode())

    with running(app) as server, connected(server) as peer:
        assert [peer.get().body for _ in range(2)] == [b"shared"] * 2


def test_too_many_waiting_requests_are_turned_away() -> None:
    release = threading.Event()
    inside = threading.Event()

    @http
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/slow":
            inside.set()
            await asyncio.to_thread(release.wait)
        await answer(send, b"done")

    with running(app, max_active_requests=1) as server, connected(server) as slow, connected(server) as peer:
        slow.say(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        assert inside.wait(5)
        busy = peer.get()
        assert busy.status == 503
        assert busy.header("retry-after") == "1"
        release.set()
        assert slow.answer().body == b"done"
        assert peer.get().body == b"done"


def test_a_proxy_that_is_trusted_tells_who_asked() -> None:
    @http
    async def app(scope: Any, receive: Any, send: Any) -> None:
        names = ",".join(name.decode() for name, _ in scope["headers"])
        await answer(send, f"{scope['client']} {scope['scheme']} {names}".encode())

    fields = ("X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "X_Sly: 1")
    with running(app, proxy_headers=True) as server, connected(server) as peer:
        assert peer.get("/", *fields).body == b"('1.2.3.4', 0) https host,x-forwarded-for,x-forwarded-proto"
    with (
        running(app, proxy_headers=True, forwarded_allow_ips="10.0.0.0/8") as server,
        connected(server) as peer,
    ):
        assert b"'127.0.0.1'" in peer.get("/", *fields).body
    with running(app) as server, connected(server) as peer:
        assert b"http host" in peer.get("/", *fields).body


def test_requests_are_logged_when_asked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pronghorn.access")
    with running(echo, access_log=True) as server, connected(server) as peer:
        peer.get('/"x"?a=%0A')
    (record,) = [record for record in caplog.records if record.name == "pronghorn.access"]
    assert ' - "GET /\\"x\\"?a=%0A HTTP/1.1" 200 14B ' in record.getMessage()


def test_a_slow_reader_holds_up_its_own_stream_only() -> None:
    sent = 0

    @http
    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal sent
        if scope["path"] == "/quick":
            await answer(send, b"quick")
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(2000):
            await send({"type": "http.response.body", "body": b"x" * 10_000, "more_body": True})
            sent += 1
        await send({"type": "http.response.body"})

    with running(app) as server, connected(server) as slow, connected(server) as quick:
        slow.say(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert quick.get("/quick").body == b"quick"
        assert sent < 2000
        assert len(slow.answer().body) == 20_000_000
