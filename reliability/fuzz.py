"""Row 21, from outside: requests gone wrong at random, against the server that runs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator

from reliability.aborts import MIB
from reliability.cases.malformed import MALFORMED
from reliability.cases.rules import RULES
from reliability.cases.smuggling import SMUGGLING
from reliability.check import Figure, at_least, at_most, exactly
from reliability.disk import form
from reliability.peer import Gone, connected, get, post
from reliability.serving import Served, serving, untroubled

_AT_ONCE = 48
_SILENCE = 0.03
_LAST = b"\r\n\r\n" + get("/", "Connection: close")
_COMMON = {501, 505, 507}
"""Server errors that are the right answer to some requests."""

_APPLICATION = (
    post("/typed/3?flag=yes&tags=a&tags=b", b'{"name": "a", "size": 1}', "Content-Type: application/json"),
    get("/cookies", 'Cookie: session="a\\"b"; other=1'),
    post("/form", b"name=a&size=1", "Content-Type: application/x-www-form-urlencoded"),
    post("/upload", form(30), "Content-Type: multipart/form-data; boundary=b"),
    get("/files/note.txt", "Range: bytes=0-3, 5-", "If-None-Match: x"),
    get(
        "/ws",
        *("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    + b"\x81\x85\0\0\0\0hello\x88\x82\0\0\0\0\x03\xe8",
)
SEEDS = [
    *_APPLICATION * 6,
    *(case.data for case in (*RULES, *SMUGGLING, *MALFORMED) if len(case.data) < 2000),
]
_PIECES = [
    *(b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b"=", b"&", b'"', b"%", b"\xff", b"0", b"-1"),
    *(b"\r\n\r\n", b"0\r\n\r\n", b"5;a=b\r\n", b"Host: b\r\n", b"Content-Length: 5\r\n", b"HTTP/1.0"),
    *(
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"Expect: 100-continue\r\n",
        b"{",
        b"[" * 70,
    ),
    *(b"Connection: upgrade\r\nUpgrade: websocket\r\n", b"GET / HTTP/1.1\r\n", b"..", b"//", b"%00", b"%0a"),
]


def mutate(dice: random.Random) -> bytes:
    """One seed, changed in a few places."""
    data = bytearray(dice.choice(SEEDS))
    for _ in range(dice.choice((0, 1, 1, 2, 3, 5))):
        place = dice.randint(0, len(data))
        kind = dice.random()
        if kind < 0.35:
            data[place:place] = dice.choice(_PIECES)
        elif kind < 0.6:
            del data[place : place + dice.randint(1, 8)]
        elif kind < 0.8 and data:
            data[min(place, len(data) - 1)] = dice.randrange(256)
        else:
            other = dice.choice(SEEDS)
            start = dice.randint(0, len(other))
            data[place : place + dice.randint(0, 30)] = other[start : start + dice.randint(0, 80)]
    return bytes(data)


async def throw(port: int, data: bytes, cut: int) -> bytes:
    """Say `data` in two pieces, then a last request; all that comes back until silence or the end."""
    heard = bytearray()
    with contextlib.suppress(*Gone, TimeoutError):
        async with connected(port) as peer:
            await peer.say(data[:cut])
            await asyncio.sleep(0)
            await peer.say(data[cut:] + _LAST)
            while piece := await asyncio.wait_for(peer.reader.read(65536), _SILENCE):
                heard += piece
    return bytes(heard)


def statuses(heard: bytes) -> list[int]:
    """The statuses in what came back, by their lines."""
    lines = heard.split(b"HTTP/1.1 ")[1:]
    return [int(line[:3]) for line in lines if line[:3].isdigit()]


async def _thrower(port: int, dice: random.Random, until: list[int], told: Counter[str]) -> None:
    while until[0] > 0:
        until[0] -= 1
        data = mutate(dice)
        found = statuses(await throw(port, data, dice.randint(0, len(data))))
        told["answers"] += len(found)
        for status in found:
            if status >= 500 and status not in _COMMON:
                told["5xx"] += 1
                print(f"    {status} to {data!r}", flush=True)


async def _throw_many(server: Served, count: int, seed: int) -> AsyncIterator[Figure]:
    told: Counter[str] = Counter()
    left = [count]
    before, begun, used = server.memory(), time.monotonic(), server.cpu_seconds()
    dice = [random.Random(seed + i) for i in range(_AT_ONCE)]
    await asyncio.gather(*(_thrower(server.port, one, left, told) for one in dice))
    seconds = server.cpu_seconds() - used
    yield at_least(f"inputs ({told['answers']:,} answers, {time.monotonic() - begun:.0f} s)", count, count)
    yield exactly("server errors", told["5xx"], 0)
    yield untroubled(server)
    yield at_most("the server's processor time for each", 1000 * seconds / count, 50, "ms")
    yield at_most("memory", (server.memory() - before) / MIB, 20, "MiB more")
    yield exactly("the server lives", server.is_alive(), True)


async def fuzz() -> AsyncIterator[Figure]:
    """5,000 inputs; `RELIABILITY_SEED` makes it others."""
    with serving() as server:
        async for figure in _throw_many(server, 5_000, int(os.environ.get("RELIABILITY_SEED", "1"))):
            yield figure


async def fuzz_long() -> AsyncIterator[Figure]:
    """100,000 inputs, or `RELIABILITY_INPUTS`."""
    count = int(os.environ.get("RELIABILITY_INPUTS", "100000"))
    with serving() as server:
        async for figure in _throw_many(server, count, int(os.environ.get("RELIABILITY_SEED", "100"))):
            yield figure
