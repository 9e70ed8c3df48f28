"""An application with a store, for row 16: what it needs of the store takes half a second at most."""

from __future__ import annotations

import os

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from pronghorn import FastAPI, HTTPException

app = FastAPI(openapi_url=None)
store = Redis(
    port=int(os.environ["STORE_PORT"]),
    socket_timeout=0.5,
    socket_connect_timeout=0.5,
    retry=Retry(NoBackoff(), 0),
    max_connections=40,
)


@app.get("/")
async def hello() -> dict[str, bool]:
    """Needs no store."""
    return {"ok": True}


@app.get("/stored")
async def stored() -> dict[str, int]:
    """Needs it."""
    try:
        return {"count": await store.incr("count")}
    except (RedisError, OSError, TimeoutError) as error:
        raise HTTPException(503, "the store does not answer") from error
