from collections.abc import Callable
from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from pronghorn import Body, Depends, Form, UploadFile
from pronghorn._compile.body import flat_body_params, get_body_field, should_embed_body_fields
from pronghorn._compile.signature import get_dependant
from pronghorn._declare import params
from pronghorn._schema.definitions import get_definitions, get_model_name_map
from pronghorn._schema.field import ModelField


class Item(BaseModel):
    name: str


class User(BaseModel):
    login: str


def fields_of(call: Callable[..., Any]) -> list[ModelField]:
    return flat_body_params(get_dependant(path="/", call=call))


def body_of(call: Callable[..., Any]) -> ModelField | None:
    fields = fields_of(call)
    return get_body_field(
        body_params=fields, name="operation", embed_body_fields=should_embed_body_fields(fields)
    )


def schema_of(call: Callable[..., Any]) -> dict[str, Any]:
    """The schema of the combined body, references resolved one level deep."""
    field = body_of(call)
    assert field is not None
    schemas, definitions = get_definitions(fields=[field], model_name_map=get_model_name_map(_flat(field)))
    schema = schemas[(field, "validation")]
    reference = schema.get("$ref", "").removeprefix("#/components/schemas/")
    return {**definitions[reference]} if reference else schema


def _flat(field: ModelField) -> Any:
    from pronghorn._schema.definitions import get_flat_models_from_fields

    return get_flat_models_from_fields([field], known_models=set())


def test_body_parameters_of_the_whole_tree_count_parents_first() -> None:
    def inner(a: Annotated[int, Body()]) -> None: ...
    def outer(b: Annotated[int, Body()], value: Any = Depends(inner)) -> None: ...
    def call(c: Annotated[int, Body()], value: Any = Depends(outer)) -> None: ...

    assert [field.name for field in fields_of(call)] == ["c", "b", "a"]


# --- embedding


def nothing(q: int) -> None: ...
def one_model(item: Item) -> None: ...
def one_embedded(item: Item = Body(embed=True)) -> None: ...
def two(item: Item, user: User) -> None: ...
def one_value(name: str = Form()) -> None: ...
def one_file(file: UploadFile) -> None: ...
def one_form_model(form: Item = Form()) -> None: ...
def form_union(form: Annotated[Item | User, Form()]) -> None: ...


def same_name_elsewhere(item: Item, value: Any = Depends(one_model)) -> None: ...
def same_form_elsewhere(form: Item = Form(), value: Any = Depends(one_form_model)) -> None: ...
def other_form_elsewhere(form: User = Form(), value: Any = Depends(one_form_model)) -> None: ...


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (nothing, False),
        (one_model, False),
        (one_embedded, True),
        (two, True),
        (one_value, True),
        (one_file, True),
        (one_form_model, False),
        (form_union, False),
        (same_name_elsewhere, False),
        (same_form_elsewhere, False),
        (other_form_elsewhere, True),
    ],
)
def test_a_body_of_several_parts_has_a_key_for_each(call: Callable[..., Any], expected: bool) -> None:
    assert should_embed_body_fields(fields_of(call)) is expected


# --- the field


def test_without_body_parameters_there_is_no_body() -> None:
    assert body_of(nothing) is None


def test_a_single_body_is_its_own_field() -> None:
    fields = fields_of(one_model)

    assert get_body_field(body_params=fields, name="operation", embed_body_fields=False) is fields[0]


def test_several_parts_make_a_model_named_after_the_operation() -> None:
    body = body_of(two)

    assert body is not None
    assert (body.name, body.alias, body.field_info.annotation.__name__) == (  # type: ignore[union-attr]
        "body",
        "body",
        "Body_operation",
    )
    assert schema_of(two) == {
        "title": "Body_operation",
        "type": "object",
        "properties": {
            "item": {"$ref": "#/components/schemas/Item"},
            "user": {"$ref": "#/components/schemas/User"},
        },
        "required": ["item", "user"],
    }


def all_optional(a: Annotated[int, Body()] = 1, b: Annotated[int, Body()] = 2) -> None: ...
def one_required(a: Annotated[int, Body()], b: Annotated[int, Body()] = 2) -> None: ...


@pytest.mark.parametrize(("call", "expected"), [(all_optional, False), (one_required, True)])
def test_a_body_is_required_when_a_part_of_it_is(call: Callable[..., Any], expected: bool) -> None:
    body = body_of(call)

    assert body is not None
    assert body.field_info.is_required() is expected


