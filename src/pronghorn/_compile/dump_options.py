"""Which options of validating and writing a response have any effect on its type.

Must not live here: what the options are (`handler_spec`). Invariant: an option that is left out because of what
stands here could not be told by any value of that type.

PERF: a keyword argument costs pydantic-core half as much as writing a small dict. bench/counted.py
"""

from __future__ import annotations

from typing import Any

#: Types whose values hold nothing but values of these types.
_DATA = frozenset(
    {
        "none", "bool", "int", "float", "str", "bytes", "date", "time", "datetime", "timedelta", "uuid",
        "decimal", "literal", "list", "dict", "tuple", "set", "frozenset", "nullable", "default", "union",
    }
)  # fmt: skip
#: Types of objects with named members.
_OBJECTS = frozenset(
    {
        "model", "model-fields", "model-field", "dataclass", "dataclass-args", "dataclass-field",
        "typed-dict", "typed-dict-field", "definitions", "definition-ref",
    }
)  # fmt: skip
#: What makes the names of members depend on how they are asked for.
_NAMING = ("serialization_alias", "computed_fields", "serialization", "extras_schema")


def reads_attributes(schema: Any) -> bool:
    """Whether ``from_attributes`` may matter: it does to models, and not to what takes any value as it is."""
    return not _is_made_of(schema, _DATA | {"any"}, ())


def has_aliases(schema: Any) -> bool:
    """Whether ``by_alias`` may matter: a member has an alias, or somebody may look at the option."""
    return not _is_made_of(schema, _DATA | _OBJECTS, _NAMING)


def _is_made_of(schema: Any, kinds: frozenset[str], without: tuple[str, ...]) -> bool:
    if isinstance(schema, dict):
        kind = schema.get("type")
        if isinstance(kind, str) and kind not in kinds:
            return False
        if any(schema.get(key) for key in without) or _may_become_another(schema):
            return False
        return all(
            _is_made_of(value, kinds, without)
            for key, value in schema.items()
            if key not in ("metadata", "config", "default", "expected")
        )
    if isinstance(schema, (list, tuple)):
        return all(_is_made_of(item, kinds, without) for item in schema)
    return True


def _may_become_another(schema: dict[str, Any]) -> bool:
    """Whether values may be written by their own class instead of the declared one."""
    config = schema.get("config") or {}
    return (
        schema.get("extra_behavior") == "allow"
        or any(config.get(option) for option in ("polymorphic_serialization", "serialize_as_any"))
        or config.get("extra_fields_behavior") == "allow"
    )
