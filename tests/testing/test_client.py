import contextvars
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import WebSocketDenialResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from pronghorn.testing import AsyncTestClient

pytestmark = pytest.mark.anyio


def respond(response: Response) -> Starlette:
    async def endpoint(request: Request) -> Response:
        return response

    return Starlette(routes=[Route("/", endpoint)])


async def test_shows_the_request_to_the_application() -> None:
    async def endpoint(request: Request) -> Response:
        described = {
            "method": request.method,
            "query": request.url.query,
            "raw_path": request.scope["raw_path"].decode(),
            "path": request.scope["path"],
            "client": list(request.client or ()),
            "server": list(request.scope["server"]),
            "header": request.headers["x-sent"],
            "body": (await request.body()).decode(),
        }
        return JSONResponse(described)

    app = Starlette(routes=[Route("/a b/{rest:path}", endpoint, methods=["POST"])])
    async with AsyncTestClient(app, root_path="/api", client=("me", 1)) as client:
        response = await client.post("/api/a%20b/c?q=1&q=2", content=b"hi", headers={"X-Sent": "yes"})
    assert response.json() == {
        "method": "POST",
        "query": "q=1&q=2",
        "raw_path": "/api/a%20b/c",
        "path": "/api/a b/c",
        "client": ["me", 1],
        "server": ["testserver", 80],
        "header": "yes",
        "body": "hi",
    }


async def test_follows_redirects_unless_told_not_to() -> None:
    async def start(request: Request) -> Response:
        return RedirectResponse("/end", status_code=303)

    async def end(request: Request) -> Response:
        return PlainTextResponse("end")

    app = Starlette(routes=[Route("/", start), Route("/end", end)])
    async with AsyncTestClient(app) as client:
        assert (await client.get("/")).text == "end"
        assert (await client.get("/", follow_redirects=False)).status_code == 303


async def test_starts_and_stops_the_application() -> None:
    events = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        events.append("start")
        yield {"answer": 42}
        events.append("stop")

    async def endpoint(request: Request) -> Response:
        events.append("request")
        request.state.answer += 1
        return JSONResponse(request.state.answer)

    app = Starlette(routes=[Route("/", endpoint)], lifespan=lifespan)
    async with AsyncTestClient(app) as client:
        # Each request has a copy of the state.
        assert [(await client.get("/")).json() for _ in range(2)] == [43, 43]
    assert events == ["start", "request", "request", "stop"]


async def test_leaves_the_lifespan_alone_when_told_to() -> None:
    async with AsyncTestClient(respond(PlainTextResponse("ok")), lifespan=False) as client:
        assert (await client.get("/")).text == "ok"


@pytest.mark.parametrize("when", ["start", "stop"])
async def test_raises_what_the_lifespan_raised(when: str) -> None:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if when == "start":
            raise KeyError("start")
        yield
        raise KeyError("stop")

    with pytest.raises(KeyError, match=when):
        async with AsyncTestClient(Starlette(lifespan=lifespan)):
            assert when == "stop"


async def test_reports_a_start_that_failed_with_a_message_only() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(RuntimeError, match="no database"):
        async with AsyncTestClient(app):
            pytest.fail("must not start")


async def test_stops_the_application_when_the_test_fails() -> None:
    events = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        events.append("stop")

    with pytest.raises(LookupError, match="the test's own"):
        async with AsyncTestClient(Starlette(lifespan=lifespan)):
            raise LookupError("the test's own")
    assert events == ["stop"]


async def test_raises_what_the_application_raised() -> None:
    async def endpoint(request: Request) -> Response:
        raise LookupError("lost")

    app = Starlette(routes=[Route("/", endpoint)])
    async with AsyncTestClient(app) as client:
        with pytest.raises(LookupError, match="lost"):
            await client.get("/")
    async with AsyncTestClient(app, raise_server_exceptions=False) as client:
        response = await client.get("/")
    assert (response.status_code, response.text) == (500, "Internal Server Error")


