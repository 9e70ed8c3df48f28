"""WebSockets: parameters, dependencies, refusals, closing, messages of all sizes."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from starlette.testclient import WebSocketDenialResponse

from pronghorn import (
    APIRouter,
    Cookie,
    Depends,
    FastAPI,
    Header,
    Query,
    WebSocket,
    WebSocketDisconnect,
    WebSocketException,
)
from tests.serving import Client, Serve, until

pytestmark = pytest.mark.anyio

app = FastAPI()
router = APIRouter(prefix="/sub")
events: list[str] = []


async def resource() -> AsyncIterator[str]:
    events.append("enter")
    yield "resource"
    events.append("exit")


async def only_known(token: Annotated[str, Query()] = "") -> str:
    if token == "bad":
        raise WebSocketException(code=4001, reason="bad token")
    return token


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


@app.websocket("/bytes")
async def echo_bytes(websocket: WebSocket) -> None:
    await websocket.accept()
    async for data in websocket.iter_bytes():
        await websocket.send_bytes(data)


@app.websocket("/items/{item}")
async def parameters(
    websocket: WebSocket,
    item: int,
    held: Annotated[str, Depends(resource)],
    token: Annotated[str, Depends(only_known)],
    q: int = 0,
    x_h: Annotated[str | None, Header()] = None,
    c: Annotated[str | None, Cookie()] = None,
) -> None:
    await websocket.accept()
    await websocket.send_json([item, held, token, q, x_h, c])
    await websocket.close()


@router.websocket("/ws")
async def routed(websocket: WebSocket) -> None:
    await websocket.accept(subprotocol="chat", headers=[(b"x-own", b"1")])
    await websocket.close(code=3000, reason="done")


@app.websocket("/refuse")
async def refuse(websocket: WebSocket) -> None:
    await websocket.close(code=1008, reason="no")


@app.websocket("/raise/{when}")
async def raise_exception(websocket: WebSocket, when: str) -> None:
    if when == "later":
        await websocket.accept()
    raise WebSocketException(code=4002, reason="raised")


@app.websocket("/codes")
async def codes(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        await websocket.receive_text()
    except WebSocketDisconnect as closed:
        events.append(f"{closed.code} {closed.reason}")


app.include_router(router)


def needs_more_than_rsgi(way: str) -> None:
    """RSGI accepts without subprotocol and header fields, and closes without code and reason."""
    if way == "rsgi":
        pytest.skip("RSGI has no word for it.")


async def messages(client: Client, url: str, **options: Any) -> Any:
    async with client.websocket_connect(url, **options) as websocket:
        return await websocket.receive_json()


async def refusal(client: Client, url: str) -> int:
    """The status that a refused handshake ends with; in process there are only the ASGI messages."""
    with pytest.raises(WebSocketDisconnect) as caught:
        async with client.websocket_connect(url):
            pytest.fail("must be refused")
    return caught.value.status_code if isinstance(caught.value, WebSocketDenialResponse) else 403


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 500_000])
async def test_messages_of_any_size(serve: Serve, size: int) -> None:
    async with serve(app) as client:
        async with client.websocket_connect("/echo") as websocket:
            await websocket.send_text("é" * size)
            assert await websocket.receive_text() == "é" * size
        async with client.websocket_connect("/bytes") as websocket:
            await websocket.send_bytes(b"\xff" * size)
            assert await websocket.receive_bytes() == b"\xff" * size


async def test_messages_keep_their_order(serve: Serve) -> None:
    async with serve(app) as client, client.websocket_connect("/echo") as websocket:
        for number in range(200):
            await websocket.send_text(str(number))
        assert [await websocket.receive_text() for _ in range(200)] == [str(number) for number in range(200)]


async def test_parameters(serve: Serve) -> None:
    events.clear()
    async with serve(app) as client:
        plain = await messages(client, "/items/7")
        full = await messages(client, "/items/7?q=3&token=t", headers={"x-h": "h", "cookie": "c=1"})
    assert plain == [7, "resource", "", 0, None, None]
    assert full == [7, "resource", "t", 3, "h", "1"]
    await until(lambda: len(events) == 4)
    assert sorted(events) == ["enter", "enter", "exit", "exit"]


async def test_a_handshake_chooses_a_subprotocol(way: str, serve: Serve) -> None:
    needs_more_than_rsgi(way)
    async with (
        serve(app) as client,
        client.websocket_connect("/sub/ws", subprotocols=["other", "chat"]) as websocket,
    ):
        assert (websocket.subprotocol, websocket.headers["x-own"]) == ("chat", "1")
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.receive_text()
    assert (caught.value.code, caught.value.reason) == (3000, "done")


@pytest.mark.parametrize("url", ["/refuse", "/raise/now", "/items/7?token=bad", "/nowhere"])
async def test_refusals(serve: Serve, url: str) -> None:
    async with serve(app) as client:
        assert await refusal(client, url) == 403


async def test_an_exception_closes_an_accepted_connection(way: str, serve: Serve) -> None:
    needs_more_than_rsgi(way)
    async with serve(app) as client, client.websocket_connect("/raise/later") as websocket:
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.receive_text()
    assert (caught.value.code, caught.value.reason) == (4002, "raised")


async def test_a_request_for_a_websocket_path_finds_nothing(serve: Serve) -> None:
    async with serve(app) as client:
        assert (await client.get("/echo")).status_code == 404


async def test_the_application_learns_why_the_client_left(way: str, serve: Serve) -> None:
    needs_more_than_rsgi(way)
    events.clear()
    async with serve(app) as client:
        async with client.websocket_connect("/codes") as websocket:
            await websocket.close(3999, "bye")
        # One connection after the other: when this one answers, the first has ended.
        async with client.websocket_connect("/echo") as websocket:
            await websocket.send_text("?")
            await websocket.receive_text()
    assert events == ["3999 bye"]


strict = FastAPI()


async def accepted(websocket: WebSocket) -> None:
    await websocket.accept()


@strict.websocket("/strict", dependencies=[Depends(accepted)])
async def only_with_a_number(websocket: WebSocket, number: int) -> None:
    await websocket.close()


async def test_parameters_that_do_not_fit_are_a_reason_in_words(way: str, serve: Serve) -> None:
    needs_more_than_rsgi(way)
    async with serve(strict) as client, client.websocket_connect("/strict") as websocket:
        with pytest.raises(WebSocketDisconnect) as caught:
            await websocket.receive_text()
    assert (caught.value.code, caught.value.reason) == (1008, "query.number: Field required")
