import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from pronghorn import FastAPI
from tests.serving import Hosts, Serve

pytestmark = pytest.mark.anyio


async def hello(request: Request) -> Response:
    return PlainTextResponse(f"hello {request.path_params['name']}")


async def echo(websocket: WebSocket) -> None:
    if "refuse" in websocket.query_params:
        await websocket.close()
        return
    await websocket.accept(subprotocol="b", headers=[(b"x-set", b"1")])
    await websocket.send_json(await websocket.receive_json())
    await websocket.send_bytes(await websocket.receive_bytes())
    await websocket.close(3001, "enough")


app = FastAPI()
app.add_route("/hello/{name}", hello)
app.add_api_websocket_route("/echo", echo)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_serves_requests(serve: Serve) -> None:
    async with serve(app) as client:
        response = await client.get("/hello/world")
    assert (response.status_code, response.text) == (200, "hello world")


async def test_serves_websockets(way: str, serve: Serve) -> None:
    async with (
        serve(app) as client,
        client.websocket_connect("/echo", subprotocols=["a", "b"], headers={"x": "y"}) as websocket,
    ):
        if way != "rsgi":  # which accepts without either
            assert (websocket.subprotocol, websocket.headers["x-set"]) == ("b", "1")
        await websocket.send_json({"a": [1]})
        assert await websocket.receive_json() == {"a": [1]}
        await websocket.send_bytes(b"\x00")
        assert await websocket.receive_bytes() == b"\x00"
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.receive_text()
    if way != "rsgi":  # which closes without either
        assert (caught.value.code, caught.value.reason) == (3001, "enough")


async def test_refuses_websockets(serve: Serve) -> None:
    async with serve(app) as client:
        with pytest.raises(WebSocketDisconnect):
            async with client.websocket_connect("/echo?refuse"):
                pytest.fail("must be refused")


async def test_serving_once_stops_the_application(serve_once: Serve) -> None:
    events: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        events.append("start")
        yield
        events.append("stop")

    async with serve_once(FastAPI(lifespan=lifespan)) as client:
        await client.get("/")
        assert events == ["start"]
    assert events == ["start", "stop"]


async def test_one_server_per_application(way: str) -> None:
    before = threading.active_count()
    with Hosts() as hosts:
        for _ in range(3):
            async with hosts.serve(way, app) as client:
                await client.get("/hello/again")
        assert threading.active_count() - before <= 1
    assert threading.active_count() == before
