"""One server in one process, from listening to the last response.

Lives here: the order in which things start and stop. Must not live here: connections, processes,
signals (`process`). Invariant: whatever was started is stopped, also when the next step fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import socket
from collections.abc import Callable
from typing import Any

from pronghorn._base.lifespan import Lifespan, LifespanFailed
from pronghorn.server.accepting import Accepting
from pronghorn.server.access import Answered, access_log
from pronghorn.server.certificates import LOOK_EVERY, Certificates
from pronghorn.server.config import ServerConfig
from pronghorn.server.connection import HttpConnection
from pronghorn.server.listener import close_socket, describe, open_socket, turn_newcomers_away
from pronghorn.server.site import Site
from pronghorn.server.tasks import Tasks

logger = logging.getLogger("pronghorn.error")

# Clients with an idle connection may be about to use it: they get a last response on it.
_LAST_REQUESTS = 1.0
# Whoever is far away and has begun to connect is in after this time,
_FAR_NEWCOMERS = 0.25
# and on this machine after this one.
_LAST_NEWCOMERS = 0.02


class Server:
    """Serves one application on the running event loop.

    Args:
        app: an application with `handle_exchange`, or any ASGI application.
        config: the options; those about processes are not for this class.
        listener: an open socket to use instead of the one that `config` names; the server closes it, which
            ends nothing for other processes that have it too.
        answered: called for every request that was answered, with its status.

    Attributes:
        started: set when connections are accepted.
        sockets: what it listens on, once started.

    Example:
        >>> async def main(app):
        ...     server = Server(app, ServerConfig(port=0))
        ...     serving = asyncio.create_task(server.serve())
        ...     await server.started.wait()
        ...     server.stop()
        ...     await serving
    """

    def __init__(
        self,
        app: Any,
        config: ServerConfig | None = None,
        *,
        listener: socket.socket | None = None,
        answered: Callable[[Answered, int], None] | None = None,
    ) -> None:
        self.app = app
        self.config = config or ServerConfig()
        self.started = asyncio.Event()
        self.sockets: list[socket.socket] = []
        self._given = listener
        self._answered = answered
        self._certificates = Certificates(self.config)
        if listener is not None:
            # A duplicate takes over what Python thinks of its original. Were that "blocking", it would
            # for a moment be so for every process that shares the socket, and one might accept forever.
            listener.setblocking(False)
        self._port = 0
        self._url: str | None = None
        self._stopping = asyncio.Event()
        self._end = float("inf")
        self._hurried = asyncio.Event()

    @property
    def port(self) -> int:
        """The TCP port it listens on, or listened on; 0 before that, or on a Unix socket."""
        return self._port

    @property
    def url(self) -> str:
        """Where to reach it.

        Raises:
            RuntimeError: it does not listen yet.
        """
        if self._url is None:
            raise RuntimeError("the server does not listen yet: wait for `started`")
        return self._url

    def stop(self) -> None:
        """Begin to stop. The second call stops without waiting for requests under way."""
        if self._stopping.is_set():
            self._hurried.set()
        self._stopping.set()

    def renew_certificates(self) -> None:
        """Read certificate and key again, for connections to come. Changed files are noticed without it."""
        self._certificates.renew()

    async def serve(self) -> None:
        """Serve until `stop`.

        Raises:
            LifespanFailed: the application could not start, or not stop as it should.
            CannotListen: the address cannot be listened on.
        """
        listener = self._given or open_socket(self.config)
        try:
            lifespan = Lifespan(self.app, self.config.lifespan)
            await lifespan.start()
            try:
                await self._serve_on(listener, lifespan)
            finally:
                await lifespan.stop()
        finally:
            self._close(listener)

    async def _serve_on(self, listener: socket.socket, lifespan: Lifespan) -> None:
        loop = asyncio.get_running_loop()
        config = self.config
        site = Site(
            self.app,
            config,
            loop,
            Tasks(loop, contextvars.copy_context()),
            state=lifespan.state,
            log_access=_each(access_log(config), self._answered),
        )
        accepting = Accepting(listener, config, self._certificates, lambda: HttpConnection(site))
        await accepting.start()
        self.sockets = [listener]
        self._url = describe(listener, config.scheme)
        if listener.family in (socket.AF_INET, socket.AF_INET6):
            self._port = listener.getsockname()[1]
        site.clock.start()
        self.started.set()
        try:
            await self._wait_for_the_end()
        finally:
            await self._stop_accepting(accepting, listener, site)
            await self._drain(site)
            site.clock.stop()

    async def _wait_for_the_end(self) -> None:
        if self._certificates.context is None:
            await self._stopping.wait()
            return
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), LOOK_EVERY)
            self._certificates.renew_if_changed()

    async def _stop_accepting(self, accepting: Accepting, listener: socket.socket, site: Site) -> None:
        """Accept no more, but leave nobody behind whom the kernel has already let in."""
        self._end = asyncio.get_running_loop().time() + self.config.graceful_timeout
        # Responses tell from now on that they are the last ones of their connections.
        site.drain()
        if turn_newcomers_away(listener):
            await self._patience(min(_FAR_NEWCOMERS, self._a_moment), site, at_least=_LAST_NEWCOMERS)
        accepting.stop()
        self._close(listener)
        await accepting.wait_welcomed()

    def _close(self, listener: socket.socket) -> None:
        """Close our end of the socket; the file of a Unix socket goes with the one who made it."""
        if listener is self._given:
            listener.close()
        elif listener.fileno() != -1:
            close_socket(listener)

    async def _drain(self, site: Site) -> None:
        """Let requests under way come to their end, within the time they have."""
        if site.connections:
            await self._patience(min(_LAST_REQUESTS, self._a_moment), site)
        for connection in list(site.connections):
            connection.shut_down()
        finished = await self._patience(self.config.graceful_timeout, site)  # less what it took so far
        if not finished:
            logger.warning(
                "Stopping with %d connections and %d requests still under way",
                len(site.connections),
                len(site.tasks.running),
            )
        await site.tasks.cancel()
        for connection in list(site.connections):
            connection.abort()
        await asyncio.sleep(0)

    @property
    def _a_moment(self) -> float:
        return self.config.graceful_timeout / 2

    async def _patience(self, seconds: float, site: Site, at_least: float = 0) -> bool:
        """Whether all connections and tasks ended within `seconds`, and before the end of all patience."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        end = min(begin + seconds, self._end)
        while site.connections or site.tasks.running or loop.time() < begin + at_least:
            if self._hurried.is_set() or loop.time() >= end:
                return False
            # Coarse on purpose: this runs only while the server stops.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurried.wait(), 0.02)
        return True


def _each(*takers: Callable[[Answered, int], None] | None) -> Callable[[Answered, int], None] | None:
    """Calls those that are there; None when none is."""
    wanted = [taker for taker in takers if taker is not None]
    if len(wanted) < 2:
        return wanted[0] if wanted else None

    def take(request: Answered, status: int) -> None:
        for taker in wanted:
            taker(request, status)

    return take


__all__ = ["LifespanFailed", "Server"]
