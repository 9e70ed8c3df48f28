"""Row 17, on a network that is slow and loses packets: a link of few megabits between two network namespaces.

Lives here: the link, and the clients at its far end. Run as a program it is those clients:
`python -m reliability.limited HOST PORT`, in the namespace.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

from reliability.check import Figure, Skipped, at_least, exactly
from reliability.longer import needs
from reliability.peer import Gone, connected, get, post
from reliability.serving import ROOT, serving, untroubled

_CLIENTS, _REQUESTS, _SIZE = 10, 8, 20_000
_PATIENCE = 60.0
_ADDRESSES = "10.213.7.1", "10.213.7.2"
_QUEUE = ("root", "tbf", "rate", "4mbit", "burst", "16kb", "latency", "20ms")
"""What waits longer than 20 ms for its turn is dropped, and TCP has to send it again."""


def _do(*words: str) -> str:
    """Run a command as root.

    Raises:
        Skipped: it is not allowed here.
    """
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Skipped(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


@contextlib.contextmanager
def _link() -> Iterator[str]:
    """A namespace at the far end of a link that is slow both ways; its name."""
    needs("ip")
    needs("tc")
    name = f"reliability-{os.getpid()}"
    near, far = f"rl{os.getpid() % 10**6}a", f"rl{os.getpid() % 10**6}b"
    _do("ip", "netns", "add", name)
    there = ("ip", "netns", "exec", name)
    try:
        _do("ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", name)
        for where, device, address in ((), near, _ADDRESSES[0]), (there, far, _ADDRESSES[1]):
            _do(*where, "ip", "addr", "add", f"{address}/30", "dev", device)
            _do(*where, "ip", "link", "set", device, "up")
            _do(*where, "tc", "qdisc", "add", "dev", device, *_QUEUE)
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False)


async def _converse(host: str, port: int, numbers: itertools.count[int], told: Counter[str]) -> None:
    """Send large bodies and have them back, and read a stream."""
    try:
        async with asyncio.timeout(_PATIENCE), connected(port, host=host) as peer:
            for _ in range(_REQUESTS):
                body = (b"%09d." % next(numbers)) * (_SIZE // 10)
                answer = await peer.ask(post("/echo", body))
                told["right" if answer.body == body else "someone else's"] += 1
            stream = await peer.ask(get(f"/stream?size={_SIZE}"))
            told["right" if stream.body == b"x" * _SIZE else "someone else's"] += 1
    except TimeoutError:
        told["hung"] += 1
    except (*Gone, ValueError):
        told["cut"] += 1


async def _crowd(host: str, port: int) -> Counter[str]:
    told: Counter[str] = Counter()
    numbers = itertools.count()
    await asyncio.gather(*(_converse(host, port, numbers, told) for _ in range(_CLIENTS)))
    return told


def _dropped(name: str) -> int:
    """How many packets the link has lost, of those to the server."""
    told: list[Any] = json.loads(_do("ip", "netns", "exec", name, "tc", "-s", "-j", "qdisc", "show"))
    return sum(queue.get("drops", 0) for queue in told)


async def slow_link() -> AsyncIterator[Figure]:
    """Every answer arrives, whole and where it belongs."""
    with _link() as name, serving(host="0.0.0.0") as server:
        process = await asyncio.create_subprocess_exec(
            *("ip", "netns", "exec", name, sys.executable, "-m", "reliability.limited"),
            *(_ADDRESSES[0], str(server.port)),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        told = Counter(json.loads(out))
        yield at_least("right answers", told["right"], _CLIENTS * (_REQUESTS + 1))
        yield exactly("answers to somebody else", told["someone else's"], 0)
        yield exactly("clients that waited for ever, or were cut", told["hung"] + told["cut"], 0)
        yield at_least("packets lost on the way to the server", _dropped(name), 1)
        yield untroubled(server)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_crowd(sys.argv[1], int(sys.argv[2])))))
