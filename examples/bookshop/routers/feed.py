"""New orders as they happen: over a WebSocket, and as Server-Sent Events."""

from collections.abc import AsyncIterator
from typing import Annotated

import anyio

from pronghorn import APIRouter, Header, Query, WebSocket, WebSocketDisconnect, status
from pronghorn.sse import EventSourceResponse, ServerSentEvent

from ..dependencies import Feed

router = APIRouter(prefix="/feed", tags=["feed"])

Replay = Annotated[int, Query(ge=0, le=50, description="Begin with up to this many past orders.")]


@router.websocket("/orders")
async def watch_orders(websocket: WebSocket, feed: Feed, replay: Replay = 0) -> None:
    """Send each new order as one JSON message, until either side has had enough."""
    async with feed.listen(last=replay) as events:
        await websocket.accept()
        async with anyio.create_task_group() as tasks:

            async def await_departure() -> None:
                """Read, and ignore, what the client sends; when it leaves, stop sending."""
                with_client = True
                while with_client:
                    with_client = (await websocket.receive())["type"] != "websocket.disconnect"
                tasks.cancel_scope.cancel()

            tasks.start_soon(await_departure)
            try:
                async for event in events:
                    await websocket.send_text(event.model_dump_json())
                # The stream ended: the shop is closing, or this client fell behind. Either way: come again.
                await websocket.close(status.WS_1013_TRY_AGAIN_LATER)
            except WebSocketDisconnect:
                return
            finally:
                tasks.cancel_scope.cancel()


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
