"""The application behind a counter of the requests that reached it, for row 23."""

from __future__ import annotations

from typing import Any

from reliability.application import app as inner
from reliability.application import happened


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Counts, and hands on."""
    if scope["type"] == "http" and scope["query_string"] != b"own":
        happened["requests"] += 1
    await inner(scope, receive, send)
