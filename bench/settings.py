"""What the applications are told, and the data that they share.

Standard library only: every contender's environment imports this.
"""

import os
from pathlib import Path

ROUTES = int(os.environ.get("BENCH_ROUTES", "0"))
"""How many numbered routes to add."""

MIDDLEWARE = os.environ.get("BENCH_MIDDLEWARE") == "1"
"""Whether CORS and three http middlewares stand in front of the routes."""

OPENAPI = os.environ.get("BENCH_OPENAPI") == "1"
"""Whether a document is wanted; who would not serve one in production need not load what makes it."""

ORIGIN = "https://shop.example"
"""The origin that CORS lets in."""

DATABASE = os.environ.get("BENCH_DATABASE", "")
"""A database URL without a driver, `sqlite:///file` or `postgresql://...`; empty for none."""

FILE = Path(os.environ.get("BENCH_FILE", "build/bench/download.bin"))
"""The file that is downloaded."""

PORT = int(os.environ.get("BENCH_PORT", "8000"))
"""Where a server listens that is started from Python."""

EVENT_PAUSE = 0.05
"""Seconds between two server-sent events on one connection."""


def rows(start: int) -> list[dict[str, object]]:
    """A hundred records as a database would give them: one field more than the response has."""
    return [
        {
            "id": number,
            "name": f"item {number}",
            "price": number * 1.25,
            "tags": ["new", "offer"] if number % 3 else [],
            "active": number % 2 == 0,
            "note": None if number % 5 else f"note {number}",
            "cost": number * 0.5,
        }
        for number in range(start, start + 100)
    ]
