"""Context variables: what requests see of each other (nothing) and their parts of each other."""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest
from starlette.middleware.base import RequestResponseEndpoint

from pronghorn import Depends, FastAPI, Request, Response, WebSocket
from tests.serving import Serve

pytestmark = pytest.mark.anyio

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")

app = FastAPI()


@app.get("/set/{value}")
async def set_and_see(value: str) -> Any:
    before = variable.get()
    variable.set(value)
    return before


@app.get("/set/waiting/{value}")
async def set_and_wait(value: str) -> Any:
    before = variable.get()
    variable.set(value)
    for _ in range(5):
        await asyncio.sleep(0)
    return [before, variable.get()]


@app.get("/set/thread/{value}")
def set_in_a_thread(value: str) -> Any:
    before = variable.get()
    variable.set(value)
    return before


async def set_async(value: str = "async dependency") -> None:
    variable.set(value)


def set_sync() -> None:
    variable.set("sync dependency")


async def set_and_reset() -> AsyncIterator[None]:
    token = variable.set("held")
    yield
    variable.reset(token)


@app.get("/after/async", dependencies=[Depends(set_async)])
async def after_async() -> Any:
    return variable.get()


@app.get("/after/async/thread", dependencies=[Depends(set_async)])
def after_async_in_a_thread() -> Any:
    return variable.get()


@app.get("/after/sync", dependencies=[Depends(set_sync)])
async def after_sync() -> Any:
    return variable.get()


@app.get("/after/sync/thread", dependencies=[Depends(set_sync)])
def after_sync_in_a_thread() -> Any:
    return variable.get()


@app.get("/after/held", dependencies=[Depends(set_and_reset)])
async def after_held() -> Any:
    return variable.get()


@app.get("/stream", dependencies=[Depends(set_async)])
async def stream() -> AsyncIterator[str]:
    yield variable.get()


@app.get("/stream/thread", dependencies=[Depends(set_async)])
def stream_in_a_thread() -> Iterator[str]:
    yield variable.get()


@app.websocket("/ws/{value}")
async def ws(websocket: WebSocket, value: str) -> None:
    await websocket.accept()
    await websocket.send_text(variable.get())
    variable.set(value)
    await websocket.send_text(variable.get())


@pytest.mark.parametrize("url", ["/set/{}", "/set/thread/{}"])
async def test_requests_of_one_connection_see_nothing_of_each_other(serve: Serve, url: str) -> None:
    async with serve(app) as client:
        seen = [(await client.get(url.format(number))).json() for number in range(5)]
    assert seen == ["unset"] * 5


async def test_simultaneous_requests_see_nothing_of_each_other(serve: Serve) -> None:
    async with serve(app) as client, asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(client.get(f"/set/waiting/{number}")) for number in range(20)]
    assert [task.result().json() for task in asked] == [["unset", str(number)] for number in range(20)]


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("/after/async", "async dependency"),
        ("/after/async/thread", "async dependency"),
        ("/after/async?value=asked", "asked"),
        ("/after/sync", "unset"),
        ("/after/sync/thread", "unset"),
        ("/after/held", "held"),
        ("/stream", "async dependency"),
        ("/stream/thread", "async dependency"),
    ],
)
async def test_what_dependencies_set(serve: Serve, url: str, seen: str) -> None:
    async with serve(app) as client:
        for _ in range(2):
            assert (await client.get(url)).json() == seen


async def test_websockets(serve: Serve) -> None:
    async with serve(app) as client:
        for value in ("a", "b"):
            async with client.websocket_connect(f"/ws/{value}") as websocket:
                assert await websocket.receive_text() == "unset"
                assert await websocket.receive_text() == value


async def test_what_middleware_sets(serve: Serve) -> None:
    wrapped = FastAPI()

    @wrapped.middleware("http")
    async def setting(request: Request, call_next: RequestResponseEndpoint) -> Response:
        before = variable.get()
        variable.set(f"by middleware {request.url.query}")
        response = await call_next(request)
        response.headers["x-before"] = before
        response.headers["x-after"] = variable.get()
        return response

    @wrapped.get("/")
    async def endpoint(nothing: Annotated[None, Depends(set_and_reset)]) -> Any:
        return variable.get()

    @wrapped.get("/seen")
    def seen() -> Any:
        return variable.get()

    async with serve(wrapped) as client:
        for number in range(2):
            assert (await client.get("/")).json() == "held"
            response = await client.get(f"/seen?{number}")
            assert response.json() == f"by middleware {number}"
            assert (response.headers["x-before"], response.headers["x-after"]) == (
                "unset",
                f"by middleware {number}",
            )
