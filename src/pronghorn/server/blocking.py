"""What is told about an event loop that stands still: a warning for developers, the stack of one that hangs.

Must not live here: noticing it (`watch`), replacing a process (`supervisor`).
"""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import FrameType

from pronghorn.server.config import ServerConfig
from pronghorn.server.stacks import find_standstill
from pronghorn.server.watch import LoopWatch

logger = logging.getLogger("pronghorn.error")

_QUIET = 5.0
"""Seconds for which the same place is not told again."""


def watches_of(config: ServerConfig, beat: Callable[[], None], hung: Callable[[], None]) -> list[LoopWatch]:
    """The watches that the options ask for, not started yet.

    Args:
        config: the options.
        beat: called on the loop while it turns.
        hung: called from another thread when it has not for `heartbeat_timeout`, and the log says where.
    """
    watches = []
    if config.block_warning is not None:
        watches.append(LoopWatch(config.block_warning, BlockWarning(config.block_warning).warn))
    if config.heartbeat_timeout is not None:

        def tell(frame: FrameType, seconds: float) -> bool:
            log_hung(frame, seconds)
            hung()
            return True

        watches.append(LoopWatch(config.heartbeat_timeout, tell, beat))
    return watches


class BlockWarning:
    """Warns of what blocks the event loop, of each place now and then."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._told: dict[str, float] = {}

    def warn(self, frame: FrameType, seconds: float) -> bool:
        """Tell where the loop stands; whether that is in the user's code, and so could be told."""
        standstill = find_standstill(frame)
        if standstill is None:
            return False
        now = time.monotonic()
        place = str(standstill)
        if now - self._told.get(place, float("-inf")) < _QUIET:
            return True
        self._told[place] = now
        logger.warning(
            "The event loop is blocked for more than %g s, and with it every other request, by %s. Await something"
            " that does not block, make it a `def`, or call it with `run_in_threadpool`.",
            self._limit,
            standstill,
        )
        return True


def log_hung(frame: FrameType, seconds: float) -> None:
    """Write the stack of a loop that hangs."""
    standstill = find_standstill(frame)
    stack = "".join(traceback.format_stack(frame))
    logger.critical(
        "The event loop has been blocked for %.1f s%s\n%s",
        seconds,
        f" by {standstill}" if standstill is not None else "",
        stack.rstrip(),
    )


def all_stacks() -> str:
    """The stacks of all threads, for a log."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return "\n".join(
        f"{names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame)).rstrip()}"
        for ident, frame in sys._current_frames().items()
    )
