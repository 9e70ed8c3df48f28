"""What the server serves while it is checked: an ordinary application, with a window on its handlers."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel

from pronghorn import (
    Cookie,
    FastAPI,
    Form,
    Query,
    Request,
    Response,
    UploadFile,
    WebSocket,
    WebSocketDisconnect,
)
from pronghorn.responses import StreamingResponse
from pronghorn.staticfiles import StaticFiles

app = FastAPI(openapi_url=None)
happened: Counter[str] = Counter()
"""What handlers went through, by name."""

_PIECE = b"x" * 16384


@app.get("/")
async def hello() -> dict[str, bool]:
    """The smallest thing to ask for."""
    return {"ok": True}


@app.head("/head")
async def head() -> dict[str, bool]:
    """What has a length and no body."""
    return {"ok": True}


@app.get("/empty", status_code=204)
async def empty() -> None:
    """Nothing."""


@app.get("/happened")
async def tell() -> dict[str, int]:
    """What handlers went through so far."""
    return dict(happened)


@app.post("/")
@app.post("/echo")
async def echo(request: Request) -> Response:
    """The body, as it was read."""
    return Response(await request.body(), media_type="application/octet-stream")


@app.post("/count")
async def count(request: Request) -> dict[str, Any]:
    """The length and the hash of the body, read piece by piece."""
    happened["count begun"] += 1
    digest, size = hashlib.sha256(), 0
    async for piece in request.stream():
        digest.update(piece)
        size += len(piece)
    happened["count ended"] += 1
    return {"size": size, "sha256": digest.hexdigest()}


@app.get("/stream")
async def stream(size: int) -> StreamingResponse:
    """Bytes in pieces, each awaited."""

    async def pieces() -> AsyncIterator[bytes]:
        happened["stream begun"] += 1
        try:
            for start in range(0, size, len(_PIECE)):
                yield _PIECE[: size - start]
                await asyncio.sleep(0)
            happened["stream complete"] += 1
        finally:
            happened["stream ended"] += 1

    return StreamingResponse(pieces(), media_type="application/octet-stream")


@app.get("/whole")
async def whole(size: int) -> Response:
    """Bytes in one piece."""
    return Response(b"x" * size, media_type="application/octet-stream")


@app.get("/wait")
async def wait(seconds: float) -> dict[str, float]:
    """An answer that takes time."""
    happened["wait begun"] += 1
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        happened["wait cancelled"] += 1
        raise
    happened["wait ended"] += 1
    return {"waited": seconds}


@app.get("/work")
def work(number: int) -> dict[str, int]:
    """Something for a thread."""
    return {"square": number * number}


@app.get("/block")
async def block(seconds: float) -> dict[str, float]:
    """Blocks the event loop: what no handler should do."""
    import time

    time.sleep(seconds)  # noqa: ASYNC251 - on purpose
    return {"blocked": seconds}


@app.post("/upload")
async def upload(file: UploadFile) -> dict[str, int]:
    """A file."""
    size = 0
    while piece := await file.read(65536):
        size += len(piece)
    return {"size": size}


class Thing(BaseModel):
    """A body."""

    name: str
    size: int


@app.post("/typed/{number}")
async def typed(
    number: int, thing: Thing, flag: bool = False, tags: Annotated[list[str] | None, Query()] = None
) -> dict[str, Any]:
    """Parameters of every kind but one."""
    return {"number": number, "flag": flag, "tags": tags, "thing": thing}


@app.get("/cookies")
async def cookies(
    session: Annotated[str, Cookie()], other: Annotated[int | None, Cookie()] = None
) -> list[Any]:
    """The last kind."""
    return [session, other]


@app.post("/form")
async def form(name: Annotated[str, Form()], size: Annotated[int, Form()]) -> Thing:
    """A form."""
    return Thing(name=name, size=size)


app.mount("/files", StaticFiles(directory=Path(__file__).parent / "files"))


@app.websocket("/")
@app.websocket("/ws")
async def converse(websocket: WebSocket) -> None:
    """Sends back what it hears, text as text and bytes as bytes."""
    await websocket.accept()
    try:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if (text := message.get("text")) is not None:
                await websocket.send_text(text)
            else:
                await websocket.send_bytes(message["bytes"])
    except WebSocketDisconnect:
        return


@app.api_route("/seen/{rest:path}", methods=["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def seen(request: Request) -> dict[str, Any]:
    """The request, as it was understood."""
    return {
        "method": request.method,
        "path": request.scope["path"],
        "query": request.scope["query_string"].decode("latin-1"),
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in request.headers.raw],
        "body": (await request.body()).decode("latin-1"),
    }
