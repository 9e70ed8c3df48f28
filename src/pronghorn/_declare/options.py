"""The options of path operations and routers, each documented once, here.

Lives here: the `TypedDict`s that decorators take by ``**options`` and the inert record of one route.
Must not live here: anything that acts on an option. Invariant: a name is an option if and only if it stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any

from pydantic.main import IncEx
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from typing_extensions import TypedDict

from pronghorn._base.sentinels import Default, DefaultPlaceholder
from pronghorn._declare.depends import Depends
from pronghorn._declare.limits import FormLimits
from pronghorn._declare.naming import generate_unique_id


class SharedOptions(TypedDict, total=False):
    """What path operations and inclusions of routers have in common."""

    tags: list[str | Enum] | None
    """Tags of the operations, by which documentation pages group them."""
    dependencies: Sequence[Depends] | None
    """Dependencies run for their effects, before the parameters' own, in order."""
    responses: dict[int | str, dict[str, Any]] | None
    """Further responses for the document, by status code: ``{404: {"model": Message}}``."""
    deprecated: bool | None
    """Mark as deprecated in the document."""
    include_in_schema: bool
    """Whether the document shows it."""
    callbacks: list[BaseRoute] | None
    """Path operations that the API will call, for the document."""
    generate_unique_id_function: Callable[[Any], str]
    """Makes the operation id out of a route."""
    max_body_size: int | None
    """The most bytes of a request body; the most specific limit counts, even if it is larger. 413 beyond."""
    form_limits: FormLimits | None
    """Limits on forms: ``max_fields``, ``max_files``, ``max_part_size`` (bytes). 400 beyond."""


class RouteOptions(SharedOptions, total=False):
    """The options of a path operation decorator."""

    response_model: Any
    """The type to validate, filter and document what is returned; by default the return annotation.
    None switches that off."""
    status_code: int | None
    """The status of an ordinary response."""
    summary: str | None
    """A short summary; by default the function's name in words."""
    description: str | None
    """A description in Markdown; by default the function's docstring."""
    response_description: str
    """The description of the ordinary response."""
    operation_id: str | None
    """The operation id, unique in the API."""
    response_model_include: IncEx | None
    """The fields of the response to send; all by default."""
    response_model_exclude: IncEx | None
    """The fields of the response to leave out."""
    response_model_by_alias: bool
    """Whether fields go by their aliases."""
    response_model_exclude_unset: bool
    """Leave out fields that were not set."""
    response_model_exclude_defaults: bool
    """Leave out fields that equal their defaults."""
    response_model_exclude_none: bool
    """Leave out fields that are None."""
    response_class: type[Response]
    """The class of the response."""
    name: str | None
    """The name for ``url_path_for``; by default the function's."""
    openapi_extra: dict[str, Any] | None
    """Merged into the operation in the document."""


class ApiRouteOptions(RouteOptions, total=False):
    """The options of ``api_route`` and ``add_api_route``."""

    methods: list[str] | set[str] | None
    """The methods; GET by default."""


class AddApiRouteOptions(ApiRouteOptions, total=False):
    """The options of ``APIRouter.add_api_route``."""

    route_class_override: type[Any] | None
    """The class of this route, instead of the router's."""
    strict_content_type: bool
    """Whether a body without a Content-Type is taken for bytes, not for JSON."""


class APIRouteOptions(ApiRouteOptions, total=False):
    """The options of `APIRoute`."""

    dependency_overrides_provider: Any | None
    """The application whose ``dependency_overrides`` apply."""
    strict_content_type: bool
    """Whether a body without a Content-Type is taken for bytes, not for JSON."""


class IncludeOptions(SharedOptions, total=False):
    """The options of ``include_router``."""

    prefix: str
    """Put in front of every path; begins with ``/`` and does not end with it."""
    default_response_class: type[Response]
    """The response class of operations that declare none."""


@dataclass(slots=True)
class RouteConfig:
    """One path operation as declared: every option of `APIRoute`, with its default."""

    path: str
    endpoint: Callable[..., Any]
    response_model: Any = field(default_factory=lambda: Default(None))
    status_code: int | None = None
    tags: list[str | Enum] | None = None
    dependencies: Sequence[Depends] | None = None
    summary: str | None = None
    description: str | None = None
    response_description: str = "Successful Response"
    responses: dict[int | str, dict[str, Any]] | None = None
    deprecated: bool | None = None
    name: str | None = None
    methods: set[str] | list[str] | None = None
    operation_id: str | None = None
    response_model_include: IncEx | None = None
    response_model_exclude: IncEx | None = None
    response_model_by_alias: bool = True
    response_model_exclude_unset: bool = False
    response_model_exclude_defaults: bool = False
    response_model_exclude_none: bool = False
    include_in_schema: bool = True
    response_class: type[Response] | DefaultPlaceholder = field(default_factory=lambda: Default(JSONResponse))
    dependency_overrides_provider: Any | None = None
    callbacks: list[BaseRoute] | None = None
    openapi_extra: dict[str, Any] | None = None
    generate_unique_id_function: Callable[[Any], str] | DefaultPlaceholder = field(
        default_factory=lambda: Default(generate_unique_id)
    )
    strict_content_type: bool | DefaultPlaceholder = field(default_factory=lambda: Default(True))
    stream_item_type: Any | None = None
    max_body_size: int | None = None


#: Options whose default is the same object for everybody.
_OPTION_DEFAULTS = {
    one.name: (one.default, one.default_factory)
    for one in fields(RouteConfig)
    if one.name not in ("path", "endpoint", "stream_item_type", "dependency_overrides_provider")
}


#: The same, with an object for each: what signatures show. An inclusion has two options of its own.
SHOWN_DEFAULTS = {
    "prefix": "",
    "default_response_class": Default(JSONResponse),
    **{
        name: factory() if callable(factory) else default
        for name, (default, factory) in _OPTION_DEFAULTS.items()
    },
}


def completed(options: Any, allowed: type[Any], caller: str) -> dict[str, Any]:
    """``options`` with the defaults of those that were left out and that ``allowed`` knows.

    Raises:
        TypeError: an option that ``allowed`` does not know.
    """
    names = allowed.__annotations__
    unknown = next((name for name in options if name not in names), None)
    if unknown is not None:
        raise TypeError(f"{caller}() got an unexpected keyword argument {unknown!r}")
    complete: dict[str, Any] = dict(options)
    for name, (default, factory) in _OPTION_DEFAULTS.items():
        if name in names and name not in complete:
            complete[name] = factory() if callable(factory) else default
    return complete
