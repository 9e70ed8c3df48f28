"""The access log: a line for each request, of text or of JSON.

Lives here: the lines, their escaping, which requests get one. Must not live here: whether there is a log
at all; without one nothing here is called. Invariant: a line stays a line, whatever the peer sent.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from pronghorn.server.config import LogFormat, ServerConfig

logger = logging.getLogger("pronghorn.access")

_ERROR = 400
"""From this status on."""


class Answered(Protocol):
    """What a line tells of a request.

    Attributes:
        seconds: since its head had been read.
        size: bytes of the response's body.
    """

    method: str
    raw_path: bytes
    query: bytes
    http_version: str
    client: tuple[str, int] | None
    seconds: float
    size: int


Log = Callable[[Answered, int], None]


def access_log(config: ServerConfig) -> Log | None:
    """What writes the line of a request that was answered; None where none is wanted.

    Requests are sampled as the options say. Of those that failed, a client can make any number: beyond a
    rate they are counted only.
    """
    if not config.access_log or not logger.isEnabledFor(logging.INFO):
        return None
    log = _Sampled(config.access_log_format, config.access_log_sample, config.access_log_errors)
    is_plain = config.access_log_sample >= 1 and config.access_log_errors is None
    return log.write if is_plain else log.sample


class _Sampled:
    """Writes lines for some of the requests."""

    def __init__(self, form: LogFormat, share: float, errors_a_second: int | None) -> None:
        self.write: Log = _log_json if form == "json" else _log_text
        self._form = form
        self._share = share
        self._most = errors_a_second
        self._second = 0
        self._errors = 0

    def sample(self, request: Answered, status: int) -> None:
        """Write the line if it is one of those to be written."""
        if status < _ERROR:
            if self._share >= 1 or random.random() < self._share:
                self.write(request, status)
            return
        most = self._most
        if most is None:
            self.write(request, status)
            return
        second = int(time.monotonic())
        if second != self._second:
            self._tell(self._errors - most)
            self._second, self._errors = second, 0
        self._errors += 1
        if self._errors <= most:
            self.write(request, status)

    def _tell(self, omitted: int) -> None:
        if omitted > 0 and self._form == "json":
            logger.info("%s", json.dumps({"time": _now(), "omitted": omitted}))
        elif omitted > 0:
            logger.info("%d more requests were answered with a status of 400 or above", omitted)


def _log_text(request: Answered, status: int) -> None:
    logger.info(
        '%s - "%s %s HTTP/%s" %d %dB %.1fms',
        escape(_address(request.client).encode()),
        request.method,
        escape(_target(request)),
        request.http_version,
        status,
        request.size,
        request.seconds * 1000,
    )


def _log_json(request: Answered, status: int) -> None:
    line = {
        "time": _now(),
        "client": _address(request.client),
        "method": request.method,
        "target": _target(request).decode("latin-1"),
        "http": request.http_version,
        "status": status,
        "size": request.size,
        "seconds": round(request.seconds, 6),
    }
    logger.info("%s", json.dumps(line))  # which escapes all but printable ASCII


def escape(text: bytes) -> str:
    """Bytes of a peer as one line of printable ASCII."""
    return text.decode("latin-1").encode("unicode_escape").decode("ascii").replace('"', '\\"')


def _target(request: Answered) -> bytes:
    return request.raw_path + b"?" + request.query if request.query else request.raw_path


def _address(client: tuple[str, int] | None) -> str:
    return "-" if client is None else f"{client[0]}:{client[1]}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
