"""A bad network between client and server: a proxy that delays, splits, cuts and resets.

Lives here: the proxy. Must not live here: what is sent through it. Invariant: what it passes on, it passes
on in order and unchanged; all it may do is take time, cut pieces smaller, or end the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Weather:
    """What the network does to each connection.

    Attributes:
        largest: bytes of the largest piece passed on at once.
        delay: the longest delay of a piece, in seconds.
        cut: how likely a piece is the last one.
        reset: whether the end is a reset.
    """

    largest: int = 65536
    delay: float = 0.0
    cut: float = 0.0
    reset: bool = False


async def _carry(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, weather: Weather, dice: random.Random
) -> None:
    while data := await source.read(65536):
        while data:
            if dice.random() < weather.cut:
                return
            piece = data[: dice.randint(1, weather.largest)]
            data = data[len(piece) :]
            if weather.delay:
                await asyncio.sleep(dice.random() * weather.delay)
            sink.write(piece)
            await sink.drain()


def _end(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    raw: Any = writer.get_extra_info("socket")
    if reset and raw is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    else:
        writer.close()


@contextlib.asynccontextmanager
async def chaos_proxy(port: int, weather: Weather, seed: int = 0) -> AsyncIterator[int]:
    """Pass connections on to `port` while the block runs; yields the port to connect to."""
    dice = random.Random(seed)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        ways = [
            asyncio.create_task(_carry(reader, back, weather, dice)),
            asyncio.create_task(_carry(there, writer, weather, dice)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            _end(writer, reset=weather.reset)
            _end(back, reset=weather.reset)

    proxy = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    try:
        yield proxy.sockets[0].getsockname()[1]
    finally:
        proxy.close()
