"""What the document needs to know of a route, as a Protocol.

Routes and route contexts are made in `_app`, above this package, so they are recognised by what
they have. Nothing here builds any part of a document.

Invariant: a route is an API route exactly when the object that was declared has a `dependant` and
`response_fields`; plain, mounted and WebSocket routes have at most one of the two.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Protocol, TypeGuard

from pronghorn._compile.dependant import Dependant
from pronghorn._schema.field import ModelField

__all__ = ["DocumentedRoute", "is_documented", "iter_documented", "iter_route_contexts"]


class DocumentedRoute(Protocol):
    """An API route, or the view of one that an including router gives.

    The attributes are those of `APIRoute`, after the options of all including routers are merged.
    """

    path: str
    path_format: str
    name: str
    methods: set[str] | None
    endpoint: Callable[..., Any]
    unique_id: str
    operation_id: str | None
    tags: list[str | Enum]
    summary: str | None
    description: str
    deprecated: bool | None
    include_in_schema: bool
    status_code: int | None
    response_class: Any
    response_description: str
    response_field: ModelField | None
    response_fields: Mapping[int | str, ModelField]
    responses: dict[int | str, dict[str, Any]]
    stream_item_field: ModelField | None
    is_json_stream: bool
    is_sse_stream: bool
    dependant: Dependant
    body_field: ModelField | None
    callbacks: Iterable[Any] | None
    openapi_extra: dict[str, Any] | None


def iter_route_contexts(routes: Iterable[Any]) -> Iterator[Any]:
    """Walk a route tree in registration order.

    Args:
        routes: routes, route contexts, or included routers, which are replaced by what they hold.

    Yields:
        Routes as they are, and for an included router the contexts of all routes below it.
    """
    for route in routes:
        expand = getattr(route, "effective_route_contexts", None)
        if expand is None:
            yield route
        else:
            yield from expand()


def is_documented(route: Any) -> TypeGuard[DocumentedRoute]:
    """Whether this is an API route, or the context of one."""
    declared = getattr(route, "original_route", route)
    return hasattr(declared, "dependant") and hasattr(declared, "response_fields")


def iter_documented(routes: Iterable[Any]) -> Iterator[DocumentedRoute]:
    """The API routes of a tree, in registration order; hidden ones included."""
    return (route for route in iter_route_contexts(routes) if is_documented(route))
