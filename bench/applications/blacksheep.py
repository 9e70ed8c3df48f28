"""The application on BlackSheep."""

import asyncio
import time
from collections.abc import AsyncIterable

from blacksheep import (
    Application,
    FromHeader,
    FromJSON,
    Request,
    Response,
    WebSocket,
    WebSocketDisconnectError,
    file,
    json,
    not_found,
)
from blacksheep.exceptions import BadRequest
from blacksheep.server.openapi.v3 import OpenAPIHandler
from blacksheep.server.sse import ServerSentEvent
from openapidocs.v3 import Info
from pydantic import ValidationError

from bench import settings
from bench.models import Item, Order, Row, WorldOut

app = Application()
docs = OpenAPIHandler(info=Info(title="bench", version="1"))
docs.bind_app(app)
get, post = app.router.get, app.router.post


async def unprocessable(app, request: Request, error) -> Response:
    return json({"detail": str(error)}, status=422)


app.exceptions_handlers[BadRequest] = unprocessable
app.exceptions_handlers[ValidationError] = unprocessable


class Token(FromHeader[str]):
    name = "X-Token"


@get("/hello")
async def hello():
    return json({"message": "Hello, World!"})


@get("/items/{item_id}")
async def read_item(item_id: int, token: Token, q: str | None = None, limit: int = 10):
    if not 1 <= limit <= 100:
        return json({"detail": "limit must be from 1 to 100"}, status=422)
    return json({"item_id": item_id, "q": q, "limit": limit, "token": token.value})


@post("/orders")
async def create_order(order: FromJSON[Order]):
    return json(order.value)


@post("/bulk")
async def bulk(items: FromJSON[list[Item]]):
    return json({"count": len(items.value), "total": sum(item.value for item in items.value)})


@get("/rows")
async def read_rows(start: int):
    return json([Row.model_validate(row) for row in settings.rows(start)])


@get("/def")
def in_thread():
    return json({"message": "Hello, World!"})


def sleep():
    time.sleep(0.001)
    return {"message": "Hello, World!"}


@get("/def-sleep")
async def in_thread_sleeping():
    return json(await asyncio.to_thread(sleep))


@get("/await-one")
async def await_one():
    await asyncio.sleep(0)
    return json({"message": "Hello, World!"})


@get("/await-three")
async def await_three():
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return json({"message": "Hello, World!"})


@post("/upload")
async def upload(request: Request):
    result = {}
    for part in await request.multipart():
        if part.name == b"title":
            result["title"] = part.data.decode()
        else:
            result |= {"filename": part.file_name.decode(), "size": len(part.data)}
    return json(result)


@get("/download")
async def download():
    return file(str(settings.FILE), "application/octet-stream")


@get("/events")
async def events(count: int) -> AsyncIterable[ServerSentEvent]:
    for n in range(count):
        yield ServerSentEvent({"n": n, "text": f"event {n}"})
        await asyncio.sleep(settings.EVENT_PAUSE)


@app.router.ws("/ws/echo")
async def echo(websocket: WebSocket):
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnectError:
        pass


room = set()


@app.router.ws("/ws/room")
async def broadcast(websocket: WebSocket):
    await websocket.accept()
    room.add(websocket)
    try:
        while True:
            text = await websocket.receive_text()
            for member in list(room):
                await member.send_text(text)
    except WebSocketDisconnectError:
        pass
    finally:
        room.discard(websocket)


def numbered(route):
    async def read_numbered(item_id: int):
        return json({"route": route, "item_id": item_id})

    return read_numbered


for number in range(settings.ROUTES):
    get(f"/r{number}/{{item_id}}")(numbered(number))

if settings.DATABASE:
    from bench.database import World, async_sessions

    sessions = async_sessions()

    @get("/row/{row_id}")
    async def read_row(row_id: int):
        async with sessions() as session:
            row = await session.get(World, row_id)
            return not_found() if row is None else json(WorldOut.model_validate(row))


if settings.MIDDLEWARE:
    app.use_cors(allow_methods="*", allow_origins=settings.ORIGIN)

    async def one(request, handler):
        response = await handler(request)
        response.add_header(b"X-One", b"1")
        return response

    async def two(request, handler):
        response = await handler(request)
        response.add_header(b"X-Two", b"2")
        return response

    async def three(request, handler):
        response = await handler(request)
        response.add_header(b"X-Three", b"3")
        return response

    app.middlewares.extend([one, two, three])
