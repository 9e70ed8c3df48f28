"""Listening sockets.

Lives here: making them from the configuration, and what people call them. Must not live here: accepting
(the event loop does). Invariant: a socket made here is non-blocking, listens, and can be inherited.
"""

from __future__ import annotations

import os
import socket
import stat

from pronghorn.server.config import ServerConfig


class CannotListen(OSError):
    """The address of the configuration cannot be listened on."""


def open_socket(config: ServerConfig) -> socket.socket:
    """The socket that the configuration names, listening.

    Raises:
        CannotListen: it is taken, or not ours to take.
    """
    try:
        listener = _open(config)
    except OSError as error:
        raise CannotListen(f"cannot listen on {_wanted(config)}: {error.strerror or error}") from error
    listener.listen(config.backlog)
    listener.setblocking(False)
    listener.set_inheritable(True)
    return listener


def describe(listener: socket.socket, scheme: str) -> str:
    """Where to reach it: a URL, or `unix:` and a path."""
    if listener.family == getattr(socket, "AF_UNIX", None):
        return f"unix:{listener.getsockname()}"
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def close_socket(listener: socket.socket) -> None:
    """Close it; the file of a Unix socket goes with it."""
    path = listener.getsockname() if listener.family == getattr(socket, "AF_UNIX", None) else None
    listener.close()
    if path and os.path.exists(path):
        os.unlink(path)


def _open(config: ServerConfig) -> socket.socket:
    if config.fd is not None:
        return socket.socket(fileno=os.dup(config.fd))
    if config.uds is not None:
        return _open_unix(config.uds, config.uds_mode)
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((config.host, config.port))
    except BaseException:
        listener.close()
        raise
    return listener


def _open_unix(path: str, mode: int) -> socket.socket:
    if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode):
        os.unlink(path)  # left behind by a process that is gone, or about to be replaced
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(path)
        os.chmod(path, mode)
    except BaseException:
        listener.close()
        raise
    return listener


def _wanted(config: ServerConfig) -> str:
    if config.fd is not None:
        return f"file descriptor {config.fd}"
    return config.uds if config.uds is not None else f"{config.host}:{config.port}"
