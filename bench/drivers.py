"""Load that wrk cannot make: event streams, WebSockets, connections that do nothing.

Each driver is a coroutine function of the port and the seconds it has; it checks every reply it reads.
"""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Coroutine
from statistics import quantiles
from typing import Any

from bench.servers import Unfit
from bench.settings import EVENT_PAUSE
from bench.traffic import HOST, build, parse_reply
from bench.wrk import Load

Driver = Callable[[int, int], Coroutine[Any, Any, Load]]

LISTENERS = 500
SOCKETS = 32
ROOM = 200
IDLE = 2_000
PATIENCE = 60.0


class Peer(asyncio.Protocol):
    """One connection that gathers what it receives and calls `arrived` with it."""

    def __init__(self, arrived: Callable[["Peer"], None]) -> None:
        self.arrived = arrived
        self.transport: Any = None
        self.data = bytearray()
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Something came."""
        self.data += data
        self.arrived(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self.closed = True
        self.arrived(self)


async def connect(port: int, count: int, arrived: Callable[[Peer], None]) -> list[Peer]:
    """Open `count` connections, some at a time, so that no backlog overflows."""
    loop = asyncio.get_running_loop()
    peers: list[Peer] = []
    for begin in range(0, count, 50):
        some = range(begin, min(begin + 50, count))
        made = (loop.create_connection(lambda: Peer(arrived), "127.0.0.1", port) for _ in some)
        peers += [peer for _, peer in await asyncio.gather(*made)]
    return peers


class Gathering:
    """Waits until every peer fulfils a condition."""

    def __init__(self, fulfilled: Callable[[Peer], bool]) -> None:
        self._fulfilled = fulfilled
        self._missing: set[Peer] = set()
        self._all = asyncio.Event()

    def arrived(self, peer: Peer) -> None:
        """Look at one peer again."""
        if peer in self._missing and (peer.closed or self._fulfilled(peer)):
            self._missing.discard(peer)
            if not self._missing:
                self._all.set()

    async def send(self, peers: list[Peer], request: bytes, speakers: list[Peer] | None = None) -> None:
        """Send `request` on every connection, or from `speakers` only; wait until all have what they wait for.

        Raises:
            Unfit: some do not get it.
        """
        self._missing = set(peers)
        self._all.clear()
        for peer in speakers or peers:
            peer.transport.write(request)
        try:
            await asyncio.wait_for(self._all.wait(), PATIENCE)
        except TimeoutError:
            raise Unfit(f"{len(self._missing)} of {len(peers)} connections got no whole reply") from None


def close(peers: list[Peer]) -> None:
    """Hang up."""
    for peer in peers:
        peer.transport.abort()


# Server-sent events ----------------------------------------------------------------------------------


def stream_ended(peer: Peer) -> bool:
    """Whether the last chunk is there."""
    return peer.data.endswith(b"\r\n0\r\n\r\n")


def events_of(peer: Peer) -> list[Any]:
    """The data of each event that the peer has received."""
    try:
        reply = parse_reply(bytes(peer.data))
        if reply.status != 200 or not reply.headers.get("content-type", "").startswith("text/event-stream"):
            raise Unfit(f"/events: status {reply.status}, type {reply.headers.get('content-type')}")
        lines = reply.body.decode().splitlines()
        return [json.loads(line[5:]) for line in lines if line.startswith("data:")]
    except (ValueError, OSError, EOFError) as error:
        raise Unfit(f"/events: {type(error).__name__}: {error}") from error


async def events(port: int, seconds: int) -> Load:
    """So many clients, each on a stream of its own that has an event every few milliseconds."""
    number = round(seconds / EVENT_PAUSE)
    gathering = Gathering(stream_ended)
    peers = await connect(port, LISTENERS, gathering.arrived)
    begin = time.perf_counter()
    try:
        await gathering.send(peers, build(f"/events?count={number}", connection="close"))
        elapsed = time.perf_counter() - begin
        expected = [{"n": n, "text": f"event {n}"} for n in range(number)]
        wrong = sum(events_of(peer) != expected for peer in peers)
        if wrong:
            raise Unfit(f"/events: {wrong} of {LISTENERS} clients did not get the expected events")
    finally:
        close(peers)
    return Load(LISTENERS * number, elapsed)


# WebSocket (RFC 6455) --------------------------------------------------------------------------------


def handshake(path: str) -> bytes:
    """The request that opens a WebSocket (section 4.1)."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {HOST}", "Upgrade: websocket", "Connection: Upgrade"]
    key = base64.b64encode(b"the sample nonce").decode()
    return "\r\n".join([*lines, f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", ""]).encode()


def opened(peer: Peer) -> bool:
    """Whether the handshake has been answered; takes the answer away."""
    head, end, rest = bytes(peer.data).partition(b"\r\n\r\n")
    if not end:
        return False
    if b" 101 " not in head.partition(b"\r\n")[0]:
        peer.closed = True
        return False
    peer.data = bytearray(rest)
    return True


def text_frame(text: str) -> bytes:
    """A masked text frame of less than 126 bytes; a mask of zeros is a mask (section 5.3)."""
    payload = text.encode()
    return bytes((0x81, 0x80 | len(payload), 0, 0, 0, 0)) + payload


def take_text(peer: Peer) -> str | None:
    """The next message of less than 126 bytes, if it is whole; other frames are passed over."""
    data = peer.data
    while len(data) >= 2 and len(data) >= 2 + data[1]:
        kind, size = data[0], data[1]
        payload = bytes(data[2 : 2 + size])
        del data[: 2 + size]
        if kind == 0x81:
            return payload.decode()
    return None


async def open_sockets(port: int, path: str, count: int) -> tuple[list[Peer], Gathering]:
    """Open WebSockets; the gathering looks at handshakes.

    Raises:
        Unfit: not all were accepted.
    """
    gathering = Gathering(opened)
    peers = await connect(port, count, gathering.arrived)
    await gathering.send(peers, handshake(path))
    refused = [peer for peer in peers if peer.closed]
    if refused:
        close(peers)
        raise Unfit(f"{path}: {bytes(refused[0].data)[:100]!r} instead of 101")
    return peers, gathering


async def echo(port: int, seconds: int) -> Load:
    """Every connection sends a message, waits for the same to come back, and sends another."""
    peers, _ = await open_sockets(port, "/ws/echo", SOCKETS)
    loop = asyncio.get_running_loop()
    finished: asyncio.Future[None] = loop.create_future()
    end = time.perf_counter() + seconds
    latencies: list[float] = []
    sent = {peer: (f"message {number}", time.perf_counter()) for number, peer in enumerate(peers)}

    def arrived(peer: Peer) -> None:
        if finished.done():
            return
        if peer.closed:
            finished.set_exception(Unfit("/ws/echo: the connection was closed"))
            return
        text = take_text(peer)
        if text is None:
            return
        now = time.perf_counter()
        expected, begin = sent[peer]
        latencies.append(now - begin)
        if text != expected:
            finished.set_exception(Unfit(f"/ws/echo: {text!r} instead of {expected!r}"))
        elif now >= end:
            finished.set_result(None)
        else:
            sent[peer] = (f"message {len(latencies)}", now)
            peer.transport.write(text_frame(sent[peer][0]))

    begin = time.perf_counter()
    for peer in peers:
        peer.arrived = arrived
        peer.transport.write(text_frame(sent[peer][0]))
    try:
        await asyncio.wait_for(finished, PATIENCE)
    finally:
        close(peers)
    marks = quantiles(latencies, n=100)
    return Load(len(latencies), time.perf_counter() - begin, marks[49] * 1e3, marks[98] * 1e3)


async def broadcast(port: int, seconds: int) -> Load:
    """One member of a room speaks; when all have heard it, it speaks again."""
    peers, _ = await open_sockets(port, "/ws/room", ROOM)
    await asyncio.sleep(0.2)  # a member may be told that it is in before the room knows
    begin = time.perf_counter()
    end = begin + seconds
    said = 0
    heard = Gathering(lambda peer: take_text(peer) == f"message {said}")
    for peer in peers:
        peer.arrived = heard.arrived
    latencies: list[float] = []
    try:
        while time.perf_counter() < end:
            said += 1
            sent = time.perf_counter()
            await heard.send(peers, text_frame(f"message {said}"), speakers=peers[:1])
            latencies.append(time.perf_counter() - sent)
            if any(peer.closed for peer in peers):
                raise Unfit("/ws/room: a connection was closed")
    finally:
        close(peers)
    marks = quantiles(latencies, n=100)
    return Load(said * ROOM, time.perf_counter() - begin, marks[49] * 1e3, marks[98] * 1e3)


# Idle connections ------------------------------------------------------------------------------------


async def open_idle(port: int) -> list[Peer]:
    """So many connections, each of which has had one reply."""
    gathering = Gathering(lambda peer: b"World!" in peer.data)
    peers = await connect(port, IDLE, gathering.arrived)
    await gathering.send(peers, build("/hello"))
    lost = sum(peer.closed or b" 200 " not in peer.data[:16] for peer in peers)
    if lost:
        close(peers)
        raise Unfit(f"{lost} of {IDLE} connections were not kept")
    return peers


DRIVERS: dict[str, Driver] = {"events": events, "echo": echo, "broadcast": broadcast}
