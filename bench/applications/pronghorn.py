"""The application on Pronghorn."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

from pydantic import BaseModel

from bench import settings
from bench.models import Item, Order, Row
from pronghorn import (
    Depends,
    Form,
    Header,
    HTTPException,
    Pronghorn,
    Query,
    Request,
    Response,
    UploadFile,
    WebSocket,
    WebSocketDisconnect,
)
from pronghorn.middleware.cors import CORSMiddleware
from pronghorn.responses import FileResponse
from pronghorn.sse import EventSourceResponse, ServerSentEvent

app = Pronghorn(title="bench")


@app.get("/hello")
async def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/items/{item_id}")
async def read_item(
    item_id: int,
    x_token: Annotated[str, Header()],
    q: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> dict[str, Any]:
    return {"item_id": item_id, "q": q, "limit": limit, "token": x_token}


@app.post("/orders")
async def create_order(order: Order) -> Order:
    return order


class Ware(BaseModel):
    name: str
    price: float
    tags: list[str] = []
    description: str | None = None


@app.post("/items")
async def create_ware(ware: Ware) -> Ware:
    return ware


@app.get("/rows", response_model=list[Row])
async def read_rows(start: int) -> Any:
    return settings.rows(start)


@app.post("/bulk")
async def bulk(items: list[Item]) -> dict[str, float]:
    return {"count": len(items), "total": sum(item.value for item in items)}


async def get_token(x_token: Annotated[str, Header()]) -> str:
    return x_token


async def get_owner(token: Annotated[str, Depends(get_token)]) -> dict[str, str]:
    return {"name": token}


async def get_active_owner(owner: Annotated[dict[str, str], Depends(get_owner)]) -> dict[str, str]:
    return owner


@app.get("/chain")
async def read_owner(owner: Annotated[dict[str, str], Depends(get_active_owner)]) -> dict[str, str]:
    return owner


async def get_session() -> AsyncIterator[dict[str, str]]:
    session = {"session": "open"}
    yield session
    session["session"] = "closed"


Session = Annotated[dict[str, str], Depends(get_session)]


async def get_user(session: Session, x_token: Annotated[str, Header()]) -> dict[str, str]:
    return {"name": x_token, **session}


async def get_active_user(user: Annotated[dict[str, str], Depends(get_user)]) -> dict[str, str]:
    return user


@app.get("/me")
async def read_me(user: Annotated[dict[str, str], Depends(get_active_user)]) -> dict[str, str]:
    return user


def get_session_def() -> Iterator[dict[str, str]]:
    session = {"session": "open"}
    yield session
    session["session"] = "closed"


SessionDef = Annotated[dict[str, str], Depends(get_session_def)]


def get_user_def(session: SessionDef, x_token: Annotated[str, Header()]) -> dict[str, str]:
    return {"name": x_token, **session}


def get_active_user_def(user: Annotated[dict[str, str], Depends(get_user_def)]) -> dict[str, str]:
    return user


@app.get("/me-def")
async def read_me_def(user: Annotated[dict[str, str], Depends(get_active_user_def)]) -> dict[str, str]:
    return user


@app.get("/def")
def in_thread() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/def-sleep")
def in_thread_sleeping() -> dict[str, str]:
    time.sleep(0.001)
    return {"message": "Hello, World!"}


@app.get("/await-one")
async def await_one() -> dict[str, str]:
    await asyncio.sleep(0)
    return {"message": "Hello, World!"}


@app.get("/await-three")
async def await_three() -> dict[str, str]:
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return {"message": "Hello, World!"}


@app.post("/upload")
async def upload(title: Annotated[str, Form()], file: UploadFile) -> dict[str, Any]:
    size = 0
    while chunk := await file.read(64 * 1024):
        size += len(chunk)
    return {"title": title, "filename": file.filename, "size": size}


@app.get("/download")
async def download() -> FileResponse:
    return FileResponse(settings.FILE, media_type="application/octet-stream")


@app.get("/events", response_class=EventSourceResponse)
async def events(count: int) -> AsyncIterator[ServerSentEvent]:
    for n in range(count):
        yield ServerSentEvent(data={"n": n, "text": f"event {n}"})
        await asyncio.sleep(settings.EVENT_PAUSE)


@app.websocket("/ws/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass


room: set[WebSocket] = set()


@app.websocket("/ws/room")
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


def numbered(route: int) -> Callable[[int], Any]:
    async def read_numbered(item_id: int) -> dict[str, int]:
        return {"route": route, "item_id": item_id}

    return read_numbered


for number in range(settings.ROUTES):
    app.get(f"/r{number}/{{item_id}}")(numbered(number))

if settings.DATABASE:
    from sqlalchemy.ext.asyncio import AsyncSession

    from bench.database import World, async_sessions

    sessions = async_sessions()

    class WorldOut(BaseModel):
        id: int
        name: str
        value: int

    async def get_database() -> AsyncIterator[AsyncSession]:
        async with sessions() as session:
            yield session

    @app.get("/row/{row_id}", response_model=WorldOut)
    async def read_row(row_id: int, session: Annotated[AsyncSession, Depends(get_database)]) -> Any:
        row = await session.get(World, row_id)
        if row is None:
            raise HTTPException(404)
        return row


if settings.MIDDLEWARE:

    @app.middleware("http")
    async def one(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["x-one"] = "1"
        return response

    @app.middleware("http")
    async def two(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["x-two"] = "2"
        return response

    @app.middleware("http")
    async def three(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["x-three"] = "3"
        return response

    app.add_middleware(CORSMiddleware, allow_origins=[settings.ORIGIN], allow_methods=["*"])
