"""The responses of an operation: its own, the additional ones, and the one for invalid input.

A response is described from the route's response class and compiled response field, so the media
type and schema shown are those that are sent. Nothing here looks at parameters.
"""

import copy
import http.client
import inspect
from typing import Any

from starlette.responses import JSONResponse

from pronghorn._base.declaration import require
from pronghorn._base.sentinels import settled
from pronghorn._base.sse import EVENT_SCHEMA
from pronghorn._base.status_codes import allows_body
from pronghorn._openapi.constants import REF_PREFIX
from pronghorn._openapi.merging import deep_dict_update
from pronghorn._openapi.protocols import DocumentedRoute
from pronghorn._openapi.schemas import FieldSchemas
from pronghorn._schema.annotations import lenient_issubclass

__all__ = ["VALIDATION_DEFINITIONS", "add_validation_response", "build_responses", "status_code_ranges"]

status_code_ranges: dict[str, str] = {
    "1XX": "Information",
    "2XX": "Success",
    "3XX": "Redirection",
    "4XX": "Client Error",
    "5XX": "Server Error",
    "DEFAULT": "Default Response",
}
"""The descriptions of OpenAPI's status code ranges, where a response has none of its own."""

VALIDATION_DEFINITIONS: dict[str, dict[str, Any]] = {
    "ValidationError": {
        "title": "ValidationError",
        "type": "object",
        "properties": {
            "loc": {
                "title": "Location",
                "type": "array",
                "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            },
            "msg": {"title": "Message", "type": "string"},
            "type": {"title": "Error Type", "type": "string"},
            "input": {"title": "Input"},
            "ctx": {"title": "Context", "type": "object"},
        },
        "required": ["loc", "msg", "type"],
    },
    "HTTPValidationError": {
        "title": "HTTPValidationError",
        "type": "object",
        "properties": {
            "detail": {
                "title": "Detail",
                "type": "array",
                "items": {"$ref": REF_PREFIX + "ValidationError"},
            }
        },
    },
}
"""The shape of a 422 reply: one error, and the reply that lists them."""


def build_responses(route: DocumentedRoute, schemas: FieldSchemas) -> dict[str, dict[str, Any]]:
    """Describe what a route replies when its input is valid.

    Args:
        route: the route.
        schemas: the document's schemas.

    Returns:
        The responses by status code, the route's own first.

    Raises:
        ValueError: an additional response's key is neither a status code nor a range.
    """
    response_class = _response_class(route)
    own: dict[str, Any] = {"description": route.response_description}
    if allows_body(route.status_code):
        own |= _own_content(route, response_class, schemas)
    responses = {_own_status(route, response_class): own}
    for code, declared in (route.responses or {}).items():
        key = "default" if str(code).upper() == "DEFAULT" else str(code).upper()
        field = route.response_fields.get(code)
        schema = schemas.of(field) if field else None
        _add_declared(responses.setdefault(key, {}), code, declared, schema, response_class.media_type)
    return responses


def add_validation_response(responses: dict[str, dict[str, Any]]) -> bool:
    """Describe the 422 reply, unless the route declares one that covers it.

    Args:
        responses: the operation's responses; changed.

    Returns:
        Whether the reply was added, and with it the need for `VALIDATION_DEFINITIONS`.
    """
    if not responses.keys().isdisjoint(("422", "4XX", "default")):
        return False
    reference = {"$ref": REF_PREFIX + "HTTPValidationError"}
    responses["422"] = {
        "description": "Validation Error",
        "content": {"application/json": {"schema": reference}},
    }
    return True


def _response_class(route: DocumentedRoute) -> Any:
    """The class that makes the route's responses, set by the user or by default."""
    response_class = settled(route.response_class)
    require(
        response_class,
        f"A response class is needed to generate OpenAPI, but the route {route.path!r} has "
        f"{response_class!r}: leave response_class out for the default, or pass a Response class.",
    )
    return response_class


def _own_status(route: DocumentedRoute, response_class: Any) -> str:
    """The status of the route's own response: declared, or the response class's default."""
    if route.status_code is not None:
        return str(int(route.status_code))
    parameter = inspect.signature(response_class.__init__).parameters.get("status_code")
    if parameter is not None and isinstance(parameter.default, int):
        return str(parameter.default)
    return "200"


def _own_content(route: DocumentedRoute, response_class: Any, schemas: FieldSchemas) -> dict[str, Any]:
    """The content of the route's own response; none where the class names no media type."""
    if route.is_json_stream:
        item = schemas.of(route.stream_item_field) if route.stream_item_field else {}
        return {"content": {"application/jsonl": {"itemSchema": item}}}
    if route.is_sse_stream:
        return {"content": {"text/event-stream": {"itemSchema": _event_schema(route, schemas)}}}
    if not response_class.media_type:
        return {}
    schema: dict[str, Any] = {"type": "string"}
    if lenient_issubclass(response_class, JSONResponse):
        schema = schemas.of(route.response_field) if route.response_field else {}
    return {"content": {response_class.media_type: {"schema": schema}}}


def _event_schema(route: DocumentedRoute, schemas: FieldSchemas) -> dict[str, Any]:
    """The schema of one Server-Sent Event, with that of its data where the item's type is known."""
    event = copy.deepcopy(EVENT_SCHEMA)
    if route.stream_item_field:
        event["required"] = ["data"]
        event["properties"]["data"] = {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": schemas.of(route.stream_item_field),
        }
    return event


def _add_declared(
    response: dict[str, Any],
    code: int | str,
    declared: dict[str, Any],
    schema: dict[str, Any] | None,
    media_type: str | None,
) -> None:
    """Merge an additional response into what is already known of its status."""
    require(
        isinstance(declared, dict),
        f"An additional response must be a dict, but responses[{code!r}] is {declared!r}: "
        'write {"description": ..., "model": ...}.',
    )
    status = _describe_status(code)
    addition = copy.deepcopy({key: value for key, value in declared.items() if key != "model"})
    if schema is not None:
        content = addition.setdefault("content", {}).setdefault(media_type or "application/json", {})
        deep_dict_update(content.setdefault("schema", {}), schema)
    description = addition.get("description") or response.get("description") or status
    deep_dict_update(response, addition)
    response["description"] = description


def _describe_status(code: int | str) -> str:
    """The standard words for a status code or range; refuses what is neither."""
    if words := status_code_ranges.get(str(code).upper()):
        return words
    try:
        return http.client.responses.get(int(code)) or "Additional Response"
    except ValueError as error:
        raise ValueError(
            f"responses has the key {code!r}, which is neither a status code such as 404 nor one of "
            f"{', '.join(status_code_ranges)} (or 'default')."
        ) from error
