"""Building documents and their parts, under their FastAPI module name.

`get_openapi` is what applications call. The other functions describe a part of a document each,
with FastAPI's signatures, for code that puts documents together by itself.
"""

import re
import warnings
from typing import Any

from pronghorn._base.errors import FastAPIDeprecationWarning
from pronghorn._openapi.document import get_openapi
from pronghorn._openapi.operations import build_metadata, build_path, build_request_body, summarise
from pronghorn._openapi.protocols import DocumentedRoute
from pronghorn._openapi.responses import VALIDATION_DEFINITIONS, status_code_ranges
from pronghorn._openapi.schemas import FieldMapping, FieldSchemas
from pronghorn._openapi.schemas import collect_fields as get_fields_from_routes
from pronghorn._schema.field import ModelField

__all__ = [
    "generate_operation_id",
    "generate_operation_summary",
    "get_fields_from_routes",
    "get_openapi",
    "get_openapi_operation_metadata",
    "get_openapi_operation_request_body",
    "get_openapi_path",
    "status_code_ranges",
    "validation_error_definition",
    "validation_error_response_definition",
]

validation_error_definition = VALIDATION_DEFINITIONS["ValidationError"]
"""The schema of one validation error."""

validation_error_response_definition = VALIDATION_DEFINITIONS["HTTPValidationError"]
"""The schema of a 422 reply."""


def get_openapi_path(
    *,
    route: DocumentedRoute,
    operation_ids: set[str],
    model_name_map: dict[Any, str],
    field_mapping: FieldMapping,
    separate_input_output_schemas: bool = True,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Describe all operations of a route.

    Args:
        route: the route.
        operation_ids: the ids used so far in the document; the route's are added.
        model_name_map: the name of each model in the document.
        field_mapping: the schema of each field.
        separate_input_output_schemas: show a model that differs in the two directions twice.

    Returns:
        The operations by method, the security schemes and the further definitions they refer to.
    """
    schemas = FieldSchemas(model_name_map, field_mapping, separate_input_output_schemas)
    path = build_path(route, operation_ids, schemas)
    return path.operations, path.security_schemes, path.definitions


def get_openapi_operation_metadata(
    *, route: DocumentedRoute, method: str, operation_ids: set[str]
) -> dict[str, Any]:
    """Name and describe an operation, and warn when its id was used before.

    Args:
        route: the operation's route.
        method: the operation's method; the description is the same for all.
        operation_ids: the ids used so far in the document; this one is added.
    """
    return build_metadata(route, operation_ids)


def get_openapi_operation_request_body(
    *,
    body_field: ModelField | None,
    model_name_map: dict[Any, str],
    field_mapping: FieldMapping,
    separate_input_output_schemas: bool = True,
) -> dict[str, Any] | None:
    """Describe an operation's request body; `None` where it takes none.

    Args:
        body_field: the route's body, all body parameters in one.
        model_name_map: the name of each model in the document.
        field_mapping: the schema of each field.
        separate_input_output_schemas: show a model that differs in the two directions twice.
    """
    schemas = FieldSchemas(model_name_map, field_mapping, separate_input_output_schemas)
    return build_request_body(body_field, schemas)


def generate_operation_summary(*, route: DocumentedRoute, method: str) -> str:
    """The operation's summary: the declared one, or the function's name in words.

    Args:
        route: the operation's route.
        method: the operation's method; the summary is the same for all.
    """
    return summarise(route)


def generate_operation_id(*, route: DocumentedRoute, method: str) -> str:
    """An operation id made of the function's name, the path and the method.

    Deprecated: documents use the route's `unique_id`.

    Args:
        route: the operation's route.
        method: the operation's method.
    """
    warnings.warn(
        message="fastapi.openapi.utils.generate_operation_id() was deprecated, "
        "it is not used internally, and will be removed soon",
        category=FastAPIDeprecationWarning,
        stacklevel=2,
    )
    if route.operation_id:
        return route.operation_id
    return re.sub(r"\W", "_", f"{route.name}{route.path_format}") + f"_{method.lower()}"
