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

from pronghorn.server.assignment import READY, Assignment
from pronghorn.server.config import ServerConfig
from pronghorn.server.listener import CannotListen, close_socket, describe, open_socket
from pronghorn.server.reload import Watcher

logger = logging.getLogger("pronghorn.error")

_FIRST_BACKOFF = 0.1
_LONGEST_BACKOFF = 10.0
_LIVED_WELL = 10.0
"""Seconds after which a worker's end counts as an accident, not as a failure to run."""
_KILL_AFTER = 5.0
_RELOAD_PATIENCE = 0.5
_START_FAILED = 3


class _Worker:
    """One worker process, and the channel to it."""

    def __init__(self, assignment: Assignment, listener: socket.socket) -> None:
        ours, theirs = socket.socketpair()
        self.channel = ours
        theirs.set_inheritable(True)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pronghorn.server.worker", str(theirs.fileno()), str(listener.fileno())],
            pass_fds=(theirs.fileno(), listener.fileno()),
        )
        theirs.close()
        self.ready = False
        self.ending = False
        self.replaces: _Worker | None = None
        self.born = time.monotonic()
        self.kill_at = float("inf")
        with contextlib.suppress(OSError):  # gone already: its end will be noticed
            assignment.send(ours)
        ours.setblocking(False)

    def end(self, patience: float) -> None:
        """Ask it to stop; a second time, at once. It is killed when `patience` has passed."""
        self.ending = True
        self.kill_at = min(self.kill_at, time.monotonic() + patience + _KILL_AFTER)
        self.process.terminate()

    def kill_if_late(self, now: float) -> None:
        """Kill it if it had its time."""
        if now >= self.kill_at:
            logger.warning("Worker %d did not stop in time: killed", self.process.pid)
            self.process.kill()
            self.kill_at = float("inf")


class Supervisor:
    """Keeps `config.workers` processes serving one application.

    Args:
        target: the application's import string.
        config: the options.

    It obeys SIGTERM and SIGINT (stop; the second time at once) and SIGHUP (replace the workers one by
    one, without losing a request; when the new ones do not start, the old ones stay).
    """

    def __init__(self, target: str, config: ServerConfig) -> None:
        if config.reload:
            # A developer's open streams would not end by themselves, and should not delay a reload.
            patience = min(config.graceful_timeout, _RELOAD_PATIENCE)
            config = dataclasses.replace(config, graceful_timeout=patience)
        self._assignment = Assignment(target, config, list(sys.path))
        self._config = config
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._to_replace: list[_Worker] = []
        self._stopping = False
        self._backoff = _FIRST_BACKOFF
        self._respawn_at: list[float] = []
        self._ever_ready = False
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
        times = [*self._respawn_at, *(worker.kill_at for worker in self._workers), now + 1.0]
        for key, _ in self._selector.select(max(min(times) - now, 0.0)):
            if key.data is None:
                for number in self._wake_reader.recv(4096):
                    self._obey(number)
            else:
                self._hear(key.data)
        now = time.monotonic()
        for worker in self._workers:
            worker.kill_if_late(now)
        due = [moment for moment in self._respawn_at if moment <= now]
        self._respawn_at = [moment for moment in self._respawn_at if moment > now]
        for _ in due:
            self._start()

    def _obey(self, number: int) -> None:
        if number == 0:
            self._reload()
        elif number == signal.SIGHUP:
            self._replace_all()
        else:
            self._stop()

    def _hear(self, worker: _Worker) -> None:
        """A worker is ready, or gone."""
        try:
            word = worker.channel.recv(16)
        except OSError:
            word = b""
        if word == READY:
            worker.ready = True
            self._ever_ready = True
            if worker.replaces is not None:
                worker.replaces.end(self._config.graceful_timeout)
                self._replace_next()
        elif not word:
            self._bury(worker)

    # Workers -----------------------------------------------------------------------------------------

    def _start(self, replaces: _Worker | None = None) -> None:
        worker = _Worker(self._assignment, self._listener)
        worker.replaces = replaces
        self._workers.append(worker)
        self._selector.register(worker.channel, selectors.EVENT_READ, worker)

    def _bury(self, worker: _Worker) -> None:
        """A worker ended: see why, and whether another must take its place."""
        self._selector.unregister(worker.channel)
        worker.channel.close()
        self._workers.remove(worker)
        code = worker.process.wait()
        if worker.ending or self._stopping:
            return
        if worker.replaces is not None and not worker.ready:
            logger.error("A new worker did not start (exit code %d): the old workers stay", code)
            self._to_replace.clear()
        elif self._config.reload:
            logger.error("The application did not start, or ended: waiting for a change")
        elif not self._ever_ready:
            logger.error("The application did not start: stopping")
            self._exit_code = code or 1
            self._stop()
        else:
            self._respawn_later(worker, code)

    def _respawn_later(self, worker: _Worker, code: int) -> None:
        now = time.monotonic()
        if worker.ready and now - worker.born >= _LIVED_WELL:
            self._backoff = _FIRST_BACKOFF
        logger.error("Worker %d ended (exit code %d): another starts", worker.process.pid, code)
        self._respawn_at.append(now + self._backoff)
        self._backoff = min(self._backoff * 2, _LONGEST_BACKOFF)

    def _replace_all(self) -> None:
        if self._config.reload:
            self._reload()
        elif not self._to_replace and not self._stopping:
            logger.info("Replacing the workers")
            self._to_replace = [worker for worker in self._workers if not worker.ending]
            self._replace_next()

    def _replace_next(self) -> None:
        while self._to_replace:
            old = self._to_replace.pop(0)
            if old in self._workers and not old.ending:
                self._start(replaces=old)
                return

    def _reload(self) -> None:
        """Start again for a developer: at once, since open streams would not end by themselves."""
        if self._stopping:
            return
        for worker in self._workers:
            worker.end(self._config.graceful_timeout)
        for worker in self._workers:
            try:
                worker.process.wait(self._config.graceful_timeout + _KILL_AFTER)
            except subprocess.TimeoutExpired:
                worker.kill_if_late(float("inf"))
        self._start()

    def _stop(self) -> None:
        self._stopping = True
        self._respawn_at.clear()
        self._to_replace.clear()
        # First of all: with the last worker's end of it, newcomers are refused, not let in and dropped.
        self._close_listener()
        for worker in self._workers:
            worker.end(self._config.graceful_timeout)

    def _close_listener(self) -> None:
        if self._listener.fileno() != -1:
            close_socket(self._listener)
