"""Error items in the shape that clients see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Location = tuple[int | str, ...]


def missing_error(loc: Location) -> dict[str, Any]:
    """The item for a required value that was not sent.

    Example:
        >>> missing_error(("query", "q"))
        {'type': 'missing', 'loc': ('query', 'q'), 'msg': 'Field required', 'input': None}
    """
    return {"type": "missing", "loc": loc, "msg": "Field required", "input": None}


def with_location(errors: Sequence[Any], prefix: Location) -> list[dict[str, Any]]:
    """The items with ``prefix`` in front of their locations."""
    return [{**error, "loc": prefix + tuple(error.get("loc", ()))} for error in errors]
