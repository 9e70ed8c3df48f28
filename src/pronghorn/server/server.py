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
from typing import Any

from pronghorn._base.lifespan import Lifespan, LifespanFailed
from pronghorn.server.access import access_log
from pronghorn.server.config import ServerConfig
from pronghorn.server.connection import HttpConnection
from pronghorn.server.listener import close_socket, describe, open_socket
from pronghorn.server.site import Site
from pronghorn.server.tasks import Tasks

logger = logging.getLogger("pronghorn.error")

# Clients with an idle connection may be about to use it: they get a last response on it.
_LAST_REQUESTS = 0.25
# How long a peer may take to answer the end of a TLS session; most just close.
_TLS_GOODBYE = 2.0


class Server:
    """Serves one application on the running event loop.

    Args:
        app: an application with `handle_exchange`, or any ASGI application.
        config: the options; those about processes are not for this class.
        listener: an open socket to use instead of the one that `config` names; the server closes it, which
            ends nothing for other processes that have it too.

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
        self, app: Any, config: ServerConfig | None = None, *, listener: socket.socket | None = None
    ) -> None:
        self.app = app
        self.config = config or ServerConfig()
        self.started = asyncio.Event()
        self.sockets: list[socket.socket] = []
        self._given = listener
        if listener is not None:
            # A duplicate takes over what Python thinks of its original. Were that "blocking", it would
            # for a moment be so for every process that shares the socket, and one might accept forever.
            listener.setblocking(False)
        self._port = 0
        self._url: str | None = None
        self._stopping = asyncio.Event()
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
            log_access=access_log(config),
        )
        tls = config.ssl_context()
        accepting = await loop.create_server(
            lambda: HttpConnection(site),
            sock=listener.dup(),
            backlog=config.backlog,
            ssl=tls,
            ssl_handshake_timeout=None if tls is None else config.handshake_timeout,
            ssl_shutdown_timeout=None if tls is None else _TLS_GOODBYE,
        )
        self.sockets = [listener]
        self._url = describe(listener, config.scheme)
        if listener.family in (socket.AF_INET, socket.AF_INET6):
            self._port = listener.getsockname()[1]
        site.clock.start()
        self.started.set()
        try:
            await self._stopping.wait()
        finally:
            await self._stop_accepting(accepting, listener, site)
            await self._drain(site)
            site.clock.stop()

    async def _stop_accepting(
        self, accepting: asyncio.AbstractServer, listener: socket.socket, site: Site
    ) -> None:
        """Accept no more, but leave nobody behind whom the kernel has already let in."""
        accepting.close()
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            for _ in range(self.config.backlog):
                connection, _ = listener.accept()
                connection.setblocking(False)
                await loop.connect_accepted_socket(
                    lambda: HttpConnection(site), connection, ssl=self.config.ssl_context()
                )
        self._close(listener)

    def _close(self, listener: socket.socket) -> None:
        """Close our end of the socket; the file of a Unix socket goes with the one who made it."""
        if listener is self._given:
            listener.close()
        elif listener.fileno() != -1:
            close_socket(listener)

    async def _drain(self, site: Site) -> None:
        """Let requests under way come to their end, within the time they have."""
        site.drain()
        if site.connections:
            await self._patience(_LAST_REQUESTS, site)
        for connection in list(site.connections):
            connection.shut_down()
        finished = await self._patience(self.config.graceful_timeout, site)
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

    async def _patience(self, seconds: float, site: Site) -> bool:
        """Whether all connections and tasks ended within `seconds`."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while site.connections or site.tasks.running:
            if self._hurried.is_set() or loop.time() >= end:
                return False
            # Coarse on purpose: this runs only while the server stops.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurried.wait(), 0.02)
        return True


__all__ = ["LifespanFailed", "Server"]
