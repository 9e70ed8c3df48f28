"""Form models: pydantic models, or unions of them, whose fields are the fields of a form.

Lives here: recognising them, and picking what was sent for their fields out of a parsed form.
Must not live here: reading files (`_engine`), the request-body schema (`body`).
Invariant: an embedded model or a `Json` value is one form field, never a form model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, Tag
from starlette.datastructures import FormData

from pronghorn._base.sentinels import Undefined
from pronghorn._compile.extract import iter_extras, read_value
from pronghorn._compile.models import UNION_ORIGINS, is_json_field, model_type
from pronghorn._declare import params
from pronghorn._schema.annotations import lenient_issubclass
from pronghorn._schema.field import ModelField, cached_model_fields, param_aliases

FormItem = tuple[str, Any, ModelField | None]


def form_union_models(annotation: Any) -> list[type[BaseModel]]:
    """The models of a union of at least two models (None aside); empty for anything else."""
    if get_origin(annotation) not in UNION_ORIGINS:
        return []
    models: list[type[BaseModel]] = []
    for member in get_args(annotation):
        if member is type(None):
            continue
        bare = get_args(member)[0] if get_origin(member) is Annotated else member
        if not lenient_issubclass(bare, BaseModel):
            return []
        models.append(bare)
    return models if len(models) > 1 else []


def tagged_form_union(annotation: Any) -> Any:
    """The union with each model reading its own fields first, so that lists and empties fit it."""
    return Union[tuple(_tagged(member) for member in get_args(annotation))]  # noqa: UP007 - built at run time


def _tagged(member: Any) -> Any:
    if member is type(None):
        return member
    model, *metadata = get_args(member) if get_origin(member) is Annotated else (member,)
    tags = [item for item in metadata if isinstance(item, Tag)]
    tag = tags[-1] if tags else Tag(model.__name__)
    return Annotated[member, BeforeValidator(partial(_fit_to_model, model=model)), tag]


def _fit_to_model(value: Any, *, model: type[BaseModel]) -> Any:
    """Group and filter an ungrouped form as a form for ``model`` alone would have been."""
    if not isinstance(value, dict):
        return value
    pairs = [
        (key, item)
        for key, items in value.items()
        for item in (items if isinstance(items, list) else [items])
    ]
    fitted = {alias: item for alias, item, _ in iter_form_items(cached_model_fields(model), FormData(pairs))}
    fitted.update({key: item for key, item in value.items() if item is None or item == []})
    return fitted


def form_models(field: ModelField) -> list[type[BaseModel]]:
    """The models that ``field`` spreads over the form; empty when it is a single form field."""
    info = field.field_info
    if not isinstance(info, params.Form) or info.embed or is_json_field(field):
        return []
    model = model_type(info.annotation)
    return [model] if model is not None else form_union_models(info.annotation)


def form_model(field: ModelField) -> type[BaseModel] | None:
    """The one form model of ``field``, if it has exactly one."""
    models = form_models(field)
    return models[0] if len(models) == 1 else None


def form_aliases(model: type[BaseModel]) -> set[str]:
    """Every name under which a field of ``model`` may be sent."""
    return {alias for field in cached_model_fields(model) for alias, _ in param_aliases(field)}


def iter_form_items(fields: Sequence[ModelField], form: FormData) -> Iterator[FormItem]:
    """What was sent for ``fields`` as (name, value, field), then the rest as (name, value, None)."""
    claimed: set[str] = set()
    for field in fields:
        for alias, _ in param_aliases(field):
            claimed.add(alias)
            value = read_value(field, form, alias)
            if value is not Undefined:
                yield alias, value, field
                break
    for key, value in iter_extras(form, claimed):
        yield key, value, None


def is_supplied(model: type[BaseModel], form: FormData) -> bool:
    """Whether a form carries anything meant for ``model``."""
    if form_aliases(model).intersection(form):
        return True
    return model.model_config.get("extra") in ("allow", "forbid") and bool(form)
