"""The application on Litestar."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Litestar, Request, Response, WebSocket, get, post, websocket
from litestar.config.cors import CORSConfig
from litestar.datastructures import MutableScopeHeaders, UploadFile
from litestar.di import Provide
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException, ValidationException, WebSocketDisconnect
from litestar.middleware import ASGIMiddleware
from litestar.params import Body, Parameter
from litestar.response import File, ServerSentEvent

from bench import settings


class Address(msgspec.Struct):
    street: str
    city: str
    postcode: Annotated[str, msgspec.Meta(min_length=3, max_length=10)]


class Customer(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    email: str
    address: Address


class Line(msgspec.Struct):
    sku: str
    quantity: Annotated[int, msgspec.Meta(ge=1)]
    price: Annotated[float, msgspec.Meta(ge=0)]


class Order(msgspec.Struct):
    customer: Customer
    lines: list[Line]
    note: str | None = None
    gift: bool = False


class Item(msgspec.Struct):
    id: int
    name: str
    value: float
    active: bool


class Row(msgspec.Struct):
    id: int
    name: str
    price: float
    tags: list[str]
    active: bool
    note: str | None


@get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@get("/items/{item_id:str}")
async def read_item(
    item_id: int,
    token: Annotated[str, Parameter(header="X-Token")],
    q: str | None = None,
    limit: Annotated[int, Parameter(ge=1, le=100)] = 10,
) -> dict[str, Any]:
    return {"item_id": item_id, "q": q, "limit": limit, "token": token}


@post("/orders", status_code=200)
async def create_order(data: Order) -> Order:
    return data


@post("/bulk", status_code=200)
async def bulk(data: list[Item]) -> dict[str, float]:
    return {"count": len(data), "total": sum(item.value for item in data)}


@get("/rows")
async def read_rows(start: int) -> list[Row]:
    return msgspec.convert(settings.rows(start), list[Row])


async def get_session() -> AsyncGenerator[dict[str, str], None]:
    session = {"session": "open"}
    yield session
    session["session"] = "closed"


async def get_user(
    session: dict[str, str], token: Annotated[str, Parameter(header="X-Token")]
) -> dict[str, str]:
    return {"name": token, **session}


async def get_active_user(user: dict[str, str]) -> dict[str, str]:
    return user


@get(
    "/me",
    dependencies={
        "session": Provide(get_session),
        "user": Provide(get_user),
        "active_user": Provide(get_active_user),
    },
)
async def read_me(active_user: dict[str, str]) -> dict[str, str]:
    return active_user


def get_session_def() -> Generator[dict[str, str], None, None]:
    session = {"session": "open"}
    yield session
    session["session"] = "closed"


def get_user_def(
    session: dict[str, str], token: Annotated[str, Parameter(header="X-Token")]
) -> dict[str, str]:
    return {"name": token, **session}


def get_active_user_def(user: dict[str, str]) -> dict[str, str]:
    return user


@get(
    "/me-def",
    dependencies={
        "session": Provide(get_session_def),
        "user": Provide(get_user_def, sync_to_thread=True),
        "active_user": Provide(get_active_user_def, sync_to_thread=True),
    },
)
async def read_me_def(active_user: dict[str, str]) -> dict[str, str]:
    return active_user


@get("/def", sync_to_thread=True)
def in_thread() -> dict[str, str]:
    return {"message": "Hello, World!"}


@get("/def-sleep", sync_to_thread=True)
def in_thread_sleeping() -> dict[str, str]:
    time.sleep(0.001)
    return {"message": "Hello, World!"}


@get("/await-one")
async def await_one() -> dict[str, str]:
    await asyncio.sleep(0)
    return {"message": "Hello, World!"}


@get("/await-three")
async def await_three() -> dict[str, str]:
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return {"message": "Hello, World!"}


@dataclass
class Form:
    title: str
    file: UploadFile


@post("/upload", status_code=200, request_max_body_size=2**25)
async def upload(data: Annotated[Form, Body(media_type=RequestEncodingType.MULTI_PART)]) -> dict[str, Any]:
    size = 0
    while chunk := await data.file.read(64 * 1024):
        size += len(chunk)
    return {"title": data.title, "filename": data.file.filename, "size": size}


@get("/download")
async def download() -> File:
    return File(settings.FILE, media_type="application/octet-stream")


@get("/events")
async def events(count: int) -> ServerSentEvent:
    async def stream() -> AsyncGenerator[str, None]:
        for n in range(count):
            yield json.dumps({"n": n, "text": f"event {n}"})
            await asyncio.sleep(settings.EVENT_PAUSE)

    return ServerSentEvent(stream())


@websocket("/ws/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass


room: set[WebSocket] = set()


@websocket("/ws/room")
async def broadcast(socket: WebSocket) -> None:
    await socket.accept()
    room.add(socket)
    try:
        while True:
            text = await socket.receive_text()
            for member in list(room):
                await member.send_text(text)
    except WebSocketDisconnect:
        pass
    finally:
        room.discard(socket)


def numbered(route: int) -> Any:
    @get(f"/r{route}/{{item_id:int}}", operation_id=f"numbered_{route}")
    async def read_numbered(item_id: int) -> dict[str, int]:
        return {"route": route, "item_id": item_id}

    return read_numbered


handlers = [
    *(hello, read_item, create_order, bulk, read_rows, read_me, read_me_def, in_thread, in_thread_sleeping),
    *(await_one, await_three, upload, download, events, echo, broadcast),
    *(numbered(number) for number in range(settings.ROUTES)),
]

if settings.DATABASE:
    from bench.database import World, async_sessions

    sessions = async_sessions()

    class WorldOut(msgspec.Struct):
        id: int
        name: str
        value: int

    @get("/row/{row_id:int}")
    async def read_row(row_id: int) -> WorldOut:
        async with sessions() as session:
            row = await session.get(World, row_id)
            if row is None:
                raise NotFoundException
            return WorldOut(row.id, row.name, row.value)

    handlers.append(read_row)


class AddHeader(ASGIMiddleware):
    name = value = ""

    async def handle(self, scope, receive, send, next_app):
        async def send_more(message):
            if message["type"] == "http.response.start":
                MutableScopeHeaders.from_message(message)[self.name] = self.value
            await send(message)

        await next_app(scope, receive, send_more)


class One(AddHeader):
    name, value = "X-One", "1"


class Two(AddHeader):
    name, value = "X-Two", "2"


class Three(AddHeader):
    name, value = "X-Three", "3"


def unprocessable(request: Request, error: ValidationException) -> Response:
    return Response({"detail": error.detail, "extra": error.extra}, status_code=422)


app = Litestar(
    handlers,
    exception_handlers={ValidationException: unprocessable},
    middleware=[One(), Two(), Three()] if settings.MIDDLEWARE else [],
    cors_config=CORSConfig(allow_origins=[settings.ORIGIN]) if settings.MIDDLEWARE else None,
)
