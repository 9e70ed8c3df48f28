"""An application whose handlers block the event loop, each in its own way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Annotated

from pronghorn import Depends, FastAPI, Request, Response

app = FastAPI()


def rest() -> None:
    time.sleep(0.4)


async def tired() -> None:
    rest()


@app.middleware("http")
async def pass_on(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    return await call_next(request)


@app.get("/direct")
async def direct() -> str:
    time.sleep(0.4)
    return "done"


@app.get("/task")
async def task() -> str:
    await asyncio.sleep(0)
    await tired()
    return "done"


@app.get("/dependency")
async def dependent(value: Annotated[None, Depends(tired)]) -> str:
    return "done"


@app.get("/thread")
def in_a_thread() -> str:
    time.sleep(0.4)
    return "done"


@app.get("/waits")
async def waits() -> str:
    await asyncio.sleep(0.4)
    return "done"
