"""FastAPI's private functions for parts of an OpenAPI document, as packages call them."""

from __future__ import annotations

from typing import Any

from pronghorn._openapi.inputs import OperationInputs, build_parameters, collect_inputs
from pronghorn._openapi.schemas import FieldMapping, FieldSchemas

_get_openapi_dependency_data = collect_inputs


def _get_openapi_operation_parameters(
    *,
    dependency_data: OperationInputs,
    model_name_map: dict[Any, str],
    field_mapping: FieldMapping,
    separate_input_output_schemas: bool = True,
) -> list[dict[str, Any]]:
    """The parameters of an operation, described from the maps of a document being built."""
    schemas = FieldSchemas(model_name_map, field_mapping, separate_input_output_schemas)
    return build_parameters(dependency_data, schemas)
