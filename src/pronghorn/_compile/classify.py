"""Where one parameter of a signature comes from: the request, a dependency, or the framework.

Lives here: the decision for a single parameter, from its annotation, its default and the path.
Must not live here: walking signatures (`signature`), reading requests (`_engine`).
Invariant: a parameter ends up with a `Depends`, or a field, or neither (then it is injected by its type).
"""

from __future__ import annotations

import dataclasses
import inspect
from copy import copy
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from starlette.background import BackgroundTasks
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from typing_inspection.typing_objects import is_typealiastype

from pronghorn._base.declaration import require
from pronghorn._base.sentinels import Undefined
from pronghorn._compile.forms import form_union_models, tagged_form_union
from pronghorn._compile.models import model_type
from pronghorn._compile.multipart import ensure_multipart_is_installed
from pronghorn._declare import params
from pronghorn._declare.depends import Depends
from pronghorn._declare.security.oauth2 import SecurityScopes
from pronghorn._schema.annotations import (
    is_scalar,
    is_scalar_sequence,
    is_upload_file,
    is_upload_file_sequence,
    lenient_issubclass,
)
from pronghorn._schema.field import ModelField, copy_field_info, create_model_field, is_scalar_field

#: The types that are injected, with the `Dependant` attribute that names the parameter. Order matters:
#: `Request` and `WebSocket` are kinds of `HTTPConnection`.
INJECTABLES: tuple[tuple[type[Any], str], ...] = (
    (Request, "request_param_name"),
    (WebSocket, "websocket_param_name"),
    (HTTPConnection, "http_connection_param_name"),
    (Response, "response_param_name"),
    (BackgroundTasks, "background_tasks_param_name"),
    (SecurityScopes, "security_scopes_param_name"),
)
_INJECTABLE_TYPES = tuple(type_ for type_, _ in INJECTABLES)


_ONE_OF_TWO = "keep one of the two"


@dataclass(slots=True)
class ParameterDetails:
    """The decision: the bare annotation, and the dependency or the field (or neither: injected)."""

    type_annotation: Any
    depends: Depends | None = None
    field: ModelField | None = None


def classify_parameter(
    *, name: str, annotation: Any, default: Any, path_param_names: set[str]
) -> ParameterDetails:
    """Decide where parameter ``name`` gets its value.

    Raises:
        DeclarationError: the annotation and the default contradict each other, or the type cannot be
            read from where the parameter is declared to be.
    """
    if is_typealiastype(annotation):
        annotation = annotation.__value__
    written = _Written.read(annotation)
    in_path = name in path_param_names
    depends, field_info = _explicit(name, written, default, in_path)
    if depends is not None and depends.dependency is None:
        depends = dataclasses.replace(copy(depends), dependency=written.bare)
    if depends is not None:
        # A field may still be declared beside it by mistake; `_explicit` has refused that already.
        return ParameterDetails(written.bare, depends=depends)
    if lenient_issubclass(written.bare, _INJECTABLE_TYPES):
        require(
            field_info is None,
            f"Cannot specify FastAPI annotation for type {written.bare!r}",
            fix=f"declare it as `{name}: {_type_name(written.bare)}` alone; its type is enough",
        )
        return ParameterDetails(written.bare)
    if field_info is None:
        field_info = _inferred(written, default, in_path)
    return ParameterDetails(
        written.bare, field=_build_field(name, written.full, field_info, path_param_names)
    )


def injectable_attribute(annotation: Any) -> str | None:
    """The `Dependant` attribute for an injected type, or None when ``annotation`` is not one."""
    for type_, attribute in INJECTABLES:
        if lenient_issubclass(annotation, type_):
            return attribute
    return None


@dataclass(slots=True)
class _Written:
    """An annotation as written: in full, without its `Annotated` wrapper, and what that carried."""

    full: Any
    bare: Any
    metadata: tuple[Any, ...]

    @classmethod
    def read(cls, annotation: Any) -> _Written:
        if annotation is inspect.Signature.empty:
            return cls(Any, Any, ())
        if get_origin(annotation) is Annotated:
            bare, *metadata = get_args(annotation)
            return cls(annotation, bare, tuple(metadata))
        return cls(annotation, annotation, ())

    @property
    def declaration(self) -> FieldInfo | Depends | None:
        """The last parameter or dependency marker in `Annotated`."""
        markers = [m for m in self.metadata if isinstance(m, (params.Param, params.Body, Depends))]
        return markers[-1] if markers else None