def json_parts(a: Annotated[int, Body()], b: Annotated[int, Body()]) -> None: ...
def own_media_type(
    a: Annotated[int, Body(media_type="application/x+json")],
    b: Annotated[int, Body(media_type="application/x+json")],
) -> None: ...
def media_types_differ(
    a: Annotated[int, Body(media_type="application/x+json")], b: Annotated[int, Body()]
) -> None: ...
def form_beside_json(a: Annotated[int, Form()], b: Annotated[int, Body()]) -> None: ...
def multipart_form(
    a: Annotated[int, Form(media_type="multipart/form-data")], b: Annotated[int, Form()]
) -> None: ...
def file_beside_form(a: Annotated[int, Form()], b: UploadFile) -> None: ...


@pytest.mark.parametrize(
    ("call", "kind", "media_type"),
    [
        (json_parts, params.Body, "application/json"),
        (own_media_type, params.Body, "application/x+json"),
        (media_types_differ, params.Body, "application/json"),
        (form_beside_json, params.Form, "application/x-www-form-urlencoded"),
        (multipart_form, params.Form, "multipart/form-data"),
        (file_beside_form, params.File, "multipart/form-data"),
    ],
)
def test_the_kind_of_the_body_follows_from_its_parts(
    call: Callable[..., Any], kind: type[params.Body], media_type: str
) -> None:
    body = body_of(call)

    assert body is not None
    assert type(body.field_info) is kind
    assert isinstance(body.field_info, params.Body)
    assert body.field_info.media_type == media_type


# --- schemas of forms


class Login(BaseModel):
    user_name: Annotated[str, Field(validation_alias=AliasChoices("user", "login"))]
    password: Annotated[str, Field(alias="pass")]
    remember: bool = False


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    age: int = 0


def model_beside_fields(
    login: Annotated[Login, Form()], code: Annotated[str, Form()], note: Annotated[str, Form()] = ""
) -> None: ...


def test_form_models_and_fields_share_one_flat_form_that_shows_every_name() -> None:
    login = {
        "title": "Login",
        "type": "object",
        "properties": {
            "user": {"type": "string", "title": "User"},
            "pass": {"type": "string", "title": "Pass"},
            "remember": {"type": "boolean", "title": "Remember", "default": False},
        },
        "required": ["pass"],
        "allOf": [{"anyOf": [{"required": ["user"]}, {"required": ["login"]}]}],
    }

    assert schema_of(model_beside_fields) == {
        "title": "Body_operation",
        "type": "object",
        "properties": {
            "code": {"type": "string", "title": "Code"},
            "note": {"type": "string", "title": "Note", "default": ""},
        },
        "required": ["code"],
        "allOf": [login],
    }


def same_key_twice(
    a: Annotated[int, Form(alias="n")], item: Annotated[Item, Form()], b: Annotated[str, Form(alias="n")]
) -> None: ...


def test_two_parameters_of_one_key_must_both_hold() -> None:
    assert schema_of(same_key_twice) == {
        "title": "Body_operation",
        "type": "object",
        "properties": {"n": {"type": "integer", "title": "A"}},
        "required": ["n"],
        "allOf": [
            {"$ref": "#/components/schemas/Item"},
            {"properties": {"n": {"type": "string", "title": "B"}}},
        ],
    }


def optional_form(item: Annotated[Item | None, Form()] = None) -> None: ...
def nullable_form(item: Annotated[Item | None, Form()]) -> None: ...
def optional_strict(item: Annotated[Strict | None, Form()] = None) -> None: ...


ABSENT = {"not": {"anyOf": [{"required": ["name"]}]}}


@pytest.mark.parametrize(
    ("call", "all_of"),
    [
        (
            optional_form,
            [{"anyOf": [ABSENT, {"anyOf": [{"$ref": "#/components/schemas/Item"}], "title": "Item"}]}],
        ),
        (
            nullable_form,
            [{"not": ABSENT}, {"anyOf": [{"$ref": "#/components/schemas/Item"}], "title": "Item"}],
        ),
        (
            optional_strict,
            [
                {
                    "anyOf": [
                        {"maxProperties": 0},
                        {"anyOf": [{"$ref": "#/components/schemas/Strict"}], "title": "Item"},
                    ]
                }
            ],
        ),
    ],
)
def test_a_form_that_may_be_absent_says_which_forms_are(call: Callable[..., Any], all_of: Any) -> None:
    assert schema_of(call)["allOf"] == all_of
