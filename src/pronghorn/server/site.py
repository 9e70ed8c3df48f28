"""What all connections of one server share.

Lives here: the record, and how the application is called. Must not live here: a single connection's
state. Invariant: connections reach everything outside themselves through their `Site`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

from pronghorn._engine.exchange import Exchange, Message
from pronghorn._engine.reply import Reply
from pronghorn.server.clock import Clock
from pronghorn.server.config import ServerConfig
from pronghorn.server.heads import Heads
from pronghorn.server.proxy import TrustedProxies
from pronghorn.server.tasks import Tasks

Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApplication = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
Handle = Callable[[Exchange], "Reply | None"]


class Closeable(Protocol):
    """A connection, as the server that stops sees it."""

    def shut_down(self) -> None:
        """Finish what is under way, then close."""

    def abort(self) -> None:
        """Close now."""


def handle_of(app: Any) -> Handle:
    """How to hand an exchange to `app`: its own fast entry, else the ASGI protocol."""
    handle: Handle | None = getattr(app, "handle_exchange", None)
    if handle is not None:
        return handle

    def handle_asgi(exchange: Exchange) -> None:
        exchange.spawn(app(exchange.scope, exchange.receive, exchange.send))

    return handle_asgi


class Site:
    """The shared part of one server on one event loop.

    Attributes:
        waiting: how many requests wait for the application right now.
        draining: the server stops; connections close after their response.
    """

    __slots__ = (
        "app",
        "clock",
        "config",
        "connections",
        "draining",
        "handle",
        "heads",
        "log_access",
        "loop",
        "proxies",
        "root_path",
        "root_path_bytes",
        "scheme",
        "state",
        "tasks",
        "waiting",
    )

    def __init__(
        self,
        app: Any,
        config: ServerConfig,
        loop: asyncio.AbstractEventLoop,
        tasks: Tasks,
        *,
        state: MutableMapping[str, Any] | None = None,
        log_access: Callable[[Any, int], None] | None = None,
    ) -> None:
        self.app = app
        self.config = config
        self.loop = loop
        self.tasks = tasks
        self.state = state
        self.log_access = log_access
        self.handle = handle_of(app)
        self.heads = Heads(server_header=config.server_header)
        self.clock = Clock(loop, self.heads)
        self.scheme = config.scheme
        self.root_path = config.root_path
        self.root_path_bytes = config.root_path.encode("ascii")
        self.proxies = TrustedProxies(config.forwarded_allow_ips) if config.proxy_headers else None
        self.connections: dict[Closeable, None] = {}
        self.waiting = 0
        self.draining = False

    def has_room(self) -> bool:
        """Whether the application may be given one more request."""
        limit = self.config.max_active_requests
        return limit is None or self.waiting < limit
