"""The access log: a line of text for each request.

Lives here: the line, its escaping. Must not live here: deciding whether there is a log; without one
nothing here is called. Invariant: a line stays a line, whatever the peer sent.
"""

from __future__ import annotations

import logging
from typing import Protocol

logger = logging.getLogger("pronghorn.access")


class Answered(Protocol):
    """What a line tells of a request."""

    method: str
    raw_path: bytes
    query: bytes
    http_version: str
    client: tuple[str, int] | None


def log_request(request: Answered, status: int) -> None:
    """Write the line of a request that was answered with `status`."""
    target = request.raw_path + b"?" + request.query if request.query else request.raw_path
    logger.info(
        '%s - "%s %s HTTP/%s" %d',
        _address(request.client),
        request.method,
        escape(target),
        request.http_version,
        status,
    )


def escape(text: bytes) -> str:
    """Bytes of a peer as one line of printable ASCII."""
    return text.decode("latin-1").encode("unicode_escape").decode("ascii").replace('"', '\\"')


def _address(client: tuple[str, int] | None) -> str:
    return "-" if client is None else f"{client[0]}:{client[1]}"
