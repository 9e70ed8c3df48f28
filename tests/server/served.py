"""An application that tests start in processes of their own; it tells which process answers."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from tests.server.applications import answer

if os.environ.get("SERVED_FAILS"):
    raise RuntimeError("this application does not start")

VERSION = 1


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        if (marker := os.environ.get("SERVED_BROKEN_WHILE")) and Path(marker).exists():
            await send({"type": "lifespan.startup.failed", "message": "broken on purpose"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] == "/slow":
        await asyncio.sleep(0.3)
    if scope["path"] == "/die":
        os._exit(7)
    await answer(send, str(os.getpid()).encode())
