"""A worker process, as its supervisor sees it.

Lives here: starting it, what it has reported, ways of ending it. Must not live here: when to do so
(`supervisor`), the process itself (`worker`).
"""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import subprocess
import sys
import time

from pronghorn.server.assignment import Assignment

logger = logging.getLogger("pronghorn.error")

KILL_AFTER = 5.0
"""Seconds after the time that requests under way have."""
_LAST_WORDS = 1.0
NEVER = float("inf")


class Child:
    """One worker process, and the channel to it.

    Args:
        assignment: what it is to do.
        listener: the socket it accepts on.
        generation: how many times the workers had been replaced when it started.

    Attributes:
        ready: it serves.
        ending: it was told to end.
        replaces: who is told to end when it is ready; None from then on.
        superseded: a newer one replaces in its place.
        born: when it was started.
        beat: when its event loop was known to turn, once it is ready.
        kill_at: when it is killed, if it has not ended.
    """

    def __init__(self, assignment: Assignment, listener: socket.socket, generation: int) -> None:
        ours, theirs = socket.socketpair()
        self.channel = ours
        theirs.set_inheritable(True)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pronghorn.server.worker", str(theirs.fileno()), str(listener.fileno())],
            pass_fds=(theirs.fileno(), listener.fileno()),
        )
        theirs.close()
        self.generation = generation
        self.ready = False
        self.ending = False
        self.superseded = False
        self.replaces: Child | None = None
        self.born = self.beat = time.monotonic()
        self.kill_at = NEVER
        with contextlib.suppress(OSError):  # gone already: its end will be noticed
            assignment.send(ours)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def starts_in_place(self) -> bool:
        """Whether it starts, to take the place of another one."""
        return self.replaces is not None

    def end(self, patience: float) -> None:
        """Ask it to stop, and see to it that it has when `patience` has passed."""
        self.ending = True
        self.kill_at = min(self.kill_at, time.monotonic() + patience + KILL_AFTER)
        self.process.terminate()

    def give_up(self, *, dumb: bool) -> None:
        """End it, since it hangs.

        Args:
            dumb: it has not said where it hangs; what its threads do is written by this signal.
        """
        if dumb:
            self.process.send_signal(signal.SIGABRT)
            self.kill_at = time.monotonic() + _LAST_WORDS
        else:
            self.process.kill()

    def kill_if_late(self, now: float) -> None:
        """Kill it if it had its time."""
        if now >= self.kill_at:
            logger.warning("Worker %d did not stop in time: killed", self.pid)
            self.process.kill()
            self.kill_at = NEVER
