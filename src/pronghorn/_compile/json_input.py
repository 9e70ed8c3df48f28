"""Whether a body can be validated straight from its bytes.

pydantic reads JSON itself (``validate_json``) several times faster than `json.loads` and validation, but in
JSON mode some types accept what they refuse as Python objects, or choose another member of a union. The
reference is Python mode. Invariant: where this says yes, both modes give equal values for every JSON text that
both accept; what JSON mode refuses is validated again the reference way, unless Python mode would say the same
about it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic_core import ValidationError

from pronghorn._schema.errors import ErrorItems, Location

#: Schema types that mean the same in both modes (without ``strict``).
_ALIKE = frozenset(
    {
        "any", "none", "bool", "int", "float", "str", "date", "time", "datetime", "list", "dict", "tuple",
        "set", "frozenset", "literal", "enum", "uuid", "nullable", "default", "model", "model-fields",
        "model-field", "typed-dict", "typed-dict-field", "dataclass", "dataclass-args", "dataclass-field",
        "definitions", "definition-ref", "tagged-union", "computed-field",
    }
)  # fmt: skip
#: Functions of users see the same values in both modes unless they ask which mode it is.
FUNCTIONS = frozenset({"function-after", "function-before", "function-wrap", "function-plain"})
#: Members of unions among which exactness decides the same way in both modes.
_PLAIN = frozenset({"none", "bool", "int", "float", "str"})
#: Errors that both modes tell in the same words. Those about arrays, objects and null speak of lists, dictionaries
#: and None in Python mode; of a number that is no date or time it says more.
TOLD_ALIKE = frozenset(
    {
        "missing", "greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of",
        "finite_number", "string_type", "string_too_short", "string_too_long", "string_pattern_mismatch",
        "int_type", "int_parsing", "int_from_float", "float_type", "float_parsing", "bool_type", "bool_parsing",
        "literal_error", "enum", "too_short", "too_long", "value_error", "assertion_error",
        "date_parsing", "date_from_datetime_parsing", "datetime_parsing", "uuid_parsing",
        "union_tag_invalid", "union_tag_not_found",
    }
)  # fmt: skip


def tells_json_alike(schema: Any) -> bool:
    """Whether `json_errors` may speak for Python mode with this core schema.

    A member of a dict that comes twice is validated twice in JSON mode, once in Python mode.
    """
    return reads_json_alike(schema) and not holds(schema, _is_dict)


def _is_dict(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "dict" or bool(schema.get("extras_schema"))


def holds(schema: Any, matches: Callable[[dict[str, Any]], bool]) -> bool:
    """Whether ``schema`` or one inside of it ``matches``."""
    if isinstance(schema, dict):
        return matches(schema) or any(
            holds(value, matches) for key, value in schema.items() if key != "metadata"
        )
    return isinstance(schema, (list, tuple)) and any(holds(item, matches) for item in schema)


def json_errors(error: ValidationError, prefix: Location) -> ErrorItems | None:
    """The error items of JSON mode, where Python mode would have the same; else None.

    PERF: half the cost of reading and validating the body once more. bench/counted.py
    """
    items: Any = error.errors(include_url=False)
    for item in items:
        if item["type"] not in TOLD_ALIKE:
            return None
        item["loc"] = prefix + item["loc"]
    return ErrorItems(items)


def reads_json_alike(schema: Any) -> bool:
    """Whether JSON mode can stand in for Python mode with this core schema."""
    if isinstance(schema, dict):
        return _checked(schema) and all(
            reads_json_alike(value)
            for key, value in schema.items()
            if key not in ("metadata", "serialization", "ref")
        )
    if isinstance(schema, (list, tuple)):
        return all(reads_json_alike(item) for item in schema)
    return True


def _checked(schema: dict[str, Any]) -> bool:
    # An `__init__` of the user's is given the members in another order when one comes twice.
    if schema.get("custom_init") or not _is_plain(schema) or not _is_plain(schema.get("config")):
        return False
    kind = schema.get("type")
    if not isinstance(kind, str):
        return True
    if kind == "union":
        return all(isinstance(choice, dict) and choice.get("type") in _PLAIN for choice in schema["choices"])
    if kind == "dict":
        return _keeps_keys(schema.get("keys_schema"))
    if kind in FUNCTIONS:
        function = schema.get("function", {})
        return bool(function.get("type") == "no-info") and "schema" in schema
    return kind in _ALIKE or kind == "no-info"


def _keeps_keys(schema: Any) -> bool:
    """Whether keys that differ still do when validated: it is in JSON that a key may come twice."""
    if schema is None or schema.get("type") == "any":
        return True
    changes = ("strip_whitespace", "to_lower", "to_upper")
    return schema.get("type") == "str" and not any(schema.get(change) for change in changes)


def _is_plain(options: Any) -> bool:
    """Whether the options of a schema, or of a model, have no other effect in JSON mode.

    Strictness makes exceptions for JSON, and a number becomes text as it is spelt by another language.
    """
    if not isinstance(options, dict):
        return True
    return not options.get("strict") and not options.get("coerce_numbers_to_str")
