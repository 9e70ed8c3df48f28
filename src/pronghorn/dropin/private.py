"""FastAPI's private functions that packages still call and that no module of ours needs.

Each keeps the signature those packages use; most come from FastAPI releases before 0.165.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pronghorn._compile.dependant import Dependant
from pronghorn._schema.errors import with_location
from pronghorn._schema.field import ModelField, create_model_field

_PARAMETER_LISTS = ("path_params", "query_params", "header_params", "cookie_params", "body_params")


def _normalize_errors(errors: Sequence[Any]) -> list[dict[str, Any]]:
    """Error lists as older releases kept them; they have been plain dictionaries for long."""
    return list(errors)


def _regenerate_error_with_loc(
    *, errors: Sequence[Any], loc_prefix: tuple[str | int, ...]
) -> list[dict[str, Any]]:
    """The same errors, each location starting with `loc_prefix`."""
    return with_location(list(errors), loc_prefix)


def create_response_field(name: str, type_: Any, **options: Any) -> ModelField:
    """`create_model_field` by its former name; options that pydantic 2 has no use for are dropped."""
    known = {"default", "field_info", "alias", "mode"}
    return create_model_field(
        name=name, type_=type_, **{key: value for key, value in options.items() if key in known}
    )


def create_cloned_field(field: ModelField, *, cloned_types: Any = None) -> ModelField:
    """The field itself: with pydantic 2 there has never been a need for a copy."""
    return field


def get_flat_dependant(
    dependant: Dependant, *, skip_repeats: bool = False, visited: list[Any] | None = None
) -> Dependant:
    """A dependant that has the parameters of all its sub-dependencies as its own.

    Args:
        dependant: the tree to flatten; it is left as it is.
        skip_repeats: count a dependency that appears more than once only the first time.
        visited: the callables counted so far.
    """
    seen = [] if visited is None else visited
    seen.append(dependant.call)
    flat = Dependant(
        call=dependant.call, name=dependant.name, path=dependant.path, use_cache=dependant.use_cache
    )
    for listed in _PARAMETER_LISTS:
        getattr(flat, listed).extend(getattr(dependant, listed))
    for sub_dependant in dependant.dependencies:
        if skip_repeats and sub_dependant.call in seen:
            continue
        below = get_flat_dependant(sub_dependant, skip_repeats=skip_repeats, visited=seen)
        flat.dependencies.append(sub_dependant)
        flat.dependencies.extend(below.dependencies)
        for listed in _PARAMETER_LISTS:
            getattr(flat, listed).extend(getattr(below, listed))
    return flat
