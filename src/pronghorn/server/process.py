"""Serving from one process: signals, exit codes; and the way to several.

Lives here: `run`, and what a process does from its first log line to its exit code. Must not live here:
what happens between (`server`), other processes (`supervisor`).
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from pronghorn._base.lifespan import LifespanFailed
from pronghorn.server.access import Answered
from pronghorn.server.blocking import all_stacks, watches_of
from pronghorn.server.config import ServerConfig
from pronghorn.server.descriptors import raise_limit
from pronghorn.server.listener import CannotListen
from pronghorn.server.loading import load_app
from pronghorn.server.logs import set_up_logging, tell_limits
from pronghorn.server.loops import run_in_loop
from pronghorn.server.readiness import Readiness
from pronghorn.server.server import Server
from pronghorn.server.watch import LoopWatch

logger = logging.getLogger("pronghorn.error")

UNWINDING = 4.0
"""Seconds for the end after the last request: cancelled tasks, the application's shut-down."""

_CAN_SUPERVISE = os.name == "posix"

START_FAILED = 3
"""The exit code when the application did not start. Starting it again would not help."""


def run(app: Any, config: ServerConfig | None = None) -> None:
    """Serve until told to stop, by SIGTERM or SIGINT (Ctrl+C); the second time, at once.

    Args:
        app: an import string, `module:attribute`, or the application itself. Several workers, and
            reloading, need the string, since their processes import it.
        config: the options.

    Raises:
        SystemExit: with 3 when the application or the server could not start, 1 when it could not stop
            as it should.
        ValueError: workers or reloading were asked for, but `app` is not an import string.
    """
    config = config or ServerConfig()
    set_up_logging(config.log_level, config.access_log_format)
    if supervises(app, config):
        from pronghorn.server.supervisor import Supervisor

        code = Supervisor(app, config).run()
    else:
        _refuse_without_supervisor(app, config)
        code = _serve_alone(app, config)
    if code:
        sys.exit(code)


def supervises(app: Any, config: ServerConfig) -> bool:
    """Whether `run` has `app` served by processes that another one keeps."""
    return isinstance(app, str) and config.needs_supervisor and _CAN_SUPERVISE


def _refuse_without_supervisor(app: Any, config: ServerConfig) -> None:
    wanted = {
        "reload": config.reload,
        f"workers={config.workers}": config.workers > 1,
        f"max_requests={config.max_requests}": config.max_requests,
        f"max_rss={config.max_rss}": config.max_rss,
    }
    for option, is_wanted in wanted.items():
        if is_wanted:
            reason = "with an application object: give its import string, such as 'main:app'"
            raise ValueError(f"{option} {'on this system' if isinstance(app, str) else reason}")


def _serve_alone(app: Any, config: ServerConfig) -> int:
    """Serve in this process, without another one that keeps it."""
    tell_limits(config)
    readiness = Readiness(config.ready_file)

    def started(server: Server) -> None:
        logger.info("Listening on %s (Ctrl+C stops it)", server.url)
        readiness.ready("serving")
        if readiness.ping_every is not None:
            ping(asyncio.get_running_loop())

    def ping(loop: asyncio.AbstractEventLoop) -> None:
        readiness.ping(loop.time())
        loop.call_later(readiness.ping_every or 0, ping, loop)

    reports = Reports(started=started, stopping=readiness.stopping)
    try:
        return serve_process(app, config, signals=(signal.SIGTERM, signal.SIGINT), reports=reports)
    finally:
        readiness.stopping()


@dataclasses.dataclass(frozen=True)
class Reports:
    """What a process tells while it serves.

    Attributes:
        started: connections are accepted; called on the event loop.
        stopping: no more of them will be.
        beat: the event loop turns; called on it, often.
        hung: it has not, for `heartbeat_timeout`; called from another thread.
        answered: a request was.
    """

    started: Callable[[Server], None]
    stopping: Callable[[], None] = lambda: None
    beat: Callable[[], None] = lambda: None
    hung: Callable[[], None] = lambda: None
    answered: Callable[[Answered, int], None] | None = None


def serve_process(
    app: Any,
    config: ServerConfig,
    *,
    signals: Sequence[signal.Signals],
    reports: Reports,
    listener: socket.socket | None = None,
) -> int:
    """Serve in this process; the exit code.

    Args:
        app: an import string or an application.
        config: the options.
        signals: which ones mean to stop.
        reports: who is told of what.
        listener: a socket shared with other processes, instead of one of its own.
    """
    raise_limit()
    try:
        server = Server(load_app(app), config, listener=listener, answered=reports.answered)
    except OSError as error:
        logger.error("The certificate cannot be used: %s", error)
        return START_FAILED
    end = _HardEnd(config.graceful_timeout)
    try:
        return run_in_loop(_serve(server, signals, reports, end), config.loop)
    finally:
        end.cancel()


async def _serve(server: Server, signals: Sequence[signal.Signals], reports: Reports, end: _HardEnd) -> int:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        end.approach()
        reports.stopping()
        server.stop()

    # Not on Windows, nor outside the main thread: there Ctrl+C raises KeyboardInterrupt as ever.
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
        for number in signals:
            loop.add_signal_handler(number, stop)
        if server.config.ssl_certfile is not None:
            loop.add_signal_handler(signal.SIGHUP, server.renew_certificates)
    watches = watches_of(server.config, reports.beat, reports.hung)
    telling = asyncio.create_task(_tell(server, reports, watches))
    try:
        await server.serve()
    except (CannotListen, LifespanFailed) as error:
        logger.error("%s", error)
        return 1 if server.started.is_set() else START_FAILED
    finally:
        telling.cancel()
        for watch in watches:
            watch.stop()
    return 0


async def _tell(server: Server, reports: Reports, watches: Sequence[LoopWatch]) -> None:
    await server.started.wait()
    # What start-up made lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    reports.started(server)
    for watch in watches:
        watch.start()


class _HardEnd:
    """Ends a process that does not end by itself: by what it runs in threads, or by its shut-down.

    Args:
        seconds: what requests under way may take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timers: list[threading.Timer] = []

    def approach(self) -> None:
        """The process was asked to stop. When it is asked again, there is no patience with requests."""
        timer = threading.Timer((0 if self._timers else self._seconds) + UNWINDING, self._end)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)

    def cancel(self) -> None:
        """It has stopped."""
        for timer in self._timers:
            timer.cancel()

    def _end(self) -> None:
        logger.critical("The process did not stop in time: ended, with what it was doing\n%s", all_stacks())
        os._exit(1)
