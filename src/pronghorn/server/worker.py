"""A worker process: `python -m pronghorn.server.worker FD FD`, started by the supervisor.

Lives here: taking over the socket and the options, reporting to the supervisor, ending with it.
Must not live here: anything about other workers.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import signal
import socket
import sys
from typing import TYPE_CHECKING

from pronghorn.server.assignment import BEAT, HUNG, READY, RECYCLE, Assignment
from pronghorn.server.collecting import collect_rarely
from pronghorn.server.loading import load_app, users_part
from pronghorn.server.logs import set_up_logging

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from pronghorn.server.process import Reports
    from pronghorn.server.server import Server

logger = logging.getLogger("pronghorn.error")

_LOOK_EVERY = 1.0
"""Seconds between two looks at the memory."""


def main(channel_fd: int, listener_fd: int) -> int:
    """Serve as the supervisor says; the exit code."""
    collect_as_before = collect_rarely()
    # PERF (startup): not before, since they are most of what the collector would look at.
    from pronghorn.applications import Pronghorn
    from pronghorn.server.process import START_FAILED, serve_process

    channel = socket.socket(fileno=channel_fd)
    assignment = Assignment.receive(channel)
    # Ctrl+C and a hang-up reach every process of the terminal; the supervisor decides what they mean.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # The supervisor's last word to a process in which no thread can run: it ends, and shows where.
    faulthandler.enable()
    sys.path[:] = assignment.path
    set_up_logging(assignment.config.log_level, assignment.config.access_log_format)

    try:
        app = load_app(assignment.target)
    except Exception as error:
        cause = (type(error), error, users_part(error.__traceback__))
        level = logging.DEBUG if assignment.explained else logging.ERROR
        logger.log(level, "%s cannot be imported", assignment.target, exc_info=cause)
        return START_FAILED
    if assignment.explained and not isinstance(app, Pronghorn):
        return START_FAILED

    return serve_process(
        app,
        assignment.config,
        signals=(signal.SIGTERM,),
        listener=socket.socket(fileno=listener_fd),
        reports=_reports_to(channel, assignment, collect_as_before),
    )


def _reports_to(
    channel: socket.socket, assignment: Assignment, collect_as_before: Callable[[], None]
) -> Reports:
    import asyncio

    from pronghorn.server.process import Reports
    from pronghorn.server.recycling import Recycler

    def say(word: bytes) -> None:
        # Without its supervisor the process is about to end anyway.
        with contextlib.suppress(OSError):
            channel.send(word)

    def started(server: Server) -> None:
        collect_as_before()
        channel.setblocking(False)
        loop = asyncio.get_running_loop()
        # Readable means closed: the supervisor has no more to say.
        loop.add_reader(channel, _orphaned, loop, channel, server)
        say(READY)
        if recycler.looks:
            look(loop)

    def look(loop: asyncio.AbstractEventLoop) -> None:
        recycler.look()
        loop.call_later(_LOOK_EVERY, look, loop)

    recycler = Recycler(assignment.config, lambda: say(RECYCLE))
    return Reports(
        started=started,
        beat=lambda: say(BEAT),
        hung=lambda: say(HUNG),
        answered=(lambda *_: recycler.count()) if recycler.counts else None,
    )


def _orphaned(loop: asyncio.AbstractEventLoop, channel: socket.socket, server: Server) -> None:
    loop.remove_reader(channel)
    server.stop()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
