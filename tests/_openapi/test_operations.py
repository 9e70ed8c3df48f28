from functools import partial
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from pronghorn._base.declaration import DeclarationError
from pronghorn._declare.depends import Depends, Security
from pronghorn._declare.params import Body, Cookie, File, Form, Header, Path, Query
from pronghorn._declare.security.api_key import APIKeyHeader
from pronghorn._declare.security.oauth2 import OAuth2PasswordBearer
from tests._openapi.declared import document, operation, route

REFERENCE = "#/components/schemas/"


class Item(BaseModel):
    name: str


async def plain() -> None: ...


async def with_body(item: Item) -> None: ...


def test_an_operation_says_what_it_is() -> None:
    found = operation(
        route(plain, tags=["t"], summary="Sum", description="Long", operation_id="own", deprecated=True)
    )

    assert found == {
        "tags": ["t"],
        "summary": "Sum",
        "description": "Long",
        "operationId": "own",
        "deprecated": True,
        "responses": {
            "200": {"description": "Successful Response", "content": {"application/json": {"schema": {}}}}
        },
    }


def test_without_a_summary_the_name_is_put_in_words() -> None:
    assert operation(route(plain, name="read_all_items"))["summary"] == "Read All Items"


def test_an_unnamed_endpoint_is_named_in_the_duplicate_warning() -> None:
    unnamed = partial(plain)

    with pytest.warns(UserWarning, match="Duplicate Operation ID same for function <unnamed_endpoint>$"):
        document(route(plain, unique_id="same"), route(unnamed, path="/b", unique_id="same"))


def test_a_route_without_methods_is_refused() -> None:
    with pytest.raises(DeclarationError, match="Methods must be a list, but the route '/items' has None"):
        operation(route(plain, methods=None))


def test_extra_keys_are_merged_in() -> None:
    extra = {"x-a": 1, "responses": {"200": {"description": "Other"}}, "tags": ["u"]}
    found = operation(route(plain, tags=["t"], openapi_extra=extra))

    assert found["x-a"] == 1
    assert found["tags"] == ["t", "u"]
    assert found["responses"]["200"]["description"] == "Other"
    assert "content" in found["responses"]["200"]


def test_a_body_is_required_or_not() -> None:
    async def optional(item: Item | None = None) -> None: ...

    required_body = operation(route(with_body, methods={"POST"}), "post")["requestBody"]
    optional_body = operation(route(optional, methods={"POST"}), "post")["requestBody"]

    reference = {"$ref": REFERENCE + "Item"}
    assert required_body == {"content": {"application/json": {"schema": reference}}, "required": True}
    assert "required" not in optional_body


def test_methods_that_never_have_a_body_show_none() -> None:
    found = document(route(with_body, methods={"OPTIONS"}))

    assert "requestBody" not in found["paths"]["/items"]["options"]


@pytest.mark.parametrize(
    ("endpoint", "media_type"),
    [
        ("form", "application/x-www-form-urlencoded"),
        ("file", "multipart/form-data"),
        ("custom", "application/vnd.x+json"),
    ],
)
def test_a_body_has_its_media_type(endpoint: str, media_type: str) -> None:
    async def form(a: Annotated[str, Form()], b: Annotated[str, Form()]) -> None: ...
    async def file(a: Annotated[bytes, File()], b: Annotated[str, Form()]) -> None: ...
    async def custom(a: Annotated[Item, Body(media_type="application/vnd.x+json")]) -> None: ...

    endpoints: dict[str, Any] = {"form": form, "file": file, "custom": custom}
    found = operation(route(endpoints[endpoint], methods={"POST"}), "post")

    assert list(found["requestBody"]["content"]) == [media_type]


def test_a_body_shows_its_examples() -> None:
    async def several(
        item: Annotated[Item, Body(openapi_examples={"a": {"value": {"name": "x"}}})],
    ) -> None: ...

    found = operation(route(several, methods={"POST"}), "post")

    content = found["requestBody"]["content"]["application/json"]
    assert content["examples"] == {"a": {"value": {"name": "x"}}}


def parameters(endpoint: Any, path: str = "/items") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = operation(route(endpoint, path=path)).get("parameters", [])
    return found


