import pytest
from pydantic import TypeAdapter, ValidationError

from pronghorn._openapi.models import Header, OpenAPI, Parameter, Reference, Schema, SchemaType


@pytest.mark.parametrize("type_", ["array", ["string", "null"], None])
def test_a_schema_has_one_type_or_several(type_: SchemaType | list[SchemaType] | None) -> None:
    assert Schema(type=type_).type == type_


@pytest.mark.parametrize("wrong", [{"type": "text"}, {"maxLength": -1}, {"multipleOf": 0}])
def test_a_schema_that_json_schema_does_not_know_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Schema.model_validate(wrong)


def test_schemas_nest_and_may_be_booleans() -> None:
    schema = Schema.model_validate({"properties": {"a": {"items": True}}, "additionalProperties": False})

    assert schema.model_dump(exclude_none=True) == {
        "properties": {"a": {"items": True}},
        "additionalProperties": False,
    }


def test_keys_have_the_specifications_names() -> None:
    schema = Schema.model_validate({"$ref": "#/x", "not": {"if": True}})

    assert schema.model_dump(by_alias=True, exclude_none=True) == {"$ref": "#/x", "not": {"if": True}}


def test_a_whole_document_keeps_extension_keys() -> None:
    document = {
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1", "x-logo": {"url": "/logo.png"}},
        "paths": {"/a": {"get": {"responses": {"200": {"description": "d"}}, "x-a": 1}}},
        "x-tags": [1],
    }

    assert OpenAPI.model_validate(document).model_dump(by_alias=True, exclude_none=True) == document


def test_a_reference_is_told_from_the_object_it_stands_for() -> None:
    adapter: TypeAdapter[Parameter | Reference] = TypeAdapter(Parameter | Reference)

    assert isinstance(adapter.validate_python({"$ref": "#/components/parameters/a"}), Reference)
    assert isinstance(adapter.validate_python({"name": "a", "in": "query"}), Parameter)


def test_a_header_has_neither_name_nor_place() -> None:
    assert Header(description="d").model_dump(exclude_none=True) == {"description": "d"}
