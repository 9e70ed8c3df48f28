"""Error items in the shape that clients see."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

Location = tuple[int | str, ...]


class ErrorItems(list[dict[str, Any]]):
    """All that is wrong with a request. A type of its own, so that it can stand in the place of an answer.

    Attributes:
        written: the items as JSON, where they were had like that; the list is then empty.
    """

    written: bytes | None = None


def missing_error(loc: Location) -> dict[str, Any]:
    """The item for a required value that was not sent.

    Example:
        >>> missing_error(("query", "q"))
        {'type': 'missing', 'loc': ('query', 'q'), 'msg': 'Field required', 'input': None}
    """
    return {"type": "missing", "loc": loc, "msg": "Field required", "input": None}


def json_invalid_error(error: json.JSONDecodeError) -> dict[str, Any]:
    """The item for a body that is no JSON."""
    return {
        "type": "json_invalid",
        "loc": ("body", error.pos),
        "msg": "JSON decode error",
        "input": {},
        "ctx": {"error": error.msg},
    }


def with_location(errors: Sequence[Any], prefix: Location) -> list[dict[str, Any]]:
    """The items with ``prefix`` in front of their locations."""
    return [{**error, "loc": prefix + tuple(error.get("loc", ()))} for error in errors]
