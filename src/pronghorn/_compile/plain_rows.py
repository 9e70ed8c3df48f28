"""Lists of plain records through a response model, without an instance for each.

A model that is nothing but fields of JSON's kinds validates and writes a dict as a typed dict of the same fields
does, at half the cost. Must not live here: what models do beyond that. Invariant: what is not a list of dicts
that all fit is left to the model, which finds the exact errors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic_core import SchemaSerializer, SchemaValidator, ValidationError, core_schema

#: Types whose values are no objects with members: they are read and written alike wherever they stand.
_LEAVES = frozenset(
    {
        "none", "bool", "int", "float", "str", "date", "time", "datetime", "timedelta", "uuid", "decimal",
        "literal", "list", "dict", "nullable", "default",
    }
)  # fmt: skip
#: What does not change what a model makes of a dict, or what is written of it.
_SILENT = frozenset({"type", "cls", "ref", "metadata"})

Writer = Callable[[Any], bytes | None]


def rows_writer(schema: Any) -> Writer | None:
    """A function that validates and writes a list of dicts, None where they have to go through the model.

    Args:
        schema: the core schema of the response.

    Returns:
        The function, which gives None for any other value and for dicts that do not fit; None unless the schema is
        that of a list of plain models.
    """
    fields = _fields_of_rows(schema)
    if fields is None:
        return None
    typed_dict = core_schema.typed_dict_schema(
        {
            name: core_schema.typed_dict_field(field["schema"], required=field["schema"]["type"] != "default")
            for name, field in fields.items()
        }
    )
    rows = core_schema.list_schema(typed_dict)
    validate, to_json = SchemaValidator(rows).validate_python, SchemaSerializer(rows).to_json

    def write(content: Any) -> bytes | None:
        # Mappings of other types are read by their attributes.
        if type(content) is not list or set(map(type, content)) != {dict}:
            return None
        try:
            valid = validate(content)
        except ValidationError:
            return None
        return to_json(valid)

    return write


def _fields_of_rows(schema: Any) -> dict[str, Any] | None:
    """The fields of the model, if ``schema`` is a list of plain ones."""
    if schema.get("type") != "list" or schema.keys() - _SILENT != {"items_schema"}:
        return None
    model = schema["items_schema"]
    if model.get("type") != "model" or not _is_plain_model(model):
        return None
    fields: dict[str, Any] = model["schema"]["fields"]
    return fields if all(_is_plain_field(field) for field in fields.values()) else None


def _is_plain_model(model: dict[str, Any]) -> bool:
    """Whether it has fields and nothing else: no configuration, no code of its own."""
    inner = model["schema"]
    options = {name: value for name, value in model.items() if name not in _SILENT and value}
    inside = {name: value for name, value in inner.items() if name not in _SILENT and value}
    return (
        options.keys() <= {"schema", "config"}
        and (model.get("config") or {}).keys() <= {"title"}
        and inner["type"] == "model-fields"
        and inside.keys() == {"fields", "model_name"}
    )


def _is_plain_field(field: dict[str, Any]) -> bool:
    return field.keys() - _SILENT == {"schema"} and _is_leaf(field["schema"])


def _is_leaf(schema: Any) -> bool:
    """Whether values of this type hold no objects, run no code and are written as their type is."""
    if isinstance(schema, (list, tuple)):
        return all(_is_leaf(item) for item in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") not in _LEAVES or "serialization" in schema or "default_factory" in schema:
        return False
    return all(
        _is_leaf(value) for key, value in schema.items() if key not in ("metadata", "default", "expected")
    )
