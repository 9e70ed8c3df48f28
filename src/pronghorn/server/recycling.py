"""When a worker should make room for a new one.

Lives here: counting what it has answered and looking at its memory. Must not live here: the replacement,
which the supervisor starts first.
"""

from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Callable

from pronghorn.server.config import ServerConfig
from pronghorn.server.options import size_text

logger = logging.getLogger("pronghorn.error")

_PATIENCE = 60.0
"""Seconds until a replacement is asked for again, which may have failed to start."""


def resident_memory() -> int:
    """How many bytes of memory this process has; its highest number where the system tells no other."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Recycler:
    """Asks for a replacement of this process when it has done enough.

    Args:
        config: the options; limits are lowered by a random part of `recycle_jitter`, once.
        ask: asks for the replacement.
    """

    def __init__(self, config: ServerConfig, ask: Callable[[], None]) -> None:
        share = 1.0 - config.recycle_jitter * random.random()
        self._ask = ask
        self._left = None if config.max_requests is None else max(1, round(config.max_requests * share))
        self._most_memory = None if config.max_rss is None else config.max_rss * share
        self._asked = float("-inf")

    @property
    def counts(self) -> bool:
        """Whether it wants to know of every answer."""
        return self._left is not None

    @property
    def looks(self) -> bool:
        """Whether it wants to look at the memory."""
        return self._most_memory is not None

    def count(self) -> None:
        """A request was answered."""
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self._want("the number of requests")

    def look(self) -> None:
        """Compare the memory with its limit; called now and then."""
        if self._most_memory is not None and self._asked + _PATIENCE < time.monotonic():
            size = resident_memory()
            if size > self._most_memory:
                self._want(f"{size_text(size // 1024 * 1024)} of memory")

    def _want(self, reason: str) -> None:
        now = time.monotonic()
        if self._asked + _PATIENCE < now:
            self._asked = now
            logger.info("To be replaced, for %s", reason)
            self._ask()
