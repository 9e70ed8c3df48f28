"""JSON Schema of fields, with shared definitions.

Must not live here: the OpenAPI document. Invariant: input and output schemas are generated in one pass, so
that names of definitions agree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import Any, Literal, TypeGuard, cast, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema

from pronghorn._schema.annotations import lenient_issubclass
from pronghorn._schema.field import Mode, ModelField, model_fields

REF_TEMPLATE = "#/components/schemas/{model}"

Model = type[BaseModel] | type[Enum]
FieldMapping = dict[tuple[ModelField, Literal["validation", "serialization"]], JsonSchemaValue]


class OpenAPIJsonSchema(GenerateJsonSchema):
    """pydantic's generator, with bytes described the way OpenAPI 3.1 describes binary content."""

    def bytes_schema(self, schema: CoreSchema) -> JsonSchemaValue:
        """``contentMediaType`` for raw bytes, with ``contentEncoding`` where they travel as base64."""
        described: JsonSchemaValue = {"type": "string", "contentMediaType": "application/octet-stream"}
        config = self._config
        encoding = config.ser_json_bytes if self.mode == "serialization" else config.val_json_bytes
        if encoding == "base64":
            described["contentEncoding"] = "base64"
        self.update_with_validations(described, schema, self.ValidationsMapping.bytes)
        return described


def _annotation_computes(annotation: Any, seen: set[type[BaseModel]]) -> bool:
    if not _is_model(annotation):
        return any(_annotation_computes(argument, seen) for argument in get_args(annotation))
    if annotation in seen:
        return False
    seen.add(annotation)
    if annotation.model_computed_fields:
        return True
    return any(_annotation_computes(info.annotation, seen) for info in annotation.model_fields.values())


def _is_model(annotation: Any) -> TypeGuard[type[BaseModel]]:
    return lenient_issubclass(annotation, BaseModel)


def _has_computed_fields(field: ModelField) -> bool:
    """Whether output has fields that input lacks, so that one schema cannot serve both."""
    schema: Any = field._type_adapter.core_schema
    if schema.get("schema", {}).get("computed_fields", []):
        return True
    return _annotation_computes(field.field_info.annotation, set())


def get_schema_from_model_field(
    *,
    field: ModelField,
    model_name_map: dict[Any, str] | None = None,
    field_mapping: FieldMapping,
    separate_input_output_schemas: bool = True,
    field_alias: str | None = None,
) -> dict[str, Any]:
    """The schema of one field out of ``field_mapping``, with a title unless it is a reference."""
    mode: Mode = field.mode
    if not separate_input_output_schemas and not _has_computed_fields(field):
        mode = "validation"
    schema = dict(field_mapping[(field, mode)])
    if "$ref" not in schema:
        alias = field_alias
        if alias is None:
            preferred = field.validation_alias if field.mode == "validation" else field.serialization_alias
            alias = preferred or field.alias
        schema["title"] = field.field_info.title or alias.title().replace("_", " ")
    return schema


def get_definitions(
    *,
    fields: Sequence[ModelField],
    model_name_map: dict[Any, str] | None = None,
    separate_input_output_schemas: bool = True,
) -> tuple[FieldMapping, dict[str, dict[str, Any]]]:
    """The schemas of all ``fields``, and the definitions that they refer to."""
    all_fields = [*fields, *_reachable_models(fields)]
    inputs = [
        (
            field,
            field.mode if separate_input_output_schemas or _has_computed_fields(field) else "validation",
            field._type_adapter.core_schema,
        )
        for field in all_fields
    ]
    generator = OpenAPIJsonSchema(ref_template=REF_TEMPLATE)
    mapping, definitions = generator.generate_definitions(inputs=cast(Any, inputs))
    for definition in definitions.values():
        if "description" in definition:
            # Everything after a form feed in a docstring is for readers of the source.
            definition["description"] = cast(str, definition["description"]).split("\f")[0]
    return cast(FieldMapping, mapping), cast("dict[str, dict[str, Any]]", definitions)


def _reachable_models(fields: Sequence[ModelField]) -> list[ModelField]:
    """A field for each model and mode that only occurs inside the types of ``fields``."""
    declared = {field.field_info.annotation for field in fields}
    modes: tuple[Mode, ...] = ("validation", "serialization")
    return [
        ModelField(FieldInfo(annotation=model), model.__name__, mode)
        for mode in modes
        for model in get_flat_models_from_fields([field for field in fields if field.mode == mode], set())
        if model not in declared
    ]


def get_model_name_map(unique_models: set[Any]) -> dict[Any, str]:
    """A name for each model that may stand in a reference."""
    by_name = {re.sub(r"[^a-zA-Z0-9.\-_]", "_", model.__name__): model for model in unique_models}
    return {model: name for name, model in by_name.items()}


def get_flat_models_from_fields(fields: Sequence[ModelField], known_models: set[Any]) -> set[Any]:
    """Every model and enum reachable from ``fields``, added to ``known_models``."""
    for field in fields:
        _collect(field.field_info.annotation, known_models)
    return known_models


def _collect(annotation: Any, known: set[Any]) -> None:
    if lenient_issubclass(annotation, (BaseModel, Enum)):
        if annotation in known:
            return
        known.add(annotation)
        if lenient_issubclass(annotation, BaseModel):
            get_flat_models_from_fields(model_fields(annotation), known)
    elif get_origin(annotation) is not None:
        for argument in get_args(annotation):
            _collect(argument, known)
