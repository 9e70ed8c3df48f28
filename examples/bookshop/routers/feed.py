"""New orders as they happen: over a WebSocket, and as Server-Sent Events."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated

import anyio
from anyio import CancelScope

from pronghorn import APIRouter, Header, Query, WebSocket, WebSocketDisconnect, status
from pronghorn.sse import EventSourceResponse, ServerSentEvent

from ..dependencies import Feed
from ..events import OrderEvent

router = APIRouter(prefix="/feed", tags=["feed"])

Replay = Annotated[int, Query(ge=0, le=50, description="Begin with up to this many past orders.")]


@router.websocket("/orders")
async def watch_orders(websocket: WebSocket, feed: Feed, replay: Replay = 0) -> None:
    """Send each new order as one JSON message, until either side has had enough."""
    async with feed.listen(last=replay) as events:
        await websocket.accept()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stop_at_departure, websocket, tasks.cancel_scope)
            await send_orders(websocket, events)
            tasks.cancel_scope.cancel()


async def stop_at_departure(websocket: WebSocket, sending: CancelScope) -> None:
    """Read, and ignore, what the client sends; when it leaves, stop sending."""
    with_client = True
    while with_client:
        with_client = (await websocket.receive())["type"] != "websocket.disconnect"
    sending.cancel()


async def send_orders(websocket: WebSocket, events: AsyncIterator[OrderEvent]) -> None:
    """Send events as long as both sides go on."""
    with suppress(WebSocketDisconnect):
        async for event in events:
            await websocket.send_text(event.model_dump_json())
        # The stream ended: the shop is closing, or this client fell behind. Either way: come again.
        await websocket.close(status.WS_1013_TRY_AGAIN_LATER)


@router.get("/orders", response_class=EventSourceResponse)
async def stream_orders(
    feed: Feed,
    replay: Replay = 0,
    last_event_id: Annotated[
        int | None, Header(description="The last order a returning listener saw.")
    ] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Send each new order as an event named `order`, its number as id, so that browsers resume where they were."""
    async with feed.listen(last=replay, after=last_event_id) as events:
        yield ServerSentEvent(comment="orders follow", retry=2000)
        async for event in events:
            yield ServerSentEvent(event="order", id=str(event.id), data=event)
