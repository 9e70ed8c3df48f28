"""The request body of a path operation: one field made of all the body parameters of its tree.

Lives here: gathering body parameters, deciding about embedding, the schema of combined forms.
Must not live here: reading bodies (`_engine`).
Invariant: the field describes the body for documents; values are always validated parameter by parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy, deepcopy
from functools import partial
from typing import Annotated, Any, cast, get_args

from pydantic import AliasChoices, BaseModel, ConfigDict, GetJsonSchemaHandler, GetPydanticSchema
from pydantic_core import CoreSchema

from pronghorn._compile.dependant import Dependant, walk
from pronghorn._compile.forms import form_aliases, form_model, form_models
from pronghorn._declare import params
from pronghorn._schema.annotations import lenient_issubclass
from pronghorn._schema.field import (
    ModelField,
    cached_model_fields,
    create_body_model,
    create_model_field,
    get_validation_alias,
    param_aliases,
)


def flat_body_params(dependant: Dependant) -> list[ModelField]:
    """The body parameters of the whole tree, parents first."""
    return [field for node in walk(dependant) for field in node.body_params]


def should_embed_body_fields(fields: Sequence[ModelField]) -> bool:
    """Whether the body is an object with one key per parameter, instead of the one parameter itself."""
    if not fields:
        return False
    if len({field.name for field in fields}) > 1:
        return True
    first = fields[0]
    models = form_models(first)
    annotation = first.field_info.annotation
    if models and any(
        not form_models(one) or one.field_info.annotation is not annotation for one in fields[1:]
    ):
        return True
    if getattr(first.field_info, "embed", None):
        return True
    return (
        isinstance(first.field_info, params.Form)
        and not lenient_issubclass(annotation, BaseModel)
        and not models
    )


def get_body_field(
    *, body_params: Sequence[ModelField], name: str, embed_body_fields: bool
) -> ModelField | None:
    """The field that stands for the whole body of the operation called ``name``; None without a body."""
    if not body_params:
        return None
    first = body_params[0]
    if not embed_body_fields and not any(_is_nullable_form(field) for field in body_params):
        return first
    model = _body_model(body_params, f"Body_{name}")
    if not embed_body_fields:
        info = copy(first.field_info)
        info.annotation, info.metadata, info.discriminator = model, [], None
        return ModelField(name=first.name, field_info=info)
    info_class, media_type = _body_kind(body_params)
    options: dict[str, Any] = {"annotation": model, "alias": "body"}
    if media_type is not None:
        options["media_type"] = media_type
    if not any(field.field_info.is_required() for field in body_params):
        options["default"] = None
    return create_model_field(name="body", type_=model, alias="body", field_info=info_class(**options))


def _is_nullable_form(field: ModelField) -> bool:
    return bool(form_models(field)) and type(None) in get_args(field.field_info.annotation)


def _body_kind(body_params: Sequence[ModelField]) -> tuple[type[params.Body], str | None]:
    """The marker class of the combined body, and its media type where it is not that class's own."""
    infos = [field.field_info for field in body_params]
    if any(isinstance(info, params.File) for info in infos):
        return params.File, None
    kind = params.Form if any(isinstance(info, params.Form) for info in infos) else params.Body
    media_types = [info.media_type for info in infos if isinstance(info, kind)]
    if kind is params.Form and "multipart/form-data" in media_types:
        return kind, "multipart/form-data"
    return kind, media_types[0] if len(set(media_types)) == 1 else None


def _body_model(body_params: Sequence[ModelField], model_name: str) -> type[BaseModel]:
    if not any(form_models(field) for field in body_params):
        return create_body_model(fields=body_params, model_name=model_name)
    fields = [_numbered(index, field) for index, field in enumerate(body_params)]
    config = ConfigDict(json_schema_extra=partial(_merge_form_schemas, body_params))
    return create_body_model(fields=fields, model_name=model_name, config=config)


