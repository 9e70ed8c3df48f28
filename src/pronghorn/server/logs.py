"""Where the server's log lines go when the application has set up nothing.

Lives here: the default handlers, and what is said first. Must not live here: any other message.
"""

from __future__ import annotations

import logging
import sys

from pronghorn.server.config import LogFormat, LogLevel, ServerConfig
from pronghorn.server.options import size_text

_LINE = "%(asctime)s %(levelname)-8s %(message)s"


def set_up_logging(level: LogLevel, access_format: LogFormat = "text") -> None:
    """Log to the terminal at `level`: the access log on stdout, all else on stderr.

    A line of JSON is not begun with time and level: it has the time in it.

    Loggers that have handlers, or whose root has, are the application's business and left alone.
    """
    top = logging.getLogger("pronghorn")
    top.setLevel(level.upper())
    if top.hasHandlers():
        return
    # It warns of every malformed form, at the pace of whoever sends them; the 400 is in the access log.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    access = logging.getLogger("pronghorn.access")
    access.propagate = False
    for logger, stream in ((top, sys.stderr), (access, sys.stdout)):
        handler = logging.StreamHandler(stream)
        bare = logger is access and access_format == "json"
        handler.setFormatter(logging.Formatter("%(message)s" if bare else _LINE))
        logger.addHandler(handler)


def tell_limits(config: ServerConfig) -> None:
    """Say which limit applications meet that know of none."""
    if config.max_body_size is not None:
        logging.getLogger("pronghorn.error").info(
            "Request bodies: at most %s where the application sets no max_body_size",
            size_text(config.max_body_size),
        )
