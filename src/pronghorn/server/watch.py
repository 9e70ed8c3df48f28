"""Noticing that an event loop stands still, from a thread beside it.

Lives here: the beat on the loop and the thread that misses it. Must not live here: reading the stack
(`stacks`), what follows (`process`, `supervisor`).
Invariant: a loop is reported once for each time it stands still, unless nothing could be said of it.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

_SLOWEST_BEAT = 0.5
_BEATS_TO_LIMIT = 5

Blocked = Callable[[FrameType, float], bool]


class LoopWatch:
    """Watches the running event loop of this thread.

    Args:
        limit: how many seconds a single turn of the loop may take.
        blocked: is called, from the thread that watches, with the frame in which the loop stands and for
            how long it has, when that is longer than `limit`.
        beat: is called on the loop several times within `limit`, as long as it turns.
    """

    def __init__(self, limit: float, blocked: Blocked, beat: Callable[[], None] | None = None) -> None:
        self._limit = limit
        self._interval = min(limit / _BEATS_TO_LIMIT, _SLOWEST_BEAT)
        self._blocked = blocked
        self._on_beat = beat
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="pronghorn-watch", daemon=True)
        self._last = 0.0

    def start(self) -> None:
        """Begin to watch the loop that runs here."""
        self._loop = asyncio.get_running_loop()
        self._watched = threading.get_ident()
        self._beat()
        self._thread.start()

    def stop(self) -> None:
        """Watch no more; called on the loop."""
        self._ended.set()
        if self._thread.is_alive():
            self._timer.cancel()
            self._thread.join()

    def _beat(self) -> None:
        self._last = time.monotonic()
        self._timer = self._loop.call_later(self._interval, self._beat)
        if self._on_beat is not None:
            self._on_beat()

    def _watch(self) -> None:
        reported = 0.0
        while not self._ended.wait(self._interval):
            last = self._last
            # Until its next beat was due, the loop may have had nothing to do.
            standing = time.monotonic() - last - self._interval
            if standing < self._limit or last == reported:
                continue
            frame = sys._current_frames().get(self._watched)
            if frame is not None and last == self._last:
                reported = last if self._blocked(frame, standing) else 0.0