def _numbered(index: int, field: ModelField) -> ModelField:
    """``field`` under a neutral name: form models have none in the form, and two may share fields."""
    info = copy(field.field_info)
    model = form_model(field)
    if model is not None:
        renamed: Any = Annotated[
            model, GetPydanticSchema(get_pydantic_json_schema=partial(_form_model_schema, model))
        ]
        info.annotation = renamed if info.annotation is model else cast(Any, renamed | None)
    name = f"field_{index}"
    info.alias = info.validation_alias = info.serialization_alias = name
    info.title = info.title or field.name.replace("_", " ").title()
    return ModelField(name=name, field_info=info)


def _form_model_schema(
    model: type[BaseModel], core_schema: CoreSchema, handler: GetJsonSchemaHandler
) -> dict[str, Any]:
    """The model's schema by the names that a form may use, which can be several for one field."""
    schema = handler(core_schema)
    resolved = handler.resolve_ref_schema(schema)
    properties, required = resolved.get("properties", {}), resolved.get("required", [])
    names_of = {
        shown: names
        for field in cached_model_fields(model)
        for shown, names in [_schema_names(field)]
        if isinstance(shown, str) and shown in properties
        if names[0] != shown or (len(names) > 1 and shown in required)
    }
    if not names_of:
        return schema
    resolved = deepcopy(resolved)
    resolved["properties"] = {
        names_of.get(key, [key])[0]: value for key, value in resolved["properties"].items()
    }
    resolved["required"] = []
    for key in required:
        names = names_of.get(key, [key])
        if len(names) == 1:
            resolved["required"].append(names[0])
        else:
            resolved.setdefault("allOf", []).append({"anyOf": [{"required": [name]} for name in names]})
    return resolved


def _schema_names(field: ModelField) -> tuple[Any, list[str]]:
    """The name pydantic's schema shows for ``field``, and the names a form may use."""
    alias = field.field_info.validation_alias
    shown = alias.choices[0] if isinstance(alias, AliasChoices) else get_validation_alias(field)
    return shown, [name for name, _ in param_aliases(field)]


def _merge_form_schemas(body_params: Sequence[ModelField], schema: dict[str, Any]) -> None:
    """Turn the schema of the neutral model into that of one flat form; edits ``schema`` in place."""
    parts = schema.pop("properties")
    schema.pop("required", None)
    properties: dict[str, Any] = {}
    required: list[str] = []
    conditions: list[dict[str, Any]] = []
    for index, field in enumerate(body_params):
        part = parts[f"field_{index}"]
        if form_models(field):
            conditions.extend(_form_conditions(field, part))
            continue
        alias = param_aliases(field)[0][0]
        if alias in properties:
            conditions.append({"properties": {alias: part}})
        else:
            properties[alias] = part
        if field.field_info.is_required() and alias not in required:
            required.append(alias)
    if properties:
        schema["properties"] = properties
    if required:
        schema["required"] = required
    schema["allOf"] = conditions


def _form_conditions(field: ModelField, part: dict[str, Any]) -> list[dict[str, Any]]:
    """What a form must satisfy for one form-model parameter."""
    part.pop("default", None)
    if type(None) not in get_args(field.field_info.annotation):
        return [part]
    part["anyOf"] = [choice for choice in part["anyOf"] if choice.get("type") != "null"]
    absent = _absent_schema(field)
    if field.field_info.is_required():
        return [{"not": absent}, part]
    return [{"anyOf": [absent, part]}]


def _absent_schema(field: ModelField) -> dict[str, Any]:
    """The forms in which an optional form model was not sent."""
    models = form_models(field)
    if any(model.model_config.get("extra") in ("allow", "forbid") for model in models):
        return {"maxProperties": 0}
    names = sorted({alias for model in models for alias in form_aliases(model)})
    return {"not": {"anyOf": [{"required": [name]} for name in names]}} if names else {}
