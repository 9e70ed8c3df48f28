"""Small applications for tests of the server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from pronghorn._engine.exchange import Exchange
from pronghorn._engine.reply import Reply

Scope = dict[str, Any]
ASGI = Callable[..., Awaitable[None]]


def http(handler: ASGI) -> ASGI:
    """An ASGI application without lifespan, from a handler of HTTP requests."""

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"no {scope['type']} here")
        await handler(scope, receive, send)

    return app


async def answer(send: Any, body: bytes, status: int = 200, *headers: tuple[bytes, bytes]) -> None:
    """A whole response of plain text."""
    fields = [(b"content-type", b"text/plain"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


async def read_all(receive: Any) -> bytes:
    """The request's body."""
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return body
        body += message["body"]
        if not message["more_body"]:
            return body


@http
async def echo(scope: Scope, receive: Any, send: Any) -> None:
    """Sends back the body, or what the request was."""
    body = await read_all(receive)
    text = body or f"{scope['method']} {scope['path']} {scope['query_string'].decode()}".encode()
    await answer(send, text)


class Fast:
    """An application with the fast entry; what it does depends on the path."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.events: list[str] = []

    def handle_exchange(self, exchange: Exchange) -> Reply | None:
        action: Callable[[Exchange], Reply | None] = getattr(self, "do_" + exchange.path.strip("/"))
        return action(exchange)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        raise RuntimeError("only the fast entry")

    def do_hello(self, exchange: Exchange) -> Reply:
        return Reply(200, b"hello", b"text/plain")

    def do_fields(self, exchange: Exchange) -> Reply:
        return Reply(201, b"made", b"text/plain", [(b"x-one", b"1"), (b"set-cookie", b"a=b")])

    def do_close(self, exchange: Exchange) -> Reply:
        return Reply(200, b"bye", b"text/plain", [(b"connection", b"close")])

    def do_raw(self, exchange: Exchange) -> Reply:
        return Reply(200, b"raw", None, [(b"x-raw", b"yes")])

    def do_empty(self, exchange: Exchange) -> Reply:
        return Reply(204, b"", b"text/plain")

    def do_large(self, exchange: Exchange) -> Reply:
        return Reply(200, b"x" * 1_000_000, b"text/plain")

    def do_largeraw(self, exchange: Exchange) -> Reply:
        return Reply(200, b"x" * 1_000_000, None, [(b"x-raw", b"yes")])

    def do_split(self, exchange: Exchange) -> Reply:
        return Reply(200, b"", b"text/plain", [(b"x-bad", b"a\r\nb: c")])

    def do_raises(self, exchange: Exchange) -> Reply:
        raise LookupError("on purpose")

    def do_after(self, exchange: Exchange) -> Reply:
        async def after() -> None:
            self.events.append("after")

        return Reply(200, b"first", b"text/plain", after=after)

    def do_body(self, exchange: Exchange) -> Reply | None:
        if exchange.body is not None:
            return Reply(200, b"at once: " + exchange.body, b"text/plain")

        async def read() -> None:
            body = await exchange.read_body()
            again = await exchange.receive()
            assert again == {"type": "http.request", "body": body, "more_body": False}
            exchange.respond(Reply(200, b"later: " + body, b"text/plain"))

        exchange.spawn(read())
        return None

    def do_waits(self, exchange: Exchange) -> None:
        async def wait() -> None:
            await self.release.wait()
            exchange.respond(Reply(200, b"released", b"text/plain"))

        exchange.spawn(wait())

    def do_twice(self, exchange: Exchange) -> Reply:
        exchange.respond(Reply(200, b"one", b"text/plain"))
        return Reply(200, b"two", b"text/plain")

    def do_silent(self, exchange: Exchange) -> None:
        async def nothing() -> None:
            pass

        exchange.spawn(nothing())
