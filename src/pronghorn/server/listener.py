"""Listening sockets.

Lives here: making them from the configuration, taking over those of systemd, closing them, and what people
call them. Must not live here: accepting (`accepting`). Invariant: a socket made here is non-blocking, listens,
and can be inherited.
"""

from __future__ import annotations

import array
import contextlib
import os
import socket
import stat
import struct
import sys
import weakref

from pronghorn.server.config import ServerConfig

# sd_listen_fds(3): the first socket handed over has this number.
_FIRST_HANDED_OVER = 3
_SO_ATTACH_FILTER = 26
# Berkeley packet filter, see socket(7): of the 14th byte of a TCP header, the flags, look at SYN and ACK; drop
# what has SYN alone, which asks for a new connection; let all else pass.
_NO_NEWCOMERS = (
    (0x30, 0, 0, 13),
    (0x54, 0, 0, 0x12),
    (0x15, 0, 1, 0x02),
    (0x06, 0, 0, 0),
    (0x06, 0, 0, 0xFFFFFFFF),
)

# Sockets that were made here, with the file of a Unix socket and its inode.
_made: weakref.WeakKeyDictionary[socket.socket, tuple[str, int] | None] = weakref.WeakKeyDictionary()


class CannotListen(OSError):
    """The address of the configuration cannot be listened on."""


def open_socket(config: ServerConfig) -> socket.socket:
    """The socket that the configuration names, listening; one that systemd hands over comes first.

    Raises:
        CannotListen: it is taken, or not ours to take.
    """
    try:
        listener = _take_over() if config.fd is None and config.uds is None else None
        listener = listener or _open(config)
        listener.listen(config.backlog)
    except CannotListen:
        raise
    except OSError as error:
        raise CannotListen(f"cannot listen on {_wanted(config)}: {error.strerror or error}") from error
    listener.setblocking(False)
    listener.set_inheritable(True)
    return listener


def describe(listener: socket.socket, scheme: str) -> str:
    """Where to reach it: a URL, or `unix:` and a path."""
    if listener.family == getattr(socket, "AF_UNIX", None):
        return f"unix:{listener.getsockname()}"
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def turn_newcomers_away(listener: socket.socket) -> bool:
    """Let nobody in any more, but those who are on their way; whether that is so.

    Between the last accept and the close of a socket somebody may connect, and would be reset. So the
    socket stops answering newcomers first. Those who get no answer try again in a second, and are refused.

    A socket that was handed over is left alone: whoever made it may have others accept on it.
    """
    if not sys.platform.startswith("linux") or listener not in _made or _made[listener] is not None:
        return False
    steps = array.array("B", b"".join(struct.pack("HBBI", *step) for step in _NO_NEWCOMERS))
    address, _ = steps.buffer_info()
    with contextlib.suppress(OSError):
        listener.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(_NO_NEWCOMERS), address)
        )
        return True
    return False


def close_socket(listener: socket.socket) -> None:
    """Close it; the file of a Unix socket that was made here goes with it."""
    made = _made.pop(listener, None)
    if made is not None:
        path, inode = made
        # Unless it is that of a successor, which has taken the path over.
        with contextlib.suppress(OSError):
            if os.stat(path).st_ino == inode:
                os.unlink(path)
    listener.close()


def _take_over() -> socket.socket | None:
    """The socket that systemd hands over to this very process, if it does; see sd_listen_fds(3)."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    count = os.environ.get("LISTEN_FDS", "0")
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)  # a process of ours would take it for its own
    if count == "0":
        return None
    if count != "1":
        raise CannotListen(f"LISTEN_FDS is {count!r}: expected 1, a single socket")
    return socket.socket(fileno=_FIRST_HANDED_OVER)


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
    _made[listener] = None
    return listener


def _open_unix(path: str, mode: int) -> socket.socket:
    if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode):
        os.unlink(path)  # left behind by a process that is gone, or about to be replaced
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # Not for a moment more open than it will be.
        before = os.umask(0o777 & ~mode)
        try:
            listener.bind(path)
        finally:
            os.umask(before)
        os.chmod(path, mode)
    except BaseException:
        listener.close()
        raise
    _made[listener] = (path, os.stat(path).st_ino)
    return listener


def _wanted(config: ServerConfig) -> str:
    if config.fd is not None:
        return f"file descriptor {config.fd}"
    return config.uds if config.uds is not None else f"{config.host}:{config.port}"
