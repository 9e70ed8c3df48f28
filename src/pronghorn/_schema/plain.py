"""When two declarations of plain types are the same.

Must not live here: what is made for them. Invariant: equal keys mean declarations that nothing can tell apart;
whatever is not known to be plain has no key.
"""

from __future__ import annotations

import datetime
import decimal
import types
import uuid
from collections.abc import Hashable, Mapping
from typing import Any, get_args, get_origin

from pydantic_core import PydanticUndefinedType

from pronghorn._schema.annotations import UNIONS

_LEAVES = frozenset(
    {
        *(str, int, float, bool, bytes, type(None), uuid.UUID, decimal.Decimal),
        *(datetime.datetime, datetime.date, datetime.time, datetime.timedelta),
    }
)
_CONTAINERS = (list, dict, set, frozenset)
_VALUES = (str, int, bool, type(None), types.EllipsisType, PydanticUndefinedType)
"""Types of values that are the same when they are equal: no floats, as 0.0 equals -0.0."""


def plain_key(annotation: Any, attributes: Mapping[str, Any]) -> Hashable | None:
    """What ``annotation`` and ``attributes`` are alike in with their equals; None if they are not plain.

    Example:
        >>> plain_key(list[int], {"default": 1}) == plain_key(list[int], {"default": True})
        False
    """
    if any(type(value) not in _VALUES for value in attributes.values()):
        return None
    shape = _shape(annotation)
    if shape is None:
        return None
    return shape, tuple((name, type(value), value) for name, value in attributes.items())


def _shape(annotation: Any) -> Hashable | None:
    """A key for a type. Unions are equal in any order, and mean what their order says: so has their key."""
    if annotation is Any or (type(annotation) is type and annotation in _LEAVES):
        return (annotation,)
    origin = get_origin(annotation)
    kind = "union" if origin in UNIONS else origin
    if kind != "union" and kind not in _CONTAINERS:
        return None
    members = tuple(_shape(member) for member in get_args(annotation))
    return (kind, members) if members and None not in members else None
