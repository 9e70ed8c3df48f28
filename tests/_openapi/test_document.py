from decimal import Decimal
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from starlette.routing import Route

from pronghorn._openapi.document import get_openapi
from tests._openapi.declared import document, response_field, route


class Item(BaseModel):
    name: str
    size: int = 3


async def list_items() -> None: ...


async def make_item(item: Item) -> None: ...


async def ping(request: Any) -> None: ...


def test_an_empty_api_has_its_title_version_and_paths() -> None:
    assert get_openapi(title="Books", version="", routes=[]) == {
        "openapi": "3.1.0",
        "info": {"title": "Books", "version": ""},
        "paths": {},
    }


def test_metadata_stands_in_the_order_of_the_specification() -> None:
    found = get_openapi(
        title="Books",
        version="1",
        openapi_version="3.1.1",
        summary="s",
        description="d",
        routes=[],
        webhooks=[],
        tags=[{"name": "t", "x-order": 1}],
        servers=[{"url": "https://x.org/"}, {"url": "/api", "description": "here"}],
        terms_of_service="https://x.org/terms",
        contact={"name": "Ada", "url": "https://x.org/ada", "email": "ada@example.com"},
        license_info={"name": "MIT", "identifier": "MIT"},
        external_docs={"url": "https://x.org/docs"},
    )

    assert list(found) == ["openapi", "info", "servers", "paths", "tags", "externalDocs"]
    assert list(found["info"]) == [
        "title",
        "summary",
        "description",
        "termsOfService",
        "contact",
        "license",
        "version",
    ]
    assert found["servers"] == [{"url": "https://x.org/"}, {"url": "/api", "description": "here"}]
    assert found["tags"] == [{"name": "t", "x-order": 1}]


def test_empty_metadata_is_left_out() -> None:
    found = get_openapi(title="T", version="1", description="", routes=[], servers=[], tags=[])

    assert list(found) == ["openapi", "info", "paths"]


def test_what_does_not_fit_openapi_is_refused() -> None:
    with pytest.raises(ValidationError):
        get_openapi(title="T", version="1", routes=[], contact={"url": "not a url"})


def test_operations_of_one_path_are_shown_together() -> None:
    found = document(route(list_items), route(make_item, methods={"POST"}))

    assert list(found["paths"]) == ["/items"]
    assert list(found["paths"]["/items"]) == ["get", "post"]


def test_hidden_routes_leave_no_trace() -> None:
    found = document(route(make_item, include_in_schema=False))

    assert found["paths"] == {}
    assert "components" not in found


def test_other_than_api_routes_are_passed_over() -> None:
    assert document(Route("/ping", ping), SimpleNamespace(dependant=None))["paths"] == {}


def test_included_routers_are_replaced_by_what_they_hold() -> None:
    inner = route(list_items)
    context = SimpleNamespace(**{**vars(inner), "path_format": "/v1/items", "original_route": inner})
    plain = SimpleNamespace(original_route=Route("/ping", ping))
    included = SimpleNamespace(effective_route_contexts=lambda: [context, plain])

    assert list(document(included)["paths"]) == ["/v1/items"]


def test_schemas_are_sorted_by_name() -> None:
    class Zebra(BaseModel):
        stripes: int

    found = document(
        route(make_item, methods={"POST"}, response_field=response_field(Zebra)),
    )

    assert list(found["components"]["schemas"]) == ["HTTPValidationError", "Item", "ValidationError", "Zebra"]


def test_a_model_is_shown_twice_where_directions_differ_unless_told_otherwise() -> None:
    class Price(BaseModel):
        amount: Decimal

    async def make_price(price: Price) -> None: ...

    declared = route(make_price, methods={"POST"}, response_field=response_field(Price))

    separate = document(declared)["components"]["schemas"]
    shared = document(declared, separate_input_output_schemas=False)["components"]["schemas"]

    errors = {"HTTPValidationError", "ValidationError"}
    assert set(separate) - errors == {"Price-Input", "Price-Output"}
    assert set(shared) - errors == {"Price"}


def test_webhooks_have_their_own_section() -> None:
    found = document(webhooks=[route(make_item, path="new-item", methods={"POST"})])

    assert found["paths"] == {}
    assert list(found["webhooks"]) == ["new-item"]
    assert "Item" in found["components"]["schemas"]


def test_equal_operation_ids_are_warned_of() -> None:
    first, second = route(list_items, operation_id="same"), route(make_item, path="/b", operation_id="same")

    with pytest.warns(
        UserWarning, match="Duplicate Operation ID same for function make_item at .*test_document.py"
    ):
        document(first, second)


def test_tags_may_be_members_of_an_enum() -> None:
    class Tag(StrEnum):
        books = "books"

    assert document(route(list_items, tags=[Tag.books]))["paths"]["/items"]["get"]["tags"] == ["books"]
