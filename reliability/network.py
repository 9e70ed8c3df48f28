"""Row 17: a bad network loses answers, but never mixes them up, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator

from reliability.aborts import MIB
from reliability.chaos import Weather, chaos_proxy
from reliability.check import Figure, at_least, at_most, exactly
from reliability.peer import Gone, Peer, connected, post
from reliability.serving import serving, untroubled

WEATHERS = {
    "delays": (Weather(delay=0.02), True),
    "one byte at a time": (Weather(largest=1), True),
    "small pieces, late": (Weather(largest=7, delay=0.002), True),
    "connections cut": (Weather(largest=100, cut=0.02), False),
    "connections reset": (Weather(largest=100, cut=0.02, reset=True), False),
}
"""What the network does, and whether every answer must still arrive."""

_CLIENTS = 20
_REQUESTS = 15
_PATIENCE = 30.0


async def _ask_three(peer: Peer, numbers: itertools.count[int], told: Counter[str]) -> None:
    """Ask for numbers that nobody else asks for, and look whose answers come."""
    bodies = [b"%d." % next(numbers) * 20 for _ in range(3)]
    await peer.say(b"".join(post("/echo", body) for body in bodies))
    for body in bodies:
        answer = await peer.response(timeout=_PATIENCE)
        told["right" if answer.body == body else "someone else's"] += 1


async def _converse(port: int, numbers: itertools.count[int], told: Counter[str]) -> None:
    try:
        async with asyncio.timeout(_PATIENCE), connected(port) as peer:
            for _ in range(_REQUESTS):
                await _ask_three(peer, numbers, told)
    except TimeoutError:
        told["hung"] += 1
    except (*Gone, ValueError):
        told["cut"] += 1


async def bad_network() -> AsyncIterator[Figure]:
    """Every kind of weather."""
    with serving() as server:
        numbers = itertools.count()
        base = server.descriptors()
        for name, (weather, complete) in WEATHERS.items():
            told: Counter[str] = Counter()
            async with chaos_proxy(server.port, weather) as port:
                await asyncio.gather(*(_converse(port, numbers, told) for _ in range(_CLIENTS)))
            yield exactly(f"{name}: answers to somebody else", told["someone else's"], 0)
            yield exactly(f"{name}: clients that waited for ever", told["hung"], 0)
            if complete:
                yield at_least(f"{name}: right answers", told["right"], _CLIENTS * _REQUESTS * 3)
        await asyncio.sleep(1)
        yield at_most("descriptors left behind", server.descriptors() - base, 0)
        yield at_most("memory", server.memory() / MIB, 200, "MiB")
        yield untroubled(server)
