"""Telling the outside that the server is ready, reloads or stops.

Lives here: the protocol of sd_notify(3) and the readiness file. Must not live here: knowing when it is so.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
from collections.abc import MutableMapping
from pathlib import Path

logger = logging.getLogger("pronghorn.error")


class Readiness:
    """Says what state the server is in, to those who asked to hear it.

    Args:
        ready_file: exists while the server is ready; None for none.
        environ: names the socket of the service manager. It is taken out, since processes that are started
            later have nothing to say there.

    Attributes:
        ping_every: how many seconds may pass between two calls of `ping`; None if nobody waits for them.
    """

    def __init__(self, ready_file: str | None, environ: MutableMapping[str, str] = os.environ) -> None:
        self._file = None if ready_file is None else Path(ready_file)
        self._address = environ.pop("NOTIFY_SOCKET", None)
        self._is_ready = False
        self.ping_every = _watchdog_interval(environ)
        self._next_ping = float("-inf")
        if self._file is not None:
            self._file.unlink(missing_ok=True)  # of a server that could not take it away any more

    def ready(self, status: str) -> None:
        """Requests are served; also after a reload."""
        self._say(f"READY=1\nSTATUS={status}\nMAINPID={os.getpid()}")
        self._is_ready = True
        if self._file is not None:
            try:
                self._file.write_text(f"{os.getpid()}\n", "ascii")
            except OSError as error:
                logger.error("The readiness file cannot be written: %s", error)

    def not_ready(self, status: str) -> None:
        """No requests are served for now."""
        if self._is_ready:
            self._is_ready = False
            self._say(f"STATUS={status}")
            self._remove_file()

    def reloading(self) -> None:
        """Requests are served, and `ready` follows when the new code serves them."""
        self._say(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """The end has begun; the last that is said."""
        self._say("STOPPING=1\nSTATUS=stopping")
        self._address = None
        self._is_ready = False
        self._remove_file()

    def ping(self, now: float) -> None:
        """All is well; nothing else has to be called in time for `ping_every`."""
        if self.ping_every is not None and now >= self._next_ping:
            self._next_ping = now + self.ping_every
            self._say("WATCHDOG=1")

    def _remove_file(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.unlink(missing_ok=True)

    def _say(self, state: str) -> None:
        if self._address is None:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                manager.sendto(state.encode(), address)
        except OSError as error:
            logger.error("The service manager cannot be told of %s: %s", state.partition("=")[0], error)


def _watchdog_interval(environ: MutableMapping[str, str]) -> float | None:
    """Half of what sd_watchdog_enabled(3) allows, if it is meant for this process."""
    limit, pid = environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", None)
    if not limit.isdecimal() or int(limit) == 0 or pid not in (None, str(os.getpid())):
        return None
    return int(limit) / 2_000_000
