"""What is streamed: the live feed (queue, WebSocket, Server-Sent Events) and the export to clients who leave."""

import json
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import anyio
import pytest
from anyio.streams.memory import MemoryObjectReceiveStream

from examples.bookshop.events import OrderEvent, OrderFeed
from pronghorn import FastAPI, WebSocketDisconnect
from pronghorn.testclient import TestClient

from .conftest import Headers
from .test_bookshop_orders import order

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def event(number: int) -> OrderEvent:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return OrderEvent(
        id=number, placed_at=moment, country="FI", copies=1, titles=["Kalevala"], total=Decimal(1)
    )


async def take(events: MemoryObjectReceiveStream[OrderEvent], count: int) -> list[int]:
    return [(await events.receive()).id for _ in range(count)]


class TestQueue:
    async def test_every_listener_hears_every_order_in_order(self) -> None:
        feed = OrderFeed(backlog=5, queue=5)
        async with feed.listen() as one, feed.listen() as two:
            for number in (1, 2, 3):
                feed.publish(event(number))
            assert await take(one, 3) == await take(two, 3) == [1, 2, 3]

    async def test_a_listener_may_begin_with_what_it_missed(self) -> None:
        feed = OrderFeed(backlog=3, queue=1)
        for number in range(1, 6):
            feed.publish(event(number))
        async with feed.listen(last=2) as events:
            assert await take(events, 2) == [4, 5]
        async with feed.listen(last=2, after=3) as events:
            assert await take(events, 2) == [4, 5]
        async with feed.listen(after=0) as events:
            feed.publish(event(6))
            assert await take(events, 4) == [3, 4, 5, 6]

    async def test_lets_go_of_a_listener_that_falls_behind(self) -> None:
        feed = OrderFeed(backlog=1, queue=2)
        async with feed.listen() as slow, feed.listen() as quick:
            for number in (1, 2, 3):
                feed.publish(event(number))
                assert await take(quick, 1) == [number]
            assert feed.listeners == 1
            assert [each.id async for each in slow] == [1, 2]

    async def test_forgets_listeners_that_leave(self) -> None:
        feed = OrderFeed(backlog=1, queue=1)
        with suppress(KeyError):
            async with feed.listen():
                assert feed.listeners == 1
                raise KeyError
        assert feed.listeners == 0
        feed.publish(event(1))

    async def test_ends_every_stream_when_it_closes(self) -> None:
        feed = OrderFeed(backlog=1, queue=1)
        async with feed.listen() as events:
            feed.close()
            assert [each async for each in events] == []


class TestWebSocket:
    def test_sends_orders_as_they_are_placed(self, shop: TestClient, reader: Headers) -> None:
        with shop.websocket_connect("/api/feed/orders") as socket:
            placed = order(shop, reader, (5, 2)).json()
            socket.send_text("clients may say what they like")
            assert socket.receive_json() == {
                "id": placed["id"],
                "placed_at": placed["placed_at"],
                "country": "FI",
                "copies": 2,
                "titles": [placed["items"][0]["title"]],
                "total": placed["total"],
            }

    def test_begins_with_past_orders_when_asked(self, shop: TestClient, reader: Headers) -> None:
        numbers = [order(shop, reader, (book, 1)).json()["id"] for book in (5, 6, 7)]
        with shop.websocket_connect("/api/feed/orders?replay=2") as socket:
            assert [socket.receive_json()["id"] for _ in range(2)] == numbers[1:]

    def test_refuses_what_it_does_not_understand(self, shop: TestClient) -> None:
        with (
            pytest.raises(WebSocketDisconnect) as refusal,
            shop.websocket_connect("/api/feed/orders?replay=many"),
        ):
            pass
        assert refusal.value.code == 1008

    def test_asks_a_client_that_fell_behind_to_come_again(self, app: FastAPI, shop: TestClient) -> None:
        feed: OrderFeed = shop.app_state["feed"]
        with shop.websocket_connect("/api/feed/orders") as socket:
            assert shop.portal is not None
            shop.portal.call(feed.close)
            with pytest.raises(WebSocketDisconnect) as ending:
                socket.receive_text()
        assert ending.value.code == 1013

    def test_forgets_clients_that_leave(self, shop: TestClient, reader: Headers) -> None:
        feed: OrderFeed = shop.app_state["feed"]
        with shop.websocket_connect("/api/feed/orders") as socket:
            order(shop, reader, (5, 1))
            socket.receive_text()
            assert feed.listeners == 1
        assert feed.listeners == 0


