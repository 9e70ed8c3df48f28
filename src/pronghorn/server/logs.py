"""Where the server's log lines go when the application has set up nothing.

Lives here: the default handlers. Must not live here: any message.
"""

from __future__ import annotations

import logging
import sys

from pronghorn.server.config import LogLevel


def set_up_logging(level: LogLevel) -> None:
    """Log to the terminal at `level`: the access log on stdout, all else on stderr.

    Loggers that have handlers, or whose root has, are the application's business and left alone.
    """
    top = logging.getLogger("pronghorn")
    top.setLevel(level.upper())
    if top.hasHandlers():
        return
    access = logging.getLogger("pronghorn.access")
    access.propagate = False
    for logger, stream in ((top, sys.stderr), (access, sys.stdout)):
        handler = logging.StreamHandler(stream)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-8s %(message)s"))
        logger.addHandler(handler)