def test_parameters_stand_by_location() -> None:
    async def endpoint(
        c: Annotated[str, Cookie()],
        x_h: Annotated[str, Header()],
        q: Annotated[int, Query()] = 3,
        *,
        p: Annotated[int, Path(description="which")],
    ) -> None: ...

    found = parameters(endpoint, "/items/{p}")

    assert [(one["in"], one["name"], one["required"]) for one in found] == [
        ("path", "p", True),
        ("query", "q", False),
        ("header", "x-h", True),
        ("cookie", "c", True),
    ]
    assert found[0]["description"] == "which"
    assert found[1]["schema"] == {"type": "integer", "default": 3, "title": "Q"}


def test_parameters_may_be_hidden_and_still_fail() -> None:
    async def endpoint(q: Annotated[int, Query(include_in_schema=False)]) -> None: ...

    found = operation(route(endpoint))

    assert "parameters" not in found
    assert "422" in found["responses"]


def test_headers_keep_their_underscores_on_request() -> None:
    async def endpoint(x_h: Annotated[str, Header(convert_underscores=False)]) -> None: ...

    assert parameters(endpoint)[0]["name"] == "x_h"


def test_a_parameter_model_gives_its_fields() -> None:
    class Filters(BaseModel):
        limit: int
        order_by: str = "name"

    async def endpoint(
        q: Annotated[Filters, Query()], h: Annotated[Filters | None, Header()] = None
    ) -> None: ...

    assert [(one["in"], one["name"], one["required"]) for one in parameters(endpoint)] == [
        ("query", "limit", True),
        ("query", "order_by", False),
        ("header", "limit", False),
        ("header", "order-by", False),
    ]


def test_a_parameter_shows_its_examples_and_deprecation() -> None:
    async def endpoint(
        a: Annotated[str, Query(openapi_examples={"one": {"value": "x"}}, deprecated=True)],
    ) -> None: ...

    found = parameters(endpoint)[0]

    assert found["examples"] == {"one": {"value": "x"}}
    assert found["deprecated"] is True


def test_a_parameter_of_several_dependencies_is_shown_once_and_required_where_one_requires_it() -> None:
    async def strict(q: Annotated[int, Query(description="strict")]) -> None: ...
    async def lax(q: Annotated[int, Query(description="lax")] = 1) -> None: ...
    async def endpoint(a: Annotated[None, Depends(strict)], b: Annotated[None, Depends(lax)]) -> None: ...

    (found,) = parameters(endpoint)

    assert (found["required"], found["description"]) == (True, "strict")


def test_a_dependency_that_is_used_twice_is_walked_once() -> None:
    key = APIKeyHeader(name="X-Key")

    async def inner(k: Annotated[str, Depends(key)], q: int = 0) -> None: ...
    async def endpoint(a: Annotated[None, Depends(inner)], b: Annotated[None, Depends(inner)]) -> None: ...

    found = operation(route(endpoint))

    assert found["security"] == [{"APIKeyHeader": []}]
    assert len(found["parameters"]) == 1


def test_security_collects_the_scopes_of_all_dependants() -> None:
    bearer = OAuth2PasswordBearer("token", scopes={"me": "Read me"})

    async def user(token: Annotated[str, Depends(bearer)]) -> None: ...
    async def active(u: Annotated[None, Security(user, scopes=["me"])]) -> None: ...
    async def endpoint(
        a: Annotated[None, Security(active, scopes=["items", "me"])],
        t: Annotated[str, Security(bearer, scopes=["more"])],
    ) -> None: ...

    found = document(route(endpoint))

    assert found["paths"]["/items"]["get"]["security"] == [
        {"OAuth2PasswordBearer": ["items", "me", "more"]},
    ]
    assert list(found["components"]["securitySchemes"]) == ["OAuth2PasswordBearer"]


def test_an_endpoint_that_is_itself_a_scheme_is_not_its_own_security() -> None:
    found = operation(route(APIKeyHeader(name="X-Key"), unique_id="x", name="x"))

    assert "security" not in found


def test_callbacks_are_shown_by_name_and_url() -> None:
    async def invoice(item: Item) -> None: ...

    callback = route(invoice, path="{$url}/paid", methods={"POST"})
    found = document(route(plain, callbacks=[callback, object()]))

    described = found["paths"]["/items"]["get"]["callbacks"]
    assert list(described) == ["invoice"]
    assert list(described["invoice"]["{$url}/paid"]) == ["post"]
    assert "Item" in found["components"]["schemas"]
