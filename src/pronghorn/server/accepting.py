"""Letting connections in, until the last one.

Lives here: a listening socket on the event loop, and its end, at which nobody who was let in by the kernel
is left behind. Must not live here: what a connection is.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from pronghorn.server.certificates import Certificates
from pronghorn.server.config import ServerConfig

# How long a peer may take to answer the end of a TLS session; most just close.
_TLS_GOODBYE = 2.0
# How long those who come last may take for the beginning of one.
_WELCOME = 1.0


class Accepting:
    """Accepts connections on one socket.

    Args:
        listener: the socket. It stays open at the end.
        config: the options.
        certificates: for TLS.
        new_protocol: makes what goes with a connection.
    """

    def __init__(
        self,
        listener: socket.socket,
        config: ServerConfig,
        certificates: Certificates,
        new_protocol: Callable[[], asyncio.Protocol],
    ) -> None:
        self._listener = listener
        self._backlog = config.backlog
        self._new_protocol = new_protocol
        self._tls = certificates.context
        self._handshake = None if self._tls is None else config.handshake_timeout
        self._goodbye = None if self._tls is None else _TLS_GOODBYE
        self._server: asyncio.AbstractServer | None = None
        self._welcoming: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to accept."""
        self._server = await asyncio.get_running_loop().create_server(
            self._new_protocol,
            sock=self._listener.dup(),
            backlog=self._backlog,
            ssl=self._tls,
            ssl_handshake_timeout=self._handshake,
            ssl_shutdown_timeout=self._goodbye,
        )

    def stop(self) -> None:
        """Accept those who wait in the kernel's queue, and then no more."""
        if self._server is not None:
            self._server.close()
        with contextlib.suppress(OSError):
            for _ in range(self._backlog):
                connection, _ = self._listener.accept()
                connection.setblocking(False)
                task = asyncio.ensure_future(self._welcome(connection))
                self._welcoming.add(task)
                task.add_done_callback(self._welcoming.discard)

    async def wait_welcomed(self) -> None:
        """Wait until those who were accepted at the end have their connections, unless they take too long."""
        if self._welcoming:
            await asyncio.wait(self._welcoming, timeout=_WELCOME)

    async def _welcome(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().connect_accepted_socket(
                self._new_protocol,
                connection,
                ssl=self._tls,
                ssl_handshake_timeout=self._handshake,
                ssl_shutdown_timeout=self._goodbye,
            )
