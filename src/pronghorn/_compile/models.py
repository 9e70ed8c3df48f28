"""Parameter models: a pydantic model whose fields are single parameters of one source.

Lives here: recognising them and listing the fields behind a list of parameters.
Must not live here: reading values (`_engine`).
Invariant: a model wrapped in pydantic's `Json` is one value, never a group of parameters.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, Json

from pronghorn._declare import params
from pronghorn._schema.annotations import lenient_issubclass
from pronghorn._schema.field import ModelField, cached_model_fields

UNION_ORIGINS = (Union, types.UnionType)


def model_type(annotation: Any) -> type[BaseModel] | None:
    """The model of ``Model`` or ``Model | None``; None for anything else."""
    if get_origin(annotation) in UNION_ORIGINS:
        members = get_args(annotation)
        if len(members) == 2 and type(None) in members:
            annotation = members[0] if members[1] is type(None) else members[1]
    return annotation if lenient_issubclass(annotation, BaseModel) else None


def is_json_field(field: ModelField) -> bool:
    """Whether the value arrives as JSON text (pydantic's `Json`)."""
    return any(type(item) is Json for item in field.field_info.metadata)


def param_model(field: ModelField) -> type[BaseModel] | None:
    """The model whose fields ``field`` stands for; None when it stands for one value."""
    annotation = field.field_info.annotation
    if isinstance(field.field_info, (params.Query, params.Header, params.Cookie)):
        annotation = model_type(annotation)
    if lenient_issubclass(annotation, BaseModel) and not is_json_field(field):
        return annotation
    return None


def flat_fields_from_params(fields: Sequence[ModelField]) -> list[ModelField]:
    """``fields`` with every parameter model replaced by its own fields."""
    flat: list[ModelField] = []
    for field in fields:
        model = param_model(field)
        flat.extend(cached_model_fields(model) if model is not None else [field])
    return flat
