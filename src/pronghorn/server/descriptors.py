"""File descriptors: each connection takes one, and the system has a limit.

Lives here: raising the limit as far as it may be, how many connections fit under it, whether one has something
to read. Must not live here: what happens to a connection that does not fit (`Site.add`). Invariant: some descriptors are left for files
and for what the application connects to.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import sys

try:
    import resource
except ImportError:  # pragma: no cover - Windows has no such limit
    resource = None  # type: ignore[assignment]

if sys.platform != "win32":
    import fcntl
    import termios

_RESERVED = 256


def raise_limit() -> None:
    """Let this process have as many descriptors as it may: the soft limit is often 1024, for old programs."""
    if resource is None:  # pragma: no cover - see above
        return
    with contextlib.suppress(OSError, ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def room_for_connections(wanted: int | None) -> int | None:
    """How many connections may be open at once.

    Args:
        wanted: how many the options allow; None is any number.
    """
    if resource is None:  # pragma: no cover - see above
        return wanted
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    room = max(soft - min(_RESERVED, soft // 4), 1)
    return room if wanted is None else min(wanted, room)


def has_unread(transport: asyncio.Transport) -> bool:
    """Whether the kernel holds bytes of the peer that nobody has read yet.

    A connection that is closed then is reset, and what was written last may be lost with it.
    """
    if sys.platform == "win32":  # pragma: no cover - it has no such question
        return False
    connection = transport.get_extra_info("socket")
    if connection is None:
        return False
    with contextlib.suppress(OSError, ValueError):  # closed meanwhile
        (size,) = struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.FIONREAD, b"\0\0\0\0"))
        return bool(size)
    return False
