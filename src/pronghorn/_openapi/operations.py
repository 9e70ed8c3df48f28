"""One path of the document: the operations of one route.

Puts together what the other modules describe: metadata, security, parameters, body, callbacks and
responses. Nothing here generates a schema.

Invariant: an operation's parts depend on the route and the document's schemas only; the operation
ids seen so far are passed along solely to warn of duplicates.
"""

import warnings
from dataclasses import dataclass, field
from typing import Any

from pronghorn._base.declaration import require
from pronghorn._openapi.constants import METHODS_WITH_BODY
from pronghorn._openapi.inputs import build_parameters, build_security, collect_inputs, examples_of
from pronghorn._openapi.merging import deep_dict_update
from pronghorn._openapi.protocols import DocumentedRoute, is_documented
from pronghorn._openapi.responses import (
    VALIDATION_DEFINITIONS,
    add_validation_response,
    build_responses,
)
from pronghorn._openapi.schemas import FieldSchemas
from pronghorn._schema.field import ModelField

__all__ = ["PathDocument", "build_metadata", "build_path", "build_request_body", "summarise"]


@dataclass(slots=True)
class PathDocument:
    """What one route adds to the document.

    Attributes:
        operations: the operations by method, in lower case; empty for a hidden route.
        security_schemes: the schemes that the operations name.
        definitions: the shared schemas that they refer to beyond those of fields.
    """

    operations: dict[str, Any] = field(default_factory=dict)
    security_schemes: dict[str, Any] = field(default_factory=dict)
    definitions: dict[str, Any] = field(default_factory=dict)


def build_path(route: DocumentedRoute, operation_ids: set[str], schemas: FieldSchemas) -> PathDocument:
    """Describe all operations of a route.

    Args:
        route: the route.
        operation_ids: the ids used so far in the document; the route's are added.
        schemas: the document's schemas.
    """
    require(
        route.methods is not None,
        f"Methods must be a list, but the route {route.path!r} has None: pass methods=[...].",
    )
    path = PathDocument()
    if not route.include_in_schema:
        return path
    inputs = collect_inputs(route.dependant)
    path.security_schemes, requirements = build_security(inputs.security_dependencies)
    parameters = build_parameters(inputs, schemas)
    can_be_invalid = inputs.has_parameters() or bool(route.body_field)
    for method in route.methods or ():
        operation = build_metadata(route, operation_ids)
        if requirements:
            operation["security"] = requirements
        if parameters:
            operation["parameters"] = parameters
        body = build_request_body(route.body_field, schemas) if method in METHODS_WITH_BODY else None
        if body:
            operation["requestBody"] = body
        if route.callbacks:
            operation["callbacks"] = _build_callbacks(route, operation_ids, schemas)
        operation["responses"] = build_responses(route, schemas)
        if can_be_invalid and add_validation_response(operation["responses"]):
            path.definitions |= VALIDATION_DEFINITIONS
        if route.openapi_extra:
            deep_dict_update(operation, route.openapi_extra)
        path.operations[method.lower()] = operation
    return path


def summarise(route: DocumentedRoute) -> str:
    """The operation's summary: the declared one, or the function's name in words."""
    return route.summary or route.name.replace("_", " ").title()


def build_metadata(route: DocumentedRoute, operation_ids: set[str]) -> dict[str, Any]:
    """Name and describe an operation, and warn when its id was used before.

    Args:
        route: the operation's route.
        operation_ids: the ids used so far in the document; this one is added.

    Warns:
        UserWarning: another operation has the same id, which code generators cannot tell apart.
    """
    operation: dict[str, Any] = {}
    if route.tags:
        operation["tags"] = route.tags
    operation["summary"] = summarise(route)
    if route.description:
        operation["description"] = route.description
    operation_id = route.operation_id or route.unique_id
    if operation_id in operation_ids:
        warnings.warn(_duplicate_message(route, operation_id), stacklevel=1)
    operation_ids.add(operation_id)
    operation["operationId"] = operation_id
    if route.deprecated:
        operation["deprecated"] = route.deprecated
    return operation


def build_request_body(body_field: ModelField | None, schemas: FieldSchemas) -> dict[str, Any] | None:
    """Describe an operation's request body; `None` where it takes none.

    Args:
        body_field: the route's body, all body parameters in one.
        schemas: the document's schemas.
    """
    if not body_field:
        return None
    info: Any = body_field.field_info
    content = {"schema": schemas.of(body_field), **examples_of(info)}
    body: dict[str, Any] = {"required": True} if info.is_required() else {}
    return {**body, "content": {info.media_type: content}}


def _build_callbacks(
    route: DocumentedRoute, operation_ids: set[str], schemas: FieldSchemas
) -> dict[str, dict[str, Any]]:
    """Describe the requests that the API will send, by callback name and URL expression."""
    return {
        callback.name: {callback.path: build_path(callback, operation_ids, schemas).operations}
        for callback in route.callbacks or ()
        if is_documented(callback)
    }


def _duplicate_message(route: DocumentedRoute, operation_id: str) -> str:
    """Say which function's operation has an id that was used before."""
    name = getattr(route.endpoint, "__name__", "<unnamed_endpoint>")
    message = f"Duplicate Operation ID {operation_id} for function {name}"
    file = getattr(route.endpoint, "__globals__", {}).get("__file__")
    return f"{message} at {file}" if file else message
