"""One request to one application in memory, by every way there is, with what it did written down.

The ways: `native`, an exchange as the native server makes it; `arriving`, the same with a body that comes
late; `asgi`, as ASGI servers call; `reference`, as ASGI servers call while a seam is replaced, so that
nothing takes a shortcut.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any

from pronghorn import FastAPI
from pronghorn._engine.exchange import Exchange, Message
from pronghorn._engine.reply import Reply
from pronghorn._engine.seams import seams

LOG: list[Any] = []
"""What the application's code did, in order; `sent` stands where the response was complete."""


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str = "GET"
    path: str = "/"
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    root_path: str = ""


@dataclass
class Outcome:
    """What came of a request."""

    status: int | None = None
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    log: list[Any] = field(default_factory=list)
    error: str | None = None

    def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            assert self.status is None, "a second response"
            self.status, self.headers = message["status"], list(message["headers"])
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                LOG.append("sent")


def _told(error: BaseException | None) -> str | None:
    return None if error is None else f"{type(error).__name__}: {error}"


class MemoryExchange(Exchange):
    """An exchange between a test and the engine."""

    body: bytes | None

    def __init__(self, asked: Asked, *, arrived: bool) -> None:
        self._scope = None
        self.method, self.path, self.query = asked.method, asked.path, asked.query
        self.raw_path = asked.path.encode(errors="replace")
        self.headers = list(asked.headers)
        self.http_version, self.scheme = "1.1", "http"
        self.client, self.server = ("peer", 1), ("test", 80)
        self.root_path, self.state = asked.root_path, {"from": "lifespan"}
        self.body = asked.body if arrived else None
        self.outcome = Outcome()
        self.status = 0
        self.path_params = {}
        self._coming = [asked.body]
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._base = copy_context()

    def new_context(self) -> Context:
        return self._base.copy()

    async def receive(self) -> Message:
        if self._coming:
            body = self._coming.pop()
            return {"type": "http.request", "body": body, "more_body": False}
        return {"type": "http.disconnect"}

    async def read_body(self) -> bytes:
        body = await super().read_body()
        self._coming = [body]
        return body

    async def send(self, message: Message) -> None:
        self.outcome.take(message)
        self.status = self.outcome.status or 0

    def respond(self, reply: Reply) -> None:
        self.status = reply.status
        self.outcome.take(
            {"type": "http.response.start", "status": reply.status, "headers": reply.raw_headers()}
        )
        self.outcome.take({"type": "http.response.body", "body": reply.body})
        self._news.set()
        if reply.after is not None:
            self.spawn(reply.after())

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine, context=self._base.copy())
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.outcome.error = self.outcome.error or _told(task.exception())
        self._news.set()

    async def wait(self) -> Outcome:
        while self._tasks or not (self.status or self.outcome.error):
            await self._news.wait()
            self._news.clear()
        return self.outcome


async def _ask_natively(app: FastAPI, asked: Asked, *, arrived: bool) -> Outcome:
    exchange = MemoryExchange(asked, arrived=arrived)
    reply = app.handle_exchange(exchange)
    if reply is not None:
        exchange.respond(reply)
    return await exchange.wait()


def _scope_of(asked: Asked) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "server": ("test", 80),
        "client": ("peer", 1),
        "scheme": "http",
        "method": asked.method,
        "root_path": asked.root_path,
        "path": asked.path,
        "raw_path": asked.path.encode(errors="replace"),
        "query_string": asked.query,
        "headers": list(asked.headers),
        "state": {"from": "lifespan"},
    }


async def _ask_by_asgi(app: FastAPI, asked: Asked) -> Outcome:
    outcome = Outcome()
    coming: list[Message] = [{"type": "http.request", "body": asked.body, "more_body": False}]

    async def receive() -> Message:
        return coming.pop() if coming else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        outcome.take(message)

    async def serve() -> None:
        await app(_scope_of(asked), receive, send)

    try:
        await asyncio.get_running_loop().create_task(serve())
    except Exception as error:
        outcome.error = _told(error)
    return outcome


@contextmanager
def by_reference() -> Iterator[None]:
    """Let every request take the reference way."""
    original = seams.get("serialize_response")

    async def serialize_response(**arguments: Any) -> Any:
        return await original(**arguments)

    seams.replace("serialize_response", serialize_response)
    try:
        yield
    finally:
        seams.restore("serialize_response")


async def _ask_by_reference(app: FastAPI, asked: Asked) -> Outcome:
    with by_reference():
        return await _ask_by_asgi(app, asked)


Way = Callable[[FastAPI, Asked], Coroutine[Any, Any, Outcome]]

WAYS: dict[str, Way] = {
    "reference": _ask_by_reference,
    "native": lambda app, asked: _ask_natively(app, asked, arrived=True),
    "arriving": lambda app, asked: _ask_natively(app, asked, arrived=False),
    "asgi": _ask_by_asgi,
}


async def ask(way: str, app: FastAPI, asked: Asked) -> Outcome:
    """The outcome of a request by one way, with everything that user code did for it."""
    LOG.clear()
    outcome = await WAYS[way](app, asked)
    outcome.log = list(LOG)
    return outcome


async def ask_all(app: FastAPI, asked: Asked) -> dict[str, Outcome]:
    """The outcomes by all ways; the first is the reference."""
    return {way: await ask(way, app, asked) for way in WAYS}
