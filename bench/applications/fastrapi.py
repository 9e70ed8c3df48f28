"""The application on FastrAPI: `def` where nothing is awaited, as its documentation has it."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from fastrapi import FastrAPI, Header, HTTPException, Query
from fastrapi.middleware import CORSMiddleware
from fastrapi.websocket import WebSocket
from pydantic import RootModel

from bench import settings
from bench.models import ROWS, Item, Order, WorldOut

app = FastrAPI(title="bench")


@app.get("/hello")
def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/items/{item_id}")
def read_item(
    item_id: int,
    x_token: str = Header(...),
    q: str | None = None,
    limit: int = Query(10, ge=1, le=100),
) -> dict[str, Any]:
    return {"item_id": item_id, "q": q, "limit": limit, "token": x_token}


@app.post("/orders")
def create_order(order: Order):
    return order.model_dump()


@app.get("/rows")
def read_rows(start: int):
    return ROWS.dump_python(ROWS.validate_python(settings.rows(start)))


class Items(RootModel[list[Item]]):
    pass


@app.post("/bulk")
def bulk(data: Items):
    return {"count": len(data.root), "total": sum(item.value for item in data.root)}


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


@app.websocket("/ws/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except Exception:
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
    except Exception:
        pass
    finally:
        room.discard(socket)


def numbered(route: int) -> Callable[[int], Any]:
    def read_numbered(item_id: int) -> dict[str, int]:
        return {"route": route, "item_id": item_id}

    return read_numbered


for number in range(settings.ROUTES):
    app.get(f"/r{number}/{{item_id}}")(numbered(number))

if settings.DATABASE:
    from bench.database import World, sessions

    make_session = sessions()

    @app.get("/row/{row_id}")
    def read_row(row_id: int):
        with make_session() as session:
            row = session.get(World, row_id)
        if row is None:
            raise HTTPException(404, "Not Found")
        return WorldOut.model_validate(row)


if settings.MIDDLEWARE:
    app.add_middleware(CORSMiddleware, allow_origins=[settings.ORIGIN], allow_methods=["*"])


if __name__ == "__main__":
    app.serve("127.0.0.1", settings.PORT)
