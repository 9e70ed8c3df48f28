"""One request to one application in memory, by every way there is, with what it did written down.

The ways: `native`, an exchange as the native server makes it; `arriving`, the same with a body that comes
late; `asgi`, as ASGI servers call; `reference`, as ASGI servers call while a seam is replaced, so that
nothing takes a shortcut.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context
from typing import Any

from pronghorn import FastAPI
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.reply import Reply
from pronghorn._engine.seams import seams
from tests.differential.outcomes import LOG, Asked, Message, Outcome, ask_by_asgi, told


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
        self.heard = Outcome()
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
        self.heard.take(message)
        self.status = self.heard.status or 0

    def respond(self, reply: Reply) -> None:
        self.status = reply.status
        self.heard.take(
            {"type": "http.response.start", "status": reply.status, "headers": reply.raw_headers()}
        )
        self.heard.take({"type": "http.response.body", "body": reply.body})
        self._news.set()
        if reply.after is not None:
            self.spawn(reply.after())

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine, context=self._base.copy())
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.heard.error = self.heard.error or told(task.exception())
        self._news.set()

    async def wait(self) -> Outcome:
        while self._tasks or not (self.status or self.heard.error):
            await self._news.wait()
            self._news.clear()
        return self.heard


async def _ask_natively(app: FastAPI, asked: Asked, *, arrived: bool) -> Outcome:
    exchange = MemoryExchange(asked, arrived=arrived)
    reply = app.handle_exchange(exchange)
    if reply is not None:
        exchange.respond(reply)
    return await exchange.wait()


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
        return await ask_by_asgi(app, asked)


Way = Callable[[FastAPI, Asked], Coroutine[Any, Any, Outcome]]

WAYS: dict[str, Way] = {
    "reference": _ask_by_reference,
    "native": lambda app, asked: _ask_natively(app, asked, arrived=True),
    "arriving": lambda app, asked: _ask_natively(app, asked, arrived=False),
    "asgi": ask_by_asgi,
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