async def test_raises_what_was_raised_before_any_reply() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("lost")

    async with AsyncTestClient(app, lifespan=False) as client:
        with pytest.raises(LookupError, match="lost"):
            await client.get("/")
    async with AsyncTestClient(app, lifespan=False, raise_server_exceptions=False) as client:
        assert (await client.get("/")).status_code == 500


async def test_an_application_that_does_not_answer_is_an_error() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        return

    async with AsyncTestClient(app, lifespan=False) as client:
        with pytest.raises(RuntimeError, match="without sending a response"):
            await client.get("/")


async def test_streams_the_response_while_it_is_produced() -> None:
    proceed = anyio.Event()

    async def produce() -> AsyncIterator[str]:
        yield "first"
        await proceed.wait()
        yield "second"

    pieces = []
    with anyio.fail_after(5):
        async with (
            AsyncTestClient(respond(StreamingResponse(produce()))) as client,
            client.stream("GET", "/") as response,
        ):
            async for piece in response.aiter_text():
                pieces.append(piece)
                proceed.set()
    assert pieces == ["first", "second"]


async def test_streams_the_request_while_it_is_read() -> None:
    arrived = anyio.Event()

    async def endpoint(request: Request) -> Response:
        pieces = []
        async for piece in request.stream():
            pieces.append(piece)
            arrived.set()
        return JSONResponse([piece.decode() for piece in pieces])

    async def upload() -> AsyncIterator[bytes]:
        yield b"first"
        await arrived.wait()
        yield b"second"

    app = Starlette(routes=[Route("/", endpoint, methods=["POST"])])
    async with AsyncTestClient(app) as client:
        response = await client.post("/", content=upload())
    assert response.json() == ["first", "second", ""]


async def test_the_application_notices_a_client_that_leaves() -> None:
    left = anyio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        with pytest.raises(OSError, match="closed"):
            await send({"type": "http.response.body", "body": b"nobody reads", "more_body": True})
        left.set()
        raise LookupError("nobody waits for this")

    async with AsyncTestClient(app, lifespan=False) as client:
        async with client.stream("GET", "/") as response:
            assert response.status_code == 200
        with anyio.fail_after(5):
            await left.wait()


async def test_a_waiting_application_is_told_that_the_client_left() -> None:
    told = anyio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        assert (await receive())["type"] == "http.disconnect"
        told.set()

    async with AsyncTestClient(app, lifespan=False) as client:
        async with client.stream("GET", "/") as response:
            assert response.status_code == 200
        with anyio.fail_after(5):
            await told.wait()


async def test_a_request_that_is_given_up_does_no_harm() -> None:
    async def endpoint(request: Request) -> Response:
        await anyio.sleep_forever()
        raise AssertionError("unreachable")

    async with AsyncTestClient(Starlette(routes=[Route("/", endpoint)])) as client:
        with anyio.move_on_after(0):
            await client.get("/")


async def test_a_reply_is_complete_when_its_background_task_is() -> None:
    done = []

    async def work() -> None:
        await anyio.lowlevel.checkpoint()
        done.append("work")

    async with AsyncTestClient(respond(PlainTextResponse("ok", background=BackgroundTask(work)))) as client:
        await client.get("/")
        assert done == ["work"]


async def test_head_replies_have_no_body() -> None:
    async with AsyncTestClient(respond(PlainTextResponse("text"))) as client:
        response = await client.head("/")
    assert (response.headers["content-length"], response.content) == ("4", b"")


async def test_the_application_sees_the_context_of_the_test() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")

    async def endpoint(request: Request) -> Response:
        return PlainTextResponse(variable.get())

    async with AsyncTestClient(Starlette(routes=[Route("/", endpoint)])) as client:
        variable.set("from the test")
        assert (await client.get("/")).text == "from the test"


async def test_a_client_that_was_not_entered_says_so() -> None:
    client = AsyncTestClient(respond(PlainTextResponse("ok")))
    with pytest.raises(RuntimeError, match="async with AsyncTestClient"):
        await client.get("/")
    with pytest.raises(RuntimeError, match="async with AsyncTestClient"):
        client.websocket_connect("/")


