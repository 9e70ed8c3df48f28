"""Serving from one process: signals, exit codes; and the way to several.

Lives here: `run`, and what a process does from its first log line to its exit code. Must not live here:
what happens between (`server`), other processes (`supervisor`).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any

from pronghorn._base.lifespan import LifespanFailed
from pronghorn.server.config import ServerConfig
from pronghorn.server.listener import CannotListen
from pronghorn.server.loading import load_app
from pronghorn.server.logs import set_up_logging
from pronghorn.server.loops import run_in_loop
from pronghorn.server.options import size_text
from pronghorn.server.server import Server

logger = logging.getLogger("pronghorn.error")

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
    if config.max_body_size is not None:
        logger.info(
            "Request bodies: at most %s where the application sets no max_body_size",
            size_text(config.max_body_size),
        )
    if config.workers > 1 or config.reload:
        if not isinstance(app, str):
            wanted = "reload" if config.reload else f"workers={config.workers}"
            raise ValueError(
                f"{wanted} with an application object: give its import string, such as 'main:app'"
            )
        from pronghorn.server.supervisor import Supervisor

        code = Supervisor(app, config).run()
    else:
        code = serve_process(app, config, signals=(signal.SIGTERM, signal.SIGINT))
    if code:
        sys.exit(code)


def serve_process(
    app: Any,
    config: ServerConfig,
    *,
    signals: Sequence[signal.Signals],
    listener: socket.socket | None = None,
    started: Callable[[Server], None] | None = None,
) -> int:
    """Serve in this process; the exit code.

    Args:
        app: an import string or an application.
        config: the options.
        signals: which ones mean to stop.
        listener: a socket shared with other processes, instead of one of its own.
        started: called on the event loop when connections are accepted.
    """
    server = Server(load_app(app), config, listener=listener)
    return run_in_loop(_serve(server, signals, started or _announce), config.loop)


async def _serve(server: Server, signals: Sequence[signal.Signals], started: Callable[[Server], None]) -> int:
    loop = asyncio.get_running_loop()
    for number in signals:
        # Not on Windows, nor outside the main thread: there Ctrl+C raises KeyboardInterrupt as ever.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, server.stop)
    telling = asyncio.create_task(_tell(server, started))
    try:
        await server.serve()
    except (CannotListen, LifespanFailed) as error:
        logger.error("%s", error)
        return 1 if server.started.is_set() else START_FAILED
    finally:
        telling.cancel()
    return 0


async def _tell(server: Server, started: Callable[[Server], None]) -> None:
    await server.started.wait()
    # What start-up made lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    started(server)


def _announce(server: Server) -> None:
    logger.info("Listening on %s (Ctrl+C stops it)", server.url)
