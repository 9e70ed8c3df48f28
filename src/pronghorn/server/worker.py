"""A worker process: `python -m pronghorn.server.worker FD FD`, started by the supervisor.

Lives here: taking over the socket and the options, saying when it is ready, ending with its supervisor.
Must not live here: anything about other workers.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys

from pronghorn.server.assignment import READY, Assignment
from pronghorn.server.logs import set_up_logging
from pronghorn.server.server import Server

logger = logging.getLogger("pronghorn.error")


def main(channel_fd: int, listener_fd: int) -> int:
    """Serve as the supervisor says; the exit code."""
    channel = socket.socket(fileno=channel_fd)
    assignment = Assignment.receive(channel)
    # Ctrl+C reaches every process of the terminal; the supervisor decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.path[:] = assignment.path
    set_up_logging(assignment.config.log_level, assignment.config.access_log_format)

    from pronghorn.server.loading import load_app, users_part
    from pronghorn.server.process import START_FAILED, serve_process

    try:
        app = load_app(assignment.target)
    except Exception as error:
        cause = (type(error), error, users_part(error.__traceback__))
        logger.error("%s cannot be imported", assignment.target, exc_info=cause)
        return START_FAILED

    def started(server: Server) -> None:
        channel.setblocking(False)
        loop = asyncio.get_running_loop()
        # Readable means closed: the supervisor has no more to say.
        loop.add_reader(channel, _orphaned, loop, channel, server)
        channel.send(READY)

    return serve_process(
        app,
        assignment.config,
        signals=(signal.SIGTERM,),
        listener=socket.socket(fileno=listener_fd),
        started=started,
    )


def _orphaned(loop: asyncio.AbstractEventLoop, channel: socket.socket, server: Server) -> None:
    loop.remove_reader(channel)
    server.stop()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
