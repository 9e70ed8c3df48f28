from typing import Any

import pytest
from pydantic import BaseModel
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from pronghorn._base.declaration import DeclarationError
from pronghorn._base.sentinels import Default
from tests._openapi.declared import document, operation, response_field, route


class Item(BaseModel):
    name: str


ITEM = {"$ref": "#/components/schemas/Item"}


async def plain() -> None: ...


async def with_parameter(q: int) -> None: ...


def responses(endpoint: Any = plain, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = operation(route(endpoint, **changes))["responses"]
    return found


def test_the_response_field_is_shown_as_json() -> None:
    found = responses(response_field=response_field(Item), response_class=Default(JSONResponse))

    assert found == {
        "200": {"description": "Successful Response", "content": {"application/json": {"schema": ITEM}}}
    }


@pytest.mark.parametrize(
    ("response_class", "expected"),
    [
        (HTMLResponse, {"200": {"text/html": {"schema": {"type": "string"}}}}),
        (Response, {"200": None}),
        (RedirectResponse, {"307": None}),
    ],
)
def test_the_response_class_decides_media_type_and_status(
    response_class: type[Response], expected: dict[str, Any]
) -> None:
    found = responses(response_class=response_class)

    assert {status: one.get("content") for status, one in found.items()} == expected


def test_a_response_class_without_a_default_status_counts_as_200() -> None:
    class Opaque(JSONResponse):
        def __init__(self, *args: Any) -> None: ...

    class Required(JSONResponse):
        def __init__(self, content: Any, status_code: int) -> None: ...

    assert list(responses(response_class=Opaque)) == ["200"]
    assert list(responses(response_class=Required)) == ["200"]


def test_a_status_without_body_shows_no_content() -> None:
    assert responses(status_code=204) == {"204": {"description": "Successful Response"}}


def test_a_missing_response_class_is_refused() -> None:
    with pytest.raises(DeclarationError, match="A response class is needed to generate OpenAPI"):
        responses(response_class=Default(None))


@pytest.mark.parametrize(("field", "schema"), [(response_field(Item), ITEM), (None, {})])
def test_json_lines_show_the_schema_of_an_item(field: Any, schema: dict[str, Any]) -> None:
    found = responses(is_json_stream=True, stream_item_field=field)

    assert found["200"]["content"] == {"application/jsonl": {"itemSchema": schema}}


def test_server_sent_events_show_the_schema_of_an_event() -> None:
    events = {"text/event-stream"}
    found = responses(is_sse_stream=True)["200"]["content"]

    assert set(found) == events
    assert found["text/event-stream"]["itemSchema"]["properties"]["data"] == {"type": "string"}


def test_typed_server_sent_events_show_the_schema_of_their_data() -> None:
    found = responses(is_sse_stream=True, stream_item_field=response_field(Item))

    event = found["200"]["content"]["text/event-stream"]["itemSchema"]
    assert event["required"] == ["data"]
    assert event["properties"]["data"] == {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": ITEM,
    }


@pytest.mark.parametrize(
    ("code", "declared", "key", "description"),
    [
        (404, {}, "404", "Not Found"),
        ("404", {"description": "Gone fishing"}, "404", "Gone fishing"),
        ("5xx", {}, "5XX", "Server Error"),
        ("default", {}, "default", "Default Response"),
        (299, {}, "299", "Additional Response"),
        (200, {"x-a": 1}, "200", "Successful Response"),
    ],
)
def test_an_additional_response_has_a_description(
    code: int | str, declared: dict[str, Any], key: str, description: str
) -> None:
    assert responses(responses={code: declared})[key]["description"] == description


def test_an_additional_response_has_its_models_schema() -> None:
    declared = {"model": Item, "content": {"application/json": {"example": {"name": "x"}}}}
    found = responses(responses={404: declared}, response_fields={404: response_field(Item)})

    assert found["404"]["content"] == {"application/json": {"schema": ITEM, "example": {"name": "x"}}}
    assert "model" in declared


def test_an_additional_responses_model_is_json_where_the_class_names_no_media_type() -> None:
    field = response_field(Item)
    found = responses(responses={404: {"model": Item}}, response_fields={404: field}, response_class=Response)

    assert list(found["404"]["content"]) == ["application/json"]


def test_an_additional_response_is_merged_into_the_routes_own() -> None:
    declared = {"description": "Item", "content": {"image/png": {}}}
    found = responses(responses={200: declared}, response_field=response_field(Item))

    assert found["200"]["description"] == "Item"
    assert list(found["200"]["content"]) == ["application/json", "image/png"]


def test_merging_reaches_no_other_operation() -> None:
    field = response_field(list[int])
    extended = {"content": {"application/json": {"schema": {"items": {"minimum": 0}}}}}
    found = document(
        route(plain, path="/a", response_field=field, responses={200: extended}),
        route(plain, path="/b", response_field=field, unique_id="b"),
    )["paths"]

    items = {
        path: one["get"]["responses"]["200"]["content"]["application/json"]["schema"]["items"]
        for path, one in found.items()
    }
    assert items == {"/a": {"type": "integer", "minimum": 0}, "/b": {"type": "integer"}}


def test_a_key_that_is_no_status_is_refused() -> None:
    with pytest.raises(ValueError, match="responses has the key 'hello', which is neither a status code"):
        responses(responses={"hello": {"description": "x"}})


def test_an_additional_response_has_to_be_a_dict() -> None:
    with pytest.raises(
        DeclarationError, match=r"An additional response must be a dict, but responses\[404\]"
    ):
        responses(responses={404: Item})


def test_input_that_can_be_invalid_brings_the_422_reply() -> None:
    found = document(route(with_parameter))

    assert found["paths"]["/items"]["get"]["responses"]["422"]["description"] == "Validation Error"
    assert list(found["components"]["schemas"]) == ["HTTPValidationError", "ValidationError"]


@pytest.mark.parametrize("key", [422, "4XX", "default"])
def test_a_declared_reply_takes_the_place_of_the_422(key: int | str) -> None:
    found = document(route(with_parameter, responses={key: {"description": "Mine"}}))

    declared = found["paths"]["/items"]["get"]["responses"]
    assert list(declared) == ["200", str(key)]
    assert declared[str(key)] == {"description": "Mine"}
    assert "components" not in found


def test_without_input_there_is_no_422() -> None:
    assert list(responses()) == ["200"]
