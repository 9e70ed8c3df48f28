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
from pronghorn.server.clock import NEVER, Clock, Timed
from pronghorn.server.config import ServerConfig
from pronghorn.server.descriptors import room_for_connections
from pronghorn.server.heads import Heads
from pronghorn.server.plain import HeaderLines
from pronghorn.server.proxy import TrustedProxies
from pronghorn.server.tasks import Tasks

Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApplication = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
Handle = Callable[[Exchange], "Reply | None"]


class Connection(Timed, Protocol):
    """A connection, as the server that holds it sees it."""

    def shut_down(self) -> None:
        """Finish what is under way, then close."""

    def abort(self) -> None:
        """Close now."""

    def make_room(self) -> bool:
        """Close, if nothing is under way; whether it did."""
        ...


def handle_of(app: Any) -> Handle:
    """How to hand an exchange to `app`: its own fast entry, else the ASGI protocol."""
    handle: Handle | None = getattr(app, "handle_exchange", None)
    if handle is not None:
        return handle

    def handle_asgi(exchange: Exchange) -> None:
        exchange.spawn(app(exchange.scope, exchange.receive, exchange.send))

    return handle_asgi


def _limits_nothing(exchange: Exchange) -> bool:
    return False


class Site:
    """The shared part of one server on one event loop.

    Attributes:
        waiting: how many requests wait for the application right now.
        connections: the open ones, oldest first.
        most_connections: how many may be open; None is any number.
        most_waiting: how many may.
        rewrites: whether `rewrite` has anything to do.
        is_plain: whether requests and responses need nothing but reading and writing: no prefix, no log, no end
            in sight.
        draining: the server stops; connections close after their response.
    """

    __slots__ = (
        "_proxies",
        "_root_path_bytes",
        "app",
        "clock",
        "config",
        "connections",
        "draining",
        "handle",
        "heads",
        "is_plain",
        "limits_body",
        "lines",
        "log_access",
        "loop",
        "most_connections",
        "most_waiting",
        "rewrites",
        "root_path",
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
        self.limits_body: Callable[[Exchange], bool] = getattr(app, "limits_body", _limits_nothing)
        self.lines = HeaderLines(config)
        self.heads = Heads(server_header=config.server_header)
        self.connections: dict[Connection, None] = {}
        self.clock = Clock(loop, self.heads, self.lines, self.connections)
        self.scheme = config.scheme
        self.root_path = config.root_path
        self._root_path_bytes = config.root_path.encode("ascii")
        proxies = TrustedProxies(config.forwarded_allow_ips, config.forwarded_fields)
        self._proxies = proxies if config.proxy_headers else None
        self.rewrites = bool(config.root_path) or self._proxies is not None
        self.most_connections = room_for_connections(config.max_connections)
        self.most_waiting = NEVER if config.max_active_requests is None else config.max_active_requests
        self.waiting = 0
        self.draining = False
        self.is_plain = log_access is None and not config.root_path

    def drain(self) -> None:
        """From now on connections close after their response."""
        self.draining = True
        self.is_plain = False

    def add(self, connection: Connection) -> None:
        """A connection came to be. Where there are too many, the oldest one that waits for its peer goes."""
        most = self.most_connections
        if most is not None and len(self.connections) >= most:
            any(old.make_room() for old in list(self.connections))
        self.connections[connection] = None

    def rewrite(self, exchange: Exchange) -> None:
        """Make `exchange` what a proxy in front of this server took for its own."""
        if self._root_path_bytes:
            exchange.root_path = self.root_path
            exchange.path = self.root_path + exchange.path
            exchange.raw_path = self._root_path_bytes + exchange.raw_path
        if self._proxies is not None:
            exchange.client, exchange.scheme, exchange.headers = self._proxies.origin(
                exchange.client, exchange.scheme, exchange.headers
            )
