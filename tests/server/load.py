"""Load on a server, and what became of each request.

    with Load(port, KEEP_ALIVE) as load:
        load.wait_for(100)
        ...  # something that must not lose a request
    assert load.failed == []

A request has failed when its connection was let in, and no whole response came back. A connection that is
refused is none that was lost: there is nobody to lose it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType

_BODY = b"x" * 20_000


@dataclass(frozen=True)
class Mode:
    """What clients do.

    Attributes:
        name: for people.
        path: where the requests go.
        body: what they carry; in two parts, with a moment between them.
        keeps: whether a connection is used again.
        pause: seconds between two requests of a client.
    """

    name: str
    path: str = "/"
    body: bytes = b""
    keeps: bool = True
    pause: float = 0.0

    def parts(self) -> tuple[bytes, ...]:
        """A request, in the pieces in which it is sent."""
        lines = [f"{'POST' if self.body else 'GET'} {self.path} HTTP/1.1", "Host: load"]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        if not self.keeps:
            lines.append("Connection: close")
        head = "\r\n".join([*lines, "", ""]).encode()
        if not self.body:
            return (head,)
        middle = len(self.body) // 2
        return head + self.body[:middle], self.body[middle:]


KEEP_ALIVE = Mode("keep-alive")
PER_REQUEST = Mode("a connection per request", keeps=False)
POST = Mode("POST", body=_BODY)
SLOW = Mode("slow handler", path="/slow/0.05")
MODES = (KEEP_ALIVE, PER_REQUEST, POST, SLOW)


@dataclass(frozen=True)
class Done:
    """One request that was answered: when it was sent, how long it took, by whom, as the body says."""

    sent: float
    seconds: float
    status: int
    body: bytes


@dataclass
class Load:
    """Clients in a thread of their own, from the beginning of the block until its end.

    Attributes:
        port: of the server, on this machine.
        mode: what the clients do.
        connections: how many of them there are.
        done: the requests that were answered.
        failed: what happened to those that were not.
        refused: how many connections were not let in. A client that was refused tries again.
    """

    port: int
    mode: Mode = KEEP_ALIVE
    connections: int = 16
    done: list[Done] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    refused: int = 0

    def __enter__(self) -> Load:
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def wait_for(self, count: int) -> None:
        """Wait until so many more requests are answered.

        Raises:
            AssertionError: they were not, within half a minute.
        """
        wanted, end = len(self.done) + count, time.monotonic() + 30
        while len(self.done) < wanted:
            assert time.monotonic() < end, (len(self.done), self.failed[:3], self.refused)
            time.sleep(0.005)

    def percentile(self, share: float, since: float = 0) -> float:
        """How many seconds at most the given share of the requests took that were sent after `since`."""
        times = sorted(done.seconds for done in self.done if done.sent >= since)
        return times[min(int(len(times) * share), len(times) - 1)]

    async def _run(self) -> None:
        await asyncio.gather(*(self._client() for _ in range(self.connections)))

    async def _client(self) -> None:
        while not self._over.is_set():
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                self.refused += 1
                await asyncio.sleep(0.01)
                continue
            try:
                await self._talk(reader, writer)
            except (OSError, EOFError, ValueError) as error:
                self.failed.append(repr(error))
            finally:
                writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send requests until one of the two sides ends the connection."""
        parts = self.mode.parts()
        stays = True
        while stays and not self._over.is_set():
            sent = time.monotonic()
            for part in parts:
                writer.write(part)
                await asyncio.sleep(0)
            head = await reader.readuntil(b"\r\n\r\n")
            fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
            body = await reader.readexactly(int(fields[b"content-length"]))
            self.done.append(Done(sent, time.monotonic() - sent, int(head.split()[1]), body))
            stays = fields.get(b"connection") != b"close" and self.mode.keeps
            if self.mode.pause:
                await asyncio.sleep(self.mode.pause)
