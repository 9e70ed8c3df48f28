"""The process that holds the socket and keeps the workers.

Lives here: starting, replacing and ending worker processes. Must not live here: serving, importing the
application: this process stays small, and able to load new code in new processes.

Invariants:
- The socket stays open until the stop: no connection is refused while workers are replaced.
- A worker is told to end only when enough others are ready, except on stop and on reload.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from pronghorn.server.assignment import HUNG, READY, RECYCLE, Assignment
from pronghorn.server.child import KILL_AFTER, NEVER, Child
from pronghorn.server.config import ServerConfig
from pronghorn.server.listener import (
    CannotListen,
    close_socket,
    describe,
    open_socket,
    turn_newcomers_away,
)
from pronghorn.server.logs import tell_limits
from pronghorn.server.readiness import Readiness
from pronghorn.server.reload import Watcher

logger = logging.getLogger("pronghorn.error")

_FIRST_BACKOFF = 0.1
_LONGEST_BACKOFF = 10.0
_LIVED_WELL = 10.0
"""Seconds after which a worker's end counts as an accident, not as a failure to run."""
_BEAT_LATE = 1.0
"""Seconds that a worker has for telling itself that it hangs, and where."""
_LAST_NEWCOMERS = 0.05
"""Seconds for those who have begun to connect at the stop. Whoever is on this machine, or near, is in then."""
_LONGEST_WAIT = 1.0
_HELD_UP = 1.0
_RELOAD_PATIENCE = 0.5
_START_FAILED = 3
NOT_STARTED = "The application did not start: stopping"


