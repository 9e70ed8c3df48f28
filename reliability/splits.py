"""Row 22: a request means the same, wherever the network cuts it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

from reliability.cases.case import converse
from reliability.cases.rules import ANSWERS
from reliability.cases.smuggling import ENDS
from reliability.check import Figure, none_of
from reliability.peer import PATIENCE, connected, get
from reliability.serving import serving, untroubled

_AT_ONCE = 64
_BETWEEN = 0.002
"""Seconds between two pieces: enough for the server to read the first alone, most of the time."""
_LAST = get("/", "Connection: close")
_LONGEST = 400
# Whoever goes on after an end may be reset before or after the answer is read.
_BEYOND_THE_END = "close, then another"
# What may differ: the second of the answer, and whether the body was there before it was asked for.
_INCIDENTAL = re.compile(rb"date: [^\r]*\r\n|HTTP/1\.1 100 Continue\r\n\r\n", re.IGNORECASE)


async def hold(port: int, *pieces: bytes) -> bytes:
    """Say the pieces one by one; all that comes back until the server closes."""
    async with connected(port) as peer:
        try:
            for piece in pieces:
                await peer.say(piece)
                await asyncio.sleep(_BETWEEN)
            heard = await asyncio.wait_for(peer.reader.read(), PATIENCE)
        except ConnectionError:
            heard = b"reset"
    return _INCIDENTAL.sub(b"", heard)


async def splits() -> AsyncIterator[Figure]:
    """Each valid request, cut at every byte."""
    different: list[str] = []
    total = 0
    gate = asyncio.Semaphore(_AT_ONCE)

    async def compare(name: str, data: bytes, cut: int, whole: bytes) -> None:
        async with gate:
            if await hold(port, data[:cut], data[cut:]) != whole:
                different.append(f"{name} at {cut}")

    with serving() as server:
        port = server.port
        for case in (*ANSWERS, *ENDS):
            closes = (await converse(port, case.data)).closed
            data = case.data if closes else case.data + _LAST
            if len(data) <= _LONGEST and case.name != _BEYOND_THE_END:
                whole = await hold(port, data)
                total += len(data) - 1
                await asyncio.gather(*(compare(case.name, data, cut, whole) for cut in range(1, len(data))))
        yield none_of("results that a cut changed", different, total)
        yield untroubled(server)
