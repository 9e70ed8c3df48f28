"""An application that tests start in processes of their own; it tells which process answers.

/            at once                      /block/SECONDS   blocks its event loop for so long
/slow        after 0.3 s                  /stream          never comes to an end
/slow/0.05   after so many seconds        /hog/BYTES       keeps so much memory
/die         ends the process             /thread/SECONDS  is held up in a thread
/hold/SECONDS  lets no other thread run for so long
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.server.applications import answer

if os.environ.get("SERVED_FAILS"):
    raise RuntimeError("this application does not start")

VERSION = 1

_hoard: list[bytearray] = []


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        while (marker := os.environ.get("SERVED_HANGS_WHILE")) and Path(marker).exists():
            await asyncio.sleep(0.01)
        if (marker := os.environ.get("SERVED_BROKEN_WHILE")) and Path(marker).exists():
            await send({"type": "lifespan.startup.failed", "message": "broken on purpose"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if os.environ.get("SERVED_NEVER_ENDS"):
            await asyncio.Event().wait()
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        return
    action, _, argument = scope["path"][1:].partition("/")
    if scope["method"] == "POST":
        while (await receive()).get("more_body"):
            pass
    if action in ACTIONS:
        await ACTIONS[action](send, argument)
    await answer(send, str(os.getpid()).encode())


async def _slow(send: Any, seconds: str) -> None:
    await asyncio.sleep(float(seconds or 0.3))


async def _die(send: Any, argument: str) -> None:
    os._exit(7)


async def _block(send: Any, seconds: str) -> None:
    time.sleep(float(seconds))


async def _hold(send: Any, seconds: str) -> None:
    ctypes.PyDLL(None).sleep(int(seconds))  # holds the interpreter's lock, as code that is not Python may


async def _thread(send: Any, seconds: str) -> None:
    await asyncio.to_thread(time.sleep, float(seconds))


async def _hog(send: Any, size: str) -> None:
    _hoard.append(bytearray(b"x") * int(size))


async def _stream(send: Any, argument: str) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while True:
        await send({"type": "http.response.body", "body": b"data: on\n\n", "more_body": True})
        await asyncio.sleep(0.05)


async def _flood(send: Any, argument: str) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(200):
        await send({"type": "http.response.body", "body": b"\0" * 1024 * 1024, "more_body": True})


ACTIONS: dict[str, Callable[[Any, str], Awaitable[None]]] = {
    "slow": _slow,
    "die": _die,
    "block": _block,
    "hold": _hold,
    "thread": _thread,
    "hog": _hog,
    "stream": _stream,
    "flood": _flood,
}