class Supervisor:
    """Keeps `config.workers` processes serving one application.

    Args:
        target: the application's import string.
        config: the options.
        path: where workers look for modules; None is where this process does.
        explained: see `Assignment`; until a worker serves for the first time.

    Attributes:
        never_served: it ended because its first workers did.

    It obeys SIGTERM and SIGINT (stop; the second time at once) and SIGHUP (replace the workers one by
    one, without losing a request; when the new ones do not start, the old ones stay).
    """

    def __init__(
        self, target: str, config: ServerConfig, path: list[str] | None = None, *, explained: bool = False
    ) -> None:
        if config.reload:
            # A developer's open streams would not end by themselves, and should not delay a reload.
            patience = min(config.graceful_timeout, _RELOAD_PATIENCE)
            config = dataclasses.replace(config, graceful_timeout=patience)
        self._assignment = Assignment(target, config, list(sys.path) if path is None else path, explained)
        self.never_served = False
        self._config = config
        self._readiness = Readiness(config.ready_file)
        self._workers: list[Child] = []
        self._selector = selectors.DefaultSelector()
        self._generation = 0
        self._rolling = False
        self._stopping = False
        self._backoff = _FIRST_BACKOFF
        self._respawn_at: list[float] = []
        self._ever_ready = False
        self._all_ready = False
        self._exit_code = 0
        self._wake_reader, self._wake_writer = socket.socketpair()

    def run(self) -> int:
        """Supervise until told to stop; the exit code."""
        try:
            self._listener = open_socket(self._config)
        except CannotListen as error:
            logger.error("%s", error)
            return _START_FAILED
        try:
            with self._signals(), self._watching():
                tell_limits(self._config)
                logger.info(
                    "Listening on %s (Ctrl+C stops it)", describe(self._listener, self._config.scheme)
                )
                for _ in range(self._config.workers):
                    self._start()
                while self._workers or self._respawn_at or (self._config.reload and not self._stopping):
                    self._turn()
        finally:
            for worker in self._workers:
                worker.process.kill()
            self._readiness.stopping()
            self._close_listener()
            self._selector.close()
            self._wake_reader.close()
            self._wake_writer.close()
        return self._exit_code

    # Events ------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Signals arrive as bytes on a socket, so that they interrupt nothing but the wait."""
        self._wake_reader.setblocking(False)
        self._wake_writer.setblocking(False)
        self._selector.register(self._wake_reader, selectors.EVENT_READ, None)
        numbers = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
        # The socket before the handlers: a signal between the two would be caught and never heard of.
        old_fd = signal.set_wakeup_fd(self._wake_writer.fileno(), warn_on_full_buffer=False)
        before: dict[signal.Signals, Any] = {
            number: signal.signal(number, lambda *_: None) for number in numbers
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(old_fd)

    @contextlib.contextmanager
    def _watching(self) -> Iterator[None]:
        if not self._config.reload:
            yield
            return
        watcher = Watcher(self._config.reload_dirs, self._note_change)
        watcher.start()
        try:
            yield
        finally:
            watcher.stop()

    def _note_change(self, paths: list[str]) -> None:
        names = ", ".join(os.path.relpath(path) for path in paths[:3])
        logger.info("Changed: %s%s; starting again", names, ", …" if len(paths) > 3 else "")
        self._wake_writer.send(b"\0")

    def _turn(self) -> None:
        """Wait for what happens next, and act on it."""
        now = time.monotonic()
        times = [*self._respawn_at, now + _LONGEST_WAIT]
        for worker in self._workers:
            times += [worker.kill_at, self._dumb_at(worker)]
        patience = max(min(times) - now, 0.0)
        for key, _ in self._selector.select(patience):
            if key.data is None:
                for number in self._wake_reader.recv(4096):
                    self._obey(number)
            else:
                self._hear(key.data)
        held_up = time.monotonic() - now - patience
        if held_up > _HELD_UP:  # so were the workers, if the whole machine was
            for worker in self._workers:
                worker.beat += held_up
        self._look_after(time.monotonic())

    def _look_after(self, now: float) -> None:
        """Do what is due."""
        for worker in self._workers:
            worker.kill_if_late(now)
            self._miss_beat(worker, now)
        due = [moment for moment in self._respawn_at if moment <= now]
        self._respawn_at = [moment for moment in self._respawn_at if moment > now]
        for _ in due:
            self._start()
        if any(worker.ready for worker in self._workers):
            self._readiness.ping(now)

    def _obey(self, number: int) -> None:
        if number == 0:
            self._reload()
        elif number == signal.SIGHUP:
            self._replace_all()
        else:
            self._stop()

    def _hear(self, worker: Child) -> None:
        """A worker reports, or is gone."""
        try:
            words = worker.channel.recv(4096)
        except OSError:
            words = b""
        if not words:
            self._bury(worker)
            return
        worker.beat = time.monotonic()
        if READY in words:
            self._welcome(worker)
        if RECYCLE in words and not self._stopping:
            self._recycle(worker)
        if HUNG in words:
            logger.error("Worker %d hangs: killed", worker.pid)
            worker.give_up(dumb=False)

    def _dumb_at(self, worker: Child) -> float:
        """When a worker has given no sign of life for so long that none is to be expected."""
        limit = self._config.heartbeat_timeout
        if limit is None or not worker.ready or worker.kill_at != NEVER:
            return NEVER
        return worker.beat + limit + _BEAT_LATE

    def _miss_beat(self, worker: Child, now: float) -> None:
        """See to a worker that hangs so badly that it cannot say so."""
        if now >= self._dumb_at(worker):
            logger.error("Worker %d gives no sign of life: killed, with its stacks", worker.pid)
            worker.give_up(dumb=True)

    # Workers -----------------------------------------------------------------------------------------

    def _start(self, replaces: Child | None = None) -> None:
        worker = Child(self._assignment, self._listener, self._generation)
        worker.replaces = replaces
        self._workers.append(worker)
        self._selector.register(worker.channel, selectors.EVENT_READ, worker)

    def _welcome(self, worker: Child) -> None:
        """A worker serves."""
        worker.ready = True
        self._ever_ready = True
        if self._assignment.explained:
            self._assignment = dataclasses.replace(self._assignment, explained=False)
        old, worker.replaces = worker.replaces, None
        if old is not None and old in self._workers and not old.ending:
            old.end(self._config.graceful_timeout)
        self._roll()
        self._tell_ready()

    def _tell_ready(self) -> None:
        """Let the outside know how many serve."""
        serving = sum(worker.ready and not worker.ending for worker in self._workers)
        if serving == 0:
            self._all_ready = False
            self._readiness.not_ready("no worker serves")
        elif not self._all_ready and serving >= self._config.workers and not self._rolling:
            self._all_ready = True
            self._readiness.ready(f"{serving} of {self._config.workers} workers serve")

    def _bury(self, worker: Child) -> None:
        """A worker ended: see why, and whether another must take its place."""
        self._selector.unregister(worker.channel)
        worker.channel.close()
        self._workers.remove(worker)
        code = worker.process.wait()
        if self._stopping:
            # It ends by the signal itself when it had not come so far as to obey it.
            if code not in (0, -signal.SIGTERM):
                self._exit_code = self._exit_code or 1
            return
        self._tell_ready()
        if worker.ending:
            return
        if worker.superseded:
            self._roll()
        elif worker.starts_in_place and worker.replaces in self._workers:
            self._keep_old(code)
        elif self._config.reload:
            logger.error("The application did not start, or ended: waiting for a change")
        elif not self._ever_ready:
            self.never_served = True
            if not self._assignment.explained:
                logger.error(NOT_STARTED)
            self._exit_code = code or 1
            self._stop()
        else:
            self._replace_lost(worker, code)

    def _replace_lost(self, worker: Child, code: int) -> None:
        logger.error("Worker %d ended (exit code %d): another starts", worker.pid, code)
        if any(other.replaces is worker for other in self._workers):
            return
        now = time.monotonic()
        if worker.ready and now - worker.born >= _LIVED_WELL:
            self._backoff = _FIRST_BACKOFF
        self._respawn_at.append(now + self._backoff)
        self._backoff = min(self._backoff * 2, _LONGEST_BACKOFF)

    # Replacing those that serve ----------------------------------------------------------------------

    def _replace_all(self) -> None:
        if self._stopping:
            return
        if self._config.reload:
            self._reload()
            return
        logger.info("Replacing the workers")
        self._generation += 1
        if not self._rolling:
            self._rolling = True
            self._readiness.reloading()
        for worker in self._workers:
            if worker.starts_in_place:
                # It may be of the old code, and is in the way if it does not come to an end with it.
                worker.superseded = True
                worker.process.kill()
        self._roll()

    def _roll(self) -> None:
        """Replace the next worker of a generation before the last, when nobody else is being replaced."""
        if self._stopping or any(worker.starts_in_place for worker in self._workers):
            return
        for worker in self._workers:
            if worker.generation < self._generation and not worker.ending:
                self._start(replaces=worker)
                return
        if self._rolling:
            self._rolling = False
            self._all_ready = False  # to be told again
            self._tell_ready()

    def _recycle(self, worker: Child) -> None:
        is_replaced = any(other.replaces is worker for other in self._workers)
        if not worker.ending and not is_replaced:
            self._start(replaces=worker)

    def _keep_old(self, code: int) -> None:
        """A new worker did not start: go on with what there is."""
        logger.error("A new worker did not start (exit code %d): the old workers stay", code)
        for worker in self._workers:
            worker.generation = self._generation
        self._roll()

    def _reload(self) -> None:
        """Start again for a developer: at once, since open streams would not end by themselves."""
        if self._stopping:
            return
        for worker in self._workers:
            worker.end(self._config.graceful_timeout)
        for worker in self._workers:
            try:
                worker.process.wait(self._config.graceful_timeout + KILL_AFTER)
            except subprocess.TimeoutExpired:
                worker.kill_if_late(NEVER)
        self._start()

    # The end -----------------------------------------------------------------------------------------

    def _stop(self) -> None:
        if not self._stopping:
            self._stopping = True
            self._readiness.stopping()
            self._respawn_at.clear()
            # First of all: with the last worker's end of it, newcomers are refused, not let in and dropped.
            if turn_newcomers_away(self._listener):
                time.sleep(_LAST_NEWCOMERS)
            self._close_listener()
        for worker in self._workers:
            worker.end(self._config.graceful_timeout)

    def _close_listener(self) -> None:
        if self._listener.fileno() != -1:
            close_socket(self._listener)
