"""A client that behaves, and how long it waits while others do not.

Lives here: latencies, from a process of their own, so that no other client's work counts as the server's.
Run as a program it is that process: `python -m reliability.polite PORT SECONDS TARGET`.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field

_PAUSE = 0.004


@dataclass
class Latencies:
    """Seconds that each request took, in order, and its status; filled in when the client has ended."""

    seconds: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """How many had no answer, or a server error."""
        return sum(status == 0 or status >= 500 for status in self.statuses)

    def of(self, status: int) -> Latencies:
        """Those of one status."""
        pairs = zip(self.seconds, self.statuses, strict=True)
        seconds = [one for one, answered in pairs if answered == status]
        return Latencies(seconds, [status] * len(seconds))

    def percentile(self, share: float) -> float:
        """The latency that `share` (0.99) of the requests did not exceed, in milliseconds."""
        ordered = sorted(self.seconds)
        if not ordered:
            return float("inf")
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@contextlib.asynccontextmanager
async def polite_client(port: int, seconds: float, target: str = "/") -> AsyncIterator[Latencies]:
    """Ask for `target` again and again for `seconds`, or until the block ends, whichever is later."""
    found = Latencies()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "reliability.polite", str(port), str(seconds), target),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield found
    finally:
        answer, _ = await process.communicate()
        told = json.loads(answer or "{}")
        found.seconds = told.get("seconds", [])
        found.statuses = told.get("statuses", [])


def ask_politely(port: int, seconds: float, target: str) -> Latencies:
    """One request after the other on a kept connection; a new connection after a failure."""
    found = Latencies()
    end = time.monotonic() + seconds
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    while time.monotonic() < end:
        begun, status = time.perf_counter(), 0
        try:
            connection.request("GET", target)
            answer = connection.getresponse()
            answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException):
            connection.close()
        found.statuses.append(status)
        found.seconds.append(time.perf_counter() - begun)
        time.sleep(_PAUSE)
    connection.close()
    return found


if __name__ == "__main__":
    latencies = ask_politely(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3])
    print(json.dumps(asdict(latencies)))
