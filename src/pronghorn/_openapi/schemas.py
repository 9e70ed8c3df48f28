"""The JSON schemas of one document: every field's schema, and the definitions they refer to.

All fields of all routes are handed to pydantic at once, so that equal names are told apart in the
same way throughout the document. How a field's schema is made is `_schema.definitions`' business.

Invariant: a schema handed out is a copy; what is later merged into it never reaches another place.
"""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pronghorn._compile.signature import flat_params
from pronghorn._openapi.protocols import DocumentedRoute, iter_documented
from pronghorn._schema.definitions import (
    FieldMapping,
    get_definitions,
    get_flat_models_from_fields,
    get_model_name_map,
    get_schema_from_model_field,
)
from pronghorn._schema.field import ModelField

__all__ = ["FieldMapping", "FieldSchemas", "build_schemas", "collect_fields"]


@dataclass(frozen=True, slots=True)
class FieldSchemas:
    """Looks up the schemas of one document's fields.

    Attributes:
        model_name_map: the name of each model in the document.
        field_mapping: the schema of each field, for what comes in and for what goes out.
        separate_input_output_schemas: show a model that differs in the two directions twice.
    """

    model_name_map: dict[Any, str]
    field_mapping: FieldMapping
    separate_input_output_schemas: bool = True

    def of(self, field: ModelField, alias: str | None = None) -> dict[str, Any]:
        """The schema of a field.

        Args:
            field: one of the fields that the document was collected from.
            alias: the name to derive the title from, where it is not the field's own.
        """
        schema = get_schema_from_model_field(
            field=field,
            model_name_map=self.model_name_map,
            field_mapping=self.field_mapping,
            separate_input_output_schemas=self.separate_input_output_schemas,
            field_alias=alias,
        )
        return deepcopy(schema)


def collect_fields(routes: Iterable[Any]) -> list[ModelField]:
    """Every field whose schema a document of these routes may show.

    The order matters where two models share a name: pydantic numbers them as they come.

    Args:
        routes: routes, route contexts or included routers.

    Returns:
        The fields of callbacks, then of request bodies, of responses, and of parameters.
    """
    documented = [route for route in iter_documented(routes) if route.include_in_schema]
    callbacks = [field for route in documented for field in collect_fields(route.callbacks or ())]
    bodies = [route.body_field for route in documented if route.body_field]
    responses = [field for route in documented for field in _response_fields(route)]
    parameters = [field for route in documented for field in flat_params(route.dependant)]
    return callbacks + bodies + responses + parameters


def _response_fields(route: DocumentedRoute) -> list[ModelField]:
    """What a route sends: its own response, the additional ones, the items of a stream."""
    fields = [route.response_field, *(route.response_fields or {}).values(), route.stream_item_field]
    return [field for field in fields if field]


def build_schemas(
    fields: list[ModelField], separate_input_output_schemas: bool
) -> tuple[FieldSchemas, dict[str, dict[str, Any]]]:
    """Generate the schemas of a whole document.

    Args:
        fields: all fields of the document, as `collect_fields` gives them.
        separate_input_output_schemas: show a model that differs in the two directions twice.

    Returns:
        The lookup by field, and the shared definitions by name.
    """
    names = get_model_name_map(get_flat_models_from_fields(fields, known_models=set()))
    mapping, definitions = get_definitions(
        fields=fields,
        model_name_map=names,
        separate_input_output_schemas=separate_input_output_schemas,
    )
    return FieldSchemas(names, mapping, separate_input_output_schemas), definitions
