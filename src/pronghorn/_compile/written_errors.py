"""What is wrong with a body, as JSON: written by pydantic, without error items in between.

Must not live here: which errors may be told (`json_input`), the answer around them (`_engine.refusal`).
Invariant: it is what the encoder would have written of the items; where that is in doubt the items are given.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from pydantic_core import SchemaValidator, ValidationError, core_schema

from pronghorn._compile.json_input import FUNCTIONS, TOLD_ALIKE, holds, json_errors
from pronghorn._schema.errors import ErrorItems

_LOCATION, _IN_BODY = '"loc":[', '"loc":["body",'
#: What stands before the location of an item that may be told.
_HEADS = frozenset(f'"type":"{kind}",' for kind in TOLD_ALIKE)
#: Floats that pydantic writes another way: small ones, and those that JSON has not.
_ODD_FLOAT = re.compile(r"[:,\[]-?(?:\d(?:\.\d+)?e-|0\.0000|NaN|Infinity)")
#: Factories of defaults that raise nothing.
_SAFE_FACTORIES = (list, dict, set, frozenset, tuple)


def writes_errors_alike(schema: Any) -> bool:
    """Whether all that errors with this core schema can show are values of JSON, and words of pydantic's.

    Code of the user's may raise errors with anything in them, and a default may be anything.
    """
    return _writes_floats_alike() and not holds(schema, _may_show_more)


def _may_show_more(schema: dict[str, Any]) -> bool:
    kind = schema.get("type")
    return (
        (isinstance(kind, str) and kind in FUNCTIONS)  # a field may be called "type"
        or any(schema.get(key) for key in ("post_init", "validate_default", "missing"))
        or callable(schema.get("discriminator"))
        or schema.get("default_factory", list) not in _SAFE_FACTORIES
    )


@cache
def _writes_floats_alike() -> bool:
    """Whether this pydantic writes large floats as Python does: not all do."""
    try:
        SchemaValidator(core_schema.bool_schema()).validate_json("[1e16, 1.5e300, 1e15, 0.0001, -0.0]")
    except ValidationError as error:
        items = error.errors(include_url=False)
        return error.json(include_url=False) == json.dumps(items, separators=(",", ":"))
    return False


def written_errors(error: ValidationError) -> ErrorItems | None:
    """As `json_errors` for a body, the items written where that can be.

    PERF: half the cost of making items and writing them. bench/counted.py rejected

    Raises:
        ValueError: what was sent is no text.
    """
    text = error.json(include_url=False)
    parts = text.split(_LOCATION)
    last = parts.pop()
    # Each item has one location; if there are more in the text, some are in what was sent.
    if len(parts) != error.error_count() or last[0] == "]" or not _is_written_alike(text):
        return json_errors(error, ("body",))
    for part in parts:
        # Each but the first begins with a location; one without members has no comma after what is put before it.
        if part[0] == "]" or part[part.rfind('"type":"') :] not in _HEADS:
            return json_errors(error, ("body",))
    parts.append(last)
    items = ErrorItems()
    items.written = _IN_BODY.join(parts).encode()
    return items


def _is_written_alike(text: str) -> bool:
    """Whether nothing of the text has to be written in another way: keys that are left out, odd floats."""
    if '"_sa' in text:
        return False
    # PERF: what contains none of these is not searched. bench/counted.py rejected
    odd = (
        "e-" in text
        or ("." in text and "0.0000" in text)
        or ("N" in text and "NaN" in text)
        or "Infinity" in text
    )
    return not odd or _ODD_FLOAT.search(text) is None