def websocket_app(endpoint: Any) -> Starlette:
    return Starlette(routes=[WebSocketRoute("/ws", endpoint)])


async def test_websocket_messages_of_every_kind() -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("text:" + await websocket.receive_text())
        await websocket.send_bytes(b"bytes:" + await websocket.receive_bytes())
        await websocket.send_json(await websocket.receive_json())
        await websocket.send_json(await websocket.receive_json(), mode="binary")

    async with (
        AsyncTestClient(websocket_app(endpoint)) as client,
        client.websocket_connect("/ws") as websocket,
    ):
        await websocket.send_text("a")
        assert await websocket.receive_text() == "text:a"
        await websocket.send_bytes(b"b")
        assert await websocket.receive_bytes() == b"bytes:b"
        for _ in range(2):
            await websocket.send_json({"é": [1]})
            assert await websocket.receive_json() == {"é": [1]}


async def test_websocket_handshake() -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept(subprotocol=websocket.scope["subprotocols"][1], headers=[(b"x-set", b"1")])
        await websocket.send_json(
            {
                "url": str(websocket.url),
                "offered": websocket.headers["sec-websocket-protocol"],
                "header": websocket.headers["x-sent"],
            }
        )

    async with (
        AsyncTestClient(websocket_app(endpoint)) as client,
        client.websocket_connect("/ws?q=1", subprotocols=["a", "b"], headers={"x-sent": "2"}) as websocket,
    ):
        assert websocket.subprotocol == "b"
        assert websocket.headers["x-set"] == "1"
        assert await websocket.receive_json() == {
            "url": "ws://testserver/ws?q=1",
            "offered": "a, b",
            "header": "2",
        }


async def test_websocket_closed_by_the_application() -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close(3001, "enough")

    async with (
        AsyncTestClient(websocket_app(endpoint)) as client,
        client.websocket_connect("/ws") as websocket,
    ):
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.receive_text()
        assert (caught.value.code, caught.value.reason) == (3001, "enough")
        await websocket.send_text("lost, as on a network")


async def test_websocket_left_by_the_application() -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()

    async with (
        AsyncTestClient(websocket_app(endpoint)) as client,
        client.websocket_connect("/ws") as websocket,
    ):
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.receive_text()
    assert caught.value.code == 1006


async def test_websocket_closed_by_the_client() -> None:
    seen = anyio.Event()
    codes = []

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.receive_text()
        codes.append((caught.value.code, caught.value.reason))
        with pytest.raises((WebSocketDisconnect, RuntimeError)):
            await websocket.send_text("too late")
        seen.set()

    async with AsyncTestClient(websocket_app(endpoint)) as client:
        async with client.websocket_connect("/ws") as websocket:
            await websocket.close(3002, "bye")
        with anyio.fail_after(5):
            await seen.wait()
    assert codes == [(3002, "bye")]


async def test_websocket_refused() -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.close(1008, "no")

    async with AsyncTestClient(websocket_app(endpoint)) as client:
        with pytest.raises(WebSocketDisconnect) as caught:
            async with client.websocket_connect("/ws"):
                pytest.fail("must not be accepted")
    assert (caught.value.code, caught.value.reason) == (1008, "no")


async def test_websocket_denied_with_a_response() -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.send_denial_response(JSONResponse({"why": "no"}, status_code=401))

    async with AsyncTestClient(websocket_app(endpoint)) as client:
        with pytest.raises(WebSocketDenialResponse) as caught:
            async with client.websocket_connect("/ws"):
                pytest.fail("must not be accepted")
    assert (caught.value.status_code, caught.value.json()) == (401, {"why": "no"})


async def test_websocket_endpoint_that_raises() -> None:
    async def endpoint(websocket: WebSocket) -> None:
        raise LookupError("lost")

    async with AsyncTestClient(websocket_app(endpoint)) as client:
        with pytest.raises(LookupError, match="lost"):
            async with client.websocket_connect("/ws"):
                pytest.fail("must not be accepted")
