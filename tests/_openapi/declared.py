"""Route records for the tests of the document, made from compiled dependants without an application."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from starlette.responses import JSONResponse

from pronghorn._compile.body import flat_body_params, get_body_field, should_embed_body_fields
from pronghorn._compile.signature import get_dependant
from pronghorn._openapi.document import get_openapi
from pronghorn._schema.field import ModelField, create_model_field


def response_field(type_: Any) -> ModelField:
    """The compiled field of a response of this type."""
    return create_model_field(name="Response", type_=type_, mode="serialization")


def route(endpoint: Callable[..., Any], path: str = "/items", **changes: Any) -> Any:
    """An API route as the document sees it; `changes` replace attributes."""
    dependant = get_dependant(path=path, call=endpoint)
    body_params = flat_body_params(dependant)
    name = getattr(endpoint, "__name__", "unnamed")
    attributes: dict[str, Any] = {
        "path": path,
        "path_format": path,
        "name": name,
        "methods": {"GET"},
        "endpoint": endpoint,
        "unique_id": f"{name}_id",
        "operation_id": None,
        "tags": [],
        "summary": None,
        "description": "",
        "deprecated": None,
        "include_in_schema": True,
        "status_code": None,
        "response_class": JSONResponse,
        "response_description": "Successful Response",
        "response_field": None,
        "response_fields": {},
        "responses": {},
        "stream_item_field": None,
        "is_json_stream": False,
        "is_sse_stream": False,
        "dependant": dependant,
        "body_field": get_body_field(
            body_params=body_params,
            name=name,
            embed_body_fields=should_embed_body_fields(body_params),
        ),
        "callbacks": None,
        "openapi_extra": None,
    }
    return SimpleNamespace(**{**attributes, **changes})


def document(*routes: Any, **options: Any) -> dict[str, Any]:
    """The document of these routes."""
    return get_openapi(title="T", version="1", routes=routes, **options)


def operation(declared: Any, method: str = "get", **options: Any) -> dict[str, Any]:
    """A route's operation in its document."""
    found: dict[str, Any] = document(declared, **options)["paths"][declared.path_format][method]
    return found