class Listener:
    """A client of the event stream, at the level of ASGI messages."""

    def __init__(self, messages: MemoryObjectReceiveStream[MutableMapping[str, Any]]) -> None:
        self._messages = messages
        self._text = ""

    async def start(self) -> dict[str, str]:
        """Wait for the head of the reply and return its headers."""
        message = await self._messages.receive()
        assert (message["type"], message["status"]) == ("http.response.start", 200)
        return {name.decode(): value.decode() for name, value in message["headers"]}

    async def next_line(self) -> str:
        """Wait for the next line and return it."""
        return await self._next("\n")

    async def next_event(self) -> list[str]:
        """Wait for the next event and return its lines."""
        return (await self._next("\n\n")).split("\n")

    async def _next(self, separator: str) -> str:
        while separator not in self._text:
            self._text += (await self._messages.receive())["body"].decode()
        text, _, self._text = self._text.partition(separator)
        return text


@asynccontextmanager
async def listening(
    app: FastAPI,
    state: Any,
    query: bytes = b"",
    *headers: tuple[bytes, bytes],
    path: str = "/api/feed/orders",
    buffer: int = 100,
) -> AsyncIterator[Listener]:
    """Open a stream; leaving the block disconnects the client and waits until the application notices."""
    scope: MutableMapping[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query, "root_path": "",
        "headers": list(headers), "client": ("test", 1), "server": ("test", 80), "state": dict(state),
    }  # fmt: skip
    send, receive = anyio.create_memory_object_stream[MutableMapping[str, Any]](buffer)
    gone, first = anyio.Event(), [{"type": "http.request", "body": b"", "more_body": False}]

    async def next_message() -> MutableMapping[str, Any]:
        if first:
            return first.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def deliver(message: MutableMapping[str, Any]) -> None:
        # As a server does: what is sent to a client who has left goes nowhere.
        with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
            await send.send(message)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app, scope, next_message, deliver)
        with send, receive, anyio.fail_after(10):
            yield Listener(receive)
            gone.set()


class TestExport:
    async def test_a_client_that_leaves_half_way_costs_no_connection(self, app: FastAPI) -> None:
        async with app.router.lifespan_context(app) as state:
            assert state is not None
            pool = state["database"].engine.pool
            for leave_after in (0, 1, 150):
                async with listening(app, state, path="/api/books/export", buffer=0) as listener:
                    await listener.start()
                    for number in range(1, leave_after + 1):
                        assert json.loads(await listener.next_line())["id"] == number
                assert (pool.checkedout(), pool.checkedin()) == (0, 1)


class TestServerSentEvents:
    async def test_sends_orders_as_they_are_placed(self, app: FastAPI) -> None:
        async with app.router.lifespan_context(app) as state:
            assert state is not None
            feed: OrderFeed = state["feed"]
            async with listening(app, state) as listener:
                headers = await listener.start()
                assert headers["content-type"].startswith("text/event-stream")
                assert headers["cache-control"] == "no-cache"
                assert await listener.next_event() == [": orders follow", "retry: 2000"]
                feed.publish(event(7))
                assert await listener.next_event() == [
                    "event: order",
                    f"data: {event(7).model_dump_json()}",
                    "id: 7",
                ]
            assert feed.listeners == 0

    async def test_goes_on_after_the_last_event_the_client_saw(self, app: FastAPI) -> None:
        async with app.router.lifespan_context(app) as state:
            assert state is not None
            for number in (1, 2, 3):
                state["feed"].publish(event(number))
            async with listening(app, state, b"replay=1", (b"last-event-id", b"1")) as listener:
                await listener.start()
                await listener.next_event()
                assert (await listener.next_event())[-1] == "id: 2"
                assert (await listener.next_event())[-1] == "id: 3"

    async def test_ends_when_the_shop_closes(self, app: FastAPI) -> None:
        async with app.router.lifespan_context(app) as state:
            assert state is not None
            async with listening(app, state) as listener:
                await listener.start()
                await listener.next_event()
                state["feed"].close()
