from typing import Any

import pytest
from pydantic import BaseModel

from pronghorn._base.errors import FastAPIDeprecationWarning
from pronghorn._openapi.schemas import build_schemas
from pronghorn.openapi.utils import (
    generate_operation_id,
    generate_operation_summary,
    get_fields_from_routes,
    get_openapi_operation_metadata,
    get_openapi_operation_request_body,
    get_openapi_path,
    validation_error_definition,
    validation_error_response_definition,
)
from tests._openapi.declared import route


class Item(BaseModel):
    name: str


async def make_item(item: Item) -> None: ...


def schemas(declared: Any) -> dict[str, Any]:
    found, _ = build_schemas(get_fields_from_routes([declared]), separate_input_output_schemas=True)
    return {"model_name_map": found.model_name_map, "field_mapping": found.field_mapping}


def test_a_path_is_described_with_what_it_refers_to() -> None:
    declared = route(make_item, methods={"POST"})
    operations, security_schemes, definitions = get_openapi_path(
        route=declared, operation_ids=set(), **schemas(declared)
    )

    assert list(operations) == ["post"]
    assert security_schemes == {}
    assert definitions == {
        "ValidationError": validation_error_definition,
        "HTTPValidationError": validation_error_response_definition,
    }


def test_a_request_body_is_described() -> None:
    declared = route(make_item, methods={"POST"})
    body = get_openapi_operation_request_body(body_field=declared.body_field, **schemas(declared))

    assert body == {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}},
    }


def test_metadata_and_summary_are_those_of_the_route() -> None:
    declared, seen = route(make_item), set[str]()
    metadata = get_openapi_operation_metadata(route=declared, method="GET", operation_ids=seen)

    assert metadata == {"summary": "Make Item", "operationId": "make_item_id"}
    assert generate_operation_summary(route=declared, method="GET") == "Make Item"
    assert seen == {"make_item_id"}


@pytest.mark.parametrize(("own", "expected"), [(None, "make_item_items__item_id__post"), ("mine", "mine")])
def test_the_old_operation_ids_are_deprecated(own: str | None, expected: str) -> None:
    declared = route(make_item, path="/items/{item_id}", operation_id=own)

    with pytest.warns(FastAPIDeprecationWarning, match="generate_operation_id"):
        assert generate_operation_id(route=declared, method="POST") == expected
