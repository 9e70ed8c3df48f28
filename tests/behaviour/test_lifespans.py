"""Starting and stopping: lifespan contexts, their state, event handlers, routers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypedDict

import pytest

from pronghorn import APIRouter, FastAPI, Request, WebSocket
from tests.serving import Serve

pytestmark = pytest.mark.anyio


class State(TypedDict):
    numbers: list[int]
    name: str


async def test_state_reaches_every_request(serve_once: Serve) -> None:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[State]:
        app.state.started = True
        yield {"numbers": [1], "name": "shared"}

    app = FastAPI(lifespan=lifespan)

    @app.get("/")
    async def endpoint(request: Request) -> Any:
        request.state.numbers.append(2)
        request.state.name += "!"
        return [request.state.numbers, request.state.name, request.app.state.started]

    @app.get("/sync")
    def sync(request: Request) -> Any:
        return request.state.name

    @app.websocket("/ws")
    async def ws(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(websocket.state.name)

    async with serve_once(app) as client:
        # A shallow copy for each request: names are its own, what they refer to is shared.
        assert (await client.get("/")).json() == [[1, 2], "shared!", True]
        assert (await client.get("/")).json() == [[1, 2, 2], "shared!", True]
        assert (await client.get("/sync")).json() == "shared"
        async with client.websocket_connect("/ws") as websocket:
            assert await websocket.receive_text() == "shared"


async def test_order_of_nested_lifespans(serve_once: Serve) -> None:
    events: list[str] = []

    def lifespan(name: str) -> Any:
        @asynccontextmanager
        async def run(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
            events.append(f"start {name}")
            yield {name: name, "who": name}
            events.append(f"stop {name}")

        return run

    app = FastAPI(lifespan=lifespan("app"))
    router = APIRouter(lifespan=lifespan("router"))

    @router.get("/")
    async def endpoint(request: Request) -> Any:
        events.append("request")
        return [request.state.app, request.state.router, request.state.who]

    app.include_router(router)
    async with serve_once(app) as client:
        assert (await client.get("/")).json() == ["app", "router", "app"]
    assert events == ["start app", "start router", "request", "stop router", "stop app"]


async def test_the_lifespan_of_a_mounted_application_is_its_own(serve_once: Serve) -> None:
    events: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        events.append("start")
        yield

    app = FastAPI()
    app.mount("/child", FastAPI(lifespan=lifespan))
    async with serve_once(app) as client:
        assert (await client.get("/child/openapi.json")).status_code == 200
    assert events == []


async def test_requests_run_while_the_lifespan_does(serve_once: Serve) -> None:
    open_now = False

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        nonlocal open_now
        open_now = True
        yield
        open_now = False

    app = FastAPI(lifespan=lifespan)

    @app.get("/")
    async def endpoint() -> Any:
        return open_now

    async with serve_once(app) as client:
        assert (await client.get("/")).json() is True
    assert not open_now
