"""Passing a finished reply through real ASGI middleware, without a task and without suspending.

Lives here: a reply as ASGI messages, messages as a reply, and the stepping between them.
Must not live here: what a particular middleware does. Invariant: what comes out is what the middleware itself
made of it; nothing of its behaviour is written down a second time.
"""

from __future__ import annotations

import copy
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pronghorn._engine.exchange import Exchange
from pronghorn._engine.reply import Reply


class StreamedReply(Reply):
    """A reply that others meet as a stream of one piece: a function layer has passed it on."""

    __slots__ = ()


class NotAnswered(Exception):
    """The middleware asked the application that it wraps."""


def around(layer: Any, app: ASGIApp) -> Any:
    """The same middleware around another application."""
    other = copy.copy(layer)
    other.app = app
    return other


def app_of(reply: Reply, *, with_work: bool = True) -> ASGIApp:
    """The ASGI application that sends ``reply`` and, with ``with_work``, does what is left for afterwards."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": reply.status, "headers": reply.raw_headers()})
        if reply.body and isinstance(reply, StreamedReply):
            await send({"type": "http.response.body", "body": reply.body, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await send({"type": "http.response.body", "body": reply.body})
        if with_work and reply.after is not None:
            await reply.after()

    return app


def passed(layer: Any, x: Exchange, reply: Reply) -> Reply:
    """``reply`` as it is after ``layer``, which must not suspend on its way."""
    messages = _messages(around(layer, app_of(reply, with_work=False)), x)
    return _reply_of(messages, type(reply), reply.after)


def answer_of(layer: Any, x: Exchange) -> Reply | None:
    """What ``layer`` answers by itself; None when it would ask the application that it wraps."""
    try:
        return _reply_of(_messages(around(layer, _nobody), x), Reply, None)
    except NotAnswered:
        return None


def step(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run an ASGI application that does not suspend.

    Raises:
        RuntimeError: it did.
    """
    coroutine: Any = app(scope, receive, send)
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError(f"{app!r} suspended although nothing in it has to wait")


def _messages(app: ASGIApp, x: Exchange) -> list[Message]:
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    step(app, x.scope, x.receive, keep)
    return messages


def _reply_of(messages: list[Message], kind: type[Reply], after: Any) -> Reply:
    start, *rest = messages
    body = b"".join(message["body"] for message in rest)
    return kind(start["status"], body, None, start["headers"], after)


async def _nobody(scope: Scope, receive: Receive, send: Send) -> None:
    raise NotAnswered
