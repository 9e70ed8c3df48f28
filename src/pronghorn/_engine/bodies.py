"""The request body by the reference way: reading it, and from it to the arguments of body parameters.

Must not live here: the schema of bodies. Invariant: a body is read whole before any dependency runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from pronghorn._base.sentinels import Undefined
from pronghorn._compile.body import should_embed_body_fields
from pronghorn._compile.extract import Errors, validate_value
from pronghorn._compile.forms import FormItem, form_models, is_supplied, iter_form_items
from pronghorn._compile.wire import is_json_content_type
from pronghorn._declare import params
from pronghorn._schema.annotations import is_bytes, is_bytes_sequence, value_is_sequence
from pronghorn._schema.errors import missing_error
from pronghorn._schema.field import ModelField, cached_model_fields, param_aliases, serialize_sequence_value


async def read_json_body(request: Request, strict_content_type: bool) -> Any:
    """The body parsed as JSON where its type says so, else as bytes; `Undefined` when there is none."""
    content = await request.body()
    if not content:
        return Undefined
    content_type = request.headers.get("content-type")
    is_json = is_json_content_type(content_type) if content_type else not strict_content_type
    return await request.json() if is_json else content


def json_body_to_args(
    body_fields: Sequence[ModelField], received_body: Any, embed_body_fields: bool
) -> tuple[dict[str, Any], Errors]:
    """As `request_body_to_args`, for what is no form."""
    first = body_fields[0]
    alone = len(body_fields) == 1 and not embed_body_fields and not form_models(first)
    if alone and not should_embed_body_fields(body_fields):
        value, failures = validate_value(first, received_body, ("body",))
        return {first.name: value}, failures
    values: dict[str, Any] = {}
    errors: Errors = []
    for field in body_fields:
        value, loc = _member_value(field, received_body)
        if value is _NO_OBJECT:
            errors.append(missing_error(loc))
            continue
        _validate_into(values, errors, field, value, loc)
    return values, errors


def _validate_into(
    values: dict[str, Any], errors: Errors, field: ModelField, value: Any, loc: tuple[str, ...]
) -> None:
    value, failures = validate_value(field, value, loc)
    if failures:
        errors.extend(failures)
    else:
        values[field.name] = value


async def request_body_to_args(
    body_fields: Sequence[ModelField], received_body: Any, embed_body_fields: bool
) -> tuple[dict[str, Any], Errors]:
    """Validate the body parameters of one callable.

    Args:
        body_fields: its body parameters, at least one.
        received_body: the parsed body, a form, bytes, or `Undefined`.
        embed_body_fields: whether the body is an object with a key per parameter.
    """
    if not isinstance(received_body, FormData):
        return json_body_to_args(body_fields, received_body, embed_body_fields)
    first, form = body_fields[0], received_body
    plain = [field for field in body_fields if not form_models(field)]
    items = await _read_form(plain, form) if plain else []
    alone = len(body_fields) == 1 and not embed_body_fields and bool(plain)
    if alone and not should_embed_body_fields(body_fields):
        sent = {name: item for name, item, _ in items}
        value, failures = validate_value(first, sent, ("body",))
        return {first.name: value}, failures
    by_field = {field.name: (name, item) for name, item, field in items if field is not None}
    values: dict[str, Any] = {}
    errors: Errors = []
    for field in body_fields:
        value, loc = await _form_value(field, form, by_field)
        _validate_into(values, errors, field, value, loc)
    return values, errors


_NO_OBJECT: Any = object()


def _member_value(field: ModelField, received_body: Any) -> tuple[Any, tuple[str, ...]]:
    """A parameter's member of a JSON object, and where it stands."""
    aliases = [alias for alias, _ in param_aliases(field)]
    loc = ("body", aliases[0])
    if received_body is Undefined or isinstance(received_body, bytes):
        return Undefined, loc
    if not hasattr(received_body, "get"):
        return _NO_OBJECT, loc
    for alias in aliases:
        value = received_body.get(alias, Undefined)
        if value is not Undefined:
            return value, ("body", alias)
    return Undefined, loc


async def _form_value(
    field: ModelField, form: FormData, by_field: dict[str, tuple[str, Any]]
) -> tuple[Any, tuple[str, ...]]:
    models = form_models(field)
    if models:
        return await _read_form_model(field, models, form), ("body",)
    name, value = by_field.get(field.name, (param_aliases(field)[0][0], Undefined))
    return value, ("body", name)


async def _read_form_model(field: ModelField, models: list[type[BaseModel]], form: FormData) -> Any:
    optional = type(None) in getattr(field.field_info.annotation, "__args__", ())
    if optional and not any(is_supplied(model, form) for model in models):
        return Undefined
    fields = cached_model_fields(models[0]) if len(models) == 1 else []
    return {name: item for name, item, _ in await _read_form(fields, form)}


async def _read_form(fields: Sequence[ModelField], form: FormData) -> list[FormItem]:
    """What was sent, as (name, value, field); files are read where bytes are wanted."""
    found: list[FormItem] = []
    for name, value, field in iter_form_items(fields, form):
        if field is not None and isinstance(field.field_info, params.File):
            value = await _file_content(field, value)
        found.append((name, value, field))
    return found


async def _file_content(field: ModelField, value: Any) -> Any:
    annotation = field.field_info.annotation
    if is_bytes(annotation) and isinstance(value, UploadFile):
        return await _read_file(value)
    if is_bytes_sequence(annotation) and value_is_sequence(value):
        contents = [await _read_file(item) if isinstance(item, UploadFile) else item for item in value]
        return serialize_sequence_value(field=field, value=contents)
    return value


async def _read_file(file: UploadFile) -> bytes:
    """The content from the current position, which is restored: another parameter may want it too."""
    position = file.file.tell()
    try:
        return await file.read()
    finally:
        await file.seek(position)