def _explicit(
    name: str, written: _Written, default: Any, in_path: bool
) -> tuple[Depends | None, FieldInfo | None]:
    marker = written.declaration
    depends = marker if isinstance(marker, Depends) else None
    field_info = (
        _annotated_field(name, written, marker, default, in_path) if isinstance(marker, FieldInfo) else None
    )
    if isinstance(default, Depends):
        require(
            depends is None,
            f"Cannot specify `Depends` in `Annotated` and default value together for {name!r}",
            fix=_ONE_OF_TWO,
        )
        require(
            field_info is None,
            "Cannot specify a FastAPI annotation in `Annotated` and `Depends` as a default value "
            f"together for {name!r}",
            fix=_ONE_OF_TWO,
        )
        return default, None
    if isinstance(default, FieldInfo):
        require(
            field_info is None,
            f"Cannot specify FastAPI annotations in `Annotated` and default value together for {name!r}",
            fix=_ONE_OF_TWO,
        )
        default.annotation = written.bare
        return depends, default
    return depends, field_info


def _annotated_field(
    name: str, written: _Written, marker: FieldInfo, default: Any, in_path: bool
) -> FieldInfo:
    field_info = copy_field_info(field_info=marker, annotation=written.full)
    require(
        field_info.default is Undefined or field_info.default is ...,
        f"`{type(field_info).__name__}` default value cannot be set in `Annotated` for {name!r}. "
        "Set the default value with `=` instead.",
    )
    if default is inspect.Signature.empty:
        field_info.default = Undefined
        return field_info
    require(
        not in_path,
        "Path parameters cannot have default values",
        fix=f"remove the default {default!r}: a path that matches always has a value for {name!r}",
    )
    field_info.default = default
    return field_info


def _inferred(written: _Written, default: Any, in_path: bool) -> FieldInfo:
    """The field for a parameter without a marker: path, file, body or query, by name and type."""
    value = Undefined if default is inspect.Signature.empty else default
    field_info: FieldInfo
    if in_path:
        field_info = params.Path(annotation=written.full)
    elif is_upload_file(written.bare) or is_upload_file_sequence(written.bare):
        field_info = params.File(annotation=written.full, default=value)
    elif is_scalar(written.bare):
        field_info = params.Query(annotation=written.full, default=value)
    else:
        field_info = params.Body(annotation=written.full, default=value)
    if get_origin(written.full) is not Annotated:
        return field_info
    kept = field_info.default
    field_info = copy_field_info(field_info=field_info, annotation=written.full)
    field_info.default = kept
    if in_path:
        field_info.default_factory = None
    return field_info


def _build_field(name: str, annotation: Any, field_info: FieldInfo, path_param_names: set[str]) -> ModelField:
    in_path = name in path_param_names
    if in_path:
        require(
            isinstance(field_info, params.Path),
            f"Cannot use `{type(field_info).__name__}` for path param {name!r}",
            fix=f"declare it with `Path()`, or rename the parameter: {{{name}}} stands in the path",
        )
    elif isinstance(field_info, params.Param) and getattr(field_info, "in_", None) is None:
        field_info.in_ = params.ParamTypes.query
    if isinstance(field_info, params.Form):
        ensure_multipart_is_installed()
        if form_union_models(field_info.annotation):
            field_info.annotation = tagged_form_union(field_info.annotation)
    if isinstance(field_info, params.Path):
        field_info = _path_alias(field_info, path_param_names)
    alias = field_info.alias
    if not alias and getattr(field_info, "convert_underscores", None):
        alias = name.replace("_", "-")
    field_info.alias = alias = alias or name
    field = create_model_field(
        name=name, type_=annotation, default=field_info.default, alias=alias, field_info=field_info
    )
    _check_type(name, field, in_path)
    return field


def _path_alias(field_info: params.Path, path_param_names: set[str]) -> params.Path:
    """Among several aliases of a path parameter, the one that stands in the path."""
    choices = field_info.validation_alias
    if not isinstance(choices, AliasChoices):
        return field_info
    names = [choice for choice in choices.choices if isinstance(choice, str)]
    if len(names) != len(choices.choices):
        return field_info
    for choice in names:
        if choice in path_param_names:
            field_info = copy(field_info)
            field_info.validation_alias = choice
            break
    return field_info


def _check_type(name: str, field: ModelField, in_path: bool) -> None:
    annotation = field.field_info.annotation
    if in_path:
        require(
            is_scalar_field(field),
            "Path params must be of one of the supported types",
            fix="a path holds one piece of text: use str, int, float, bool, UUID, date, an Enum "
            f"or the like instead of {_type_name(annotation)}",
        )
    elif isinstance(field.field_info, params.Query):
        require(
            is_scalar_field(field) or is_scalar_sequence(annotation) or model_type(annotation) is not None,
            f"Query parameter {name!r} must be one of the supported types",
            fix="use a scalar, a list of scalars or a pydantic model instead of "
            f"{_type_name(annotation)}, or read it from the body with `Body()`",
        )


def _type_name(annotation: Any) -> str:
    return annotation.__name__ if inspect.isclass(annotation) else str(annotation)
