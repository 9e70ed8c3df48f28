"""Requests in memory, answered by the fast way of either protocol or by the general way, and what came out."""

import asyncio
import re
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Scope

from pronghorn import FastAPI
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.reply import Reply

WAYS = ("exchange", "asgi", "nested")

Headers = list[tuple[bytes, bytes]]


@dataclass
class Call:
    """A request."""

    method: str = "GET"
    path: str = "/"
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    scheme: str = "http"

    def scope(self) -> Scope:
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": self.method,
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": b"",
            "root_path": "",
            "scheme": self.scheme,
            "headers": [
                (b"host", b"example.com"),
                (b"content-length", b"%d" % len(self.body)),
                *self.headers,
            ],
            "client": ("127.0.0.1", 1),
            "server": ("example.com", 80),
            "state": {},
        }


@dataclass
class Answer:
    """What came out: the response, the error that reached the server, in which order things happened."""

    status: int = 0
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    error: str = ""
    log: list[str] = field(default_factory=list)

    def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            assert self.status == 0
            self.status = message["status"]
            self.headers = [(name, _unsigned(value)) for name, value in message["headers"]]
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                self.log.append("sent")


def _unsigned(value: bytes) -> bytes:
    """A session's cookie without its time and signature."""
    return re.sub(rb"^(session=[^.;]+)\.[^;]+", rb"\1", value)


class MemoryExchange(Exchange):
    """A request of a server that speaks the engine's protocol, its body already there."""

    def __init__(self, call: Call, answer: Answer) -> None:
        scope = call.scope()
        for name in ("method", "path", "raw_path", "root_path", "scheme", "headers", "client", "server"):
            setattr(self, name, scope[name])
        self.http_version, self.query, self.state = "1.1", b"", {}
        self.body = call.body
        self._scope = None
        self.answer = answer
        self.status = 0
        self.tasks: list[asyncio.Task[None]] = []
        self._told = False

    async def receive(self) -> Message:
        if not self._told:
            self._told = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    async def send(self, message: Message) -> None:
        self.status = self.status or message.get("status", 0)
        self.answer.take(message)

    def respond(self, reply: Reply) -> None:
        self.status = reply.status
        headers = reply.raw_headers()
        self.answer.take({"type": "http.response.start", "status": reply.status, "headers": headers})
        self.answer.take({"type": "http.response.body", "body": reply.body})
        if reply.after is not None:
            self.spawn(reply.after())

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(coroutine))


async def by_exchange(app: FastAPI, call: Call, answer: Answer) -> None:
    """Let ``app`` answer as the native server does: from a callback."""
    x = MemoryExchange(call, answer)
    handled = asyncio.get_running_loop().create_future()

    def handle() -> None:
        reply = app.handle_exchange(x)
        if reply is not None:
            x.respond(reply)
        handled.set_result(None)

    asyncio.get_running_loop().call_soon(handle)
    await handled
    while not answer.status and not x.tasks:  # a worker thread has it
        await asyncio.sleep(0)
    error: BaseException | None = None
    while x.tasks:
        results = await asyncio.gather(x.tasks.pop(0), return_exceptions=True)
        error = error or results[0]
    if error is not None:
        raise error


async def by_asgi(app: ASGIApp, call: Call, answer: Answer) -> None:
    """Let ``app`` answer as an ASGI server does."""
    coming: list[Message] = [{"type": "http.request", "body": call.body, "more_body": False}]

    async def receive() -> Message:
        if not coming:
            await asyncio.get_running_loop().create_future()
        return coming.pop(0)

    async def send(message: Message) -> None:
        answer.take(message)

    await app(call.scope(), receive, send)


async def ask(app: FastAPI, way: str, call: Call, log: list[str]) -> Answer:
    """The answer of ``app`` by a way: of `WAYS`, or "general"."""
    answer = Answer(log=log)
    log.clear()
    if way == "exchange":
        serving = by_exchange(app, call, answer)
    else:
        serving = by_asgi(generally(app) if way == "general" else app, call, answer)
    try:
        await asyncio.wait_for(asyncio.create_task(serving), 5)  # in a context of its own
    except Exception as error:
        answer.error = repr(error)
    answer.log = list(log)
    return answer


def generally(app: FastAPI) -> ASGIApp:
    """The application's layers, every one of them as Starlette made it."""
    app.router.fast_way = None
    if app.middleware_stack is None:
        app.middleware_stack = app.build_middleware_stack()
    stack = app.middleware_stack

    async def served(scope: Scope, receive: Any, send: Any) -> None:
        scope["app"] = app
        await stack(scope, receive, send)

    return served
