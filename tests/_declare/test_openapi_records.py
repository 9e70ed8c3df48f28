import pytest
from pydantic import TypeAdapter, ValidationError

from pronghorn._declare.openapi_records import APIKey, Example, HTTPBearer, OAuth2, SecurityScheme


def test_an_example_takes_extension_keys() -> None:
    example = {"summary": "s", "value": {"a": 1}, "x-more": True}

    assert TypeAdapter(Example).validate_python(example) == example


def test_a_scheme_keeps_extension_keys() -> None:
    scheme = APIKey.model_validate({"in": "query", "name": "key", "x-more": 1})

    assert scheme.model_dump(by_alias=True, mode="json")["x-more"] == 1


def test_keys_stand_in_the_order_of_the_document() -> None:
    scheme = OAuth2.model_validate({"flows": {"password": {"tokenUrl": "t"}}, "description": "d"})

    assert list(scheme.model_dump(by_alias=True)) == ["type", "description", "flows"]


def test_the_bearer_scheme_has_one_name() -> None:
    with pytest.raises(ValidationError):
        HTTPBearer.model_validate({"scheme": "basic"})


def test_a_mapping_becomes_the_scheme_that_it_describes() -> None:
    adapter: TypeAdapter[SecurityScheme] = TypeAdapter(SecurityScheme)

    assert isinstance(adapter.validate_python({"type": "apiKey", "in": "header", "name": "k"}), APIKey)
    assert isinstance(adapter.validate_python({"type": "oauth2", "flows": {}}), OAuth2)
