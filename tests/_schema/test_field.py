import warnings
from collections import deque
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Annotated, Any, Optional

import annotated_types
import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from pronghorn._base.errors import FastAPIError, PydanticV1NotSupportedError
from pronghorn._base.sentinels import Undefined
from pronghorn._declare.params import Body, Path, Query
from pronghorn._schema.field import (
    ModelField,
    cached_model_fields,
    copy_field_info,
    create_body_model,
    create_model_field,
    get_validation_alias,
    is_scalar_field,
    model_fields,
    param_aliases,
    serialize_sequence_value,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)
    from pydantic import v1


class Book(BaseModel):
    title: str
    pages: int = 0


class Shelf(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)

    label: str
    book: Book
    extra: dict = {}  # type: ignore[type-arg]  # as users write it


def test_a_field_goes_by_its_name_without_an_alias() -> None:
    field = create_model_field("q", int)

    assert (field.alias, field.validation_alias, field.serialization_alias) == ("q", None, None)
    assert get_validation_alias(field) == "q"


def test_a_field_goes_by_its_aliases() -> None:
    info = FieldInfo(annotation=int, alias="a", validation_alias="v", serialization_alias="s")
    field = ModelField(info, "q")

    assert (field.alias, field.validation_alias, field.serialization_alias) == ("a", "v", "s")
    assert get_validation_alias(field) == "v"


def test_several_aliases_are_not_one() -> None:
    field = ModelField(FieldInfo(annotation=int, validation_alias=AliasChoices("a", "b")), "q")

    assert field.validation_alias is None


def test_a_required_field_has_no_default() -> None:
    assert create_model_field("q", int).default is Undefined


def test_defaults_come_from_a_value_or_a_factory() -> None:
    assert create_model_field("q", int, default=3).default == 3
    assert ModelField(FieldInfo(annotation=list, default_factory=list), "q").get_default() == []


def test_a_value_is_converted() -> None:
    assert create_model_field("q", int).validate("3", {}, loc=("query", "q")) == (3, [])


def test_objects_are_read_by_their_attributes() -> None:
    value, errors = create_model_field("book", Book).validate(SimpleNamespace(title="Emma"))

    assert (value, errors) == (Book(title="Emma"), [])


def test_errors_stand_under_the_given_location_and_have_no_link() -> None:
    value, errors = create_model_field("book", Book).validate({"title": 1}, loc=("body", "book"))

    assert value is None
    assert errors == [
        {
            "type": "string_type",
            "loc": ("body", "book", "title"),
            "msg": "Input should be a valid string",
            "input": 1,
        }
    ]


def test_constraints_of_the_field_hold() -> None:
    field = create_model_field("q", int, field_info=Query(annotation=int, le=3))

    assert field.validate("4", loc=("query", "q"))[1][0]["type"] == "less_than_equal"


def test_a_value_is_serialised_with_its_options() -> None:
    field = create_model_field("book", Book, mode="serialization")
    book = Book(title="Emma")

    assert field.serialize(book) == {"title": "Emma", "pages": 0}
    assert field.serialize(book, exclude_unset=True, include={"title", "pages"}) == {"title": "Emma"}
    assert field.serialize_json(book) == b'{"title":"Emma","pages":0}'
    assert field.serialize_json(book, exclude={"pages"}) == b'{"title":"Emma"}'


def test_output_goes_by_alias_unless_told_otherwise() -> None:
    class Renamed(BaseModel):
        title: str = Field(default="Emma", serialization_alias="bookTitle")

    field = create_model_field("book", Renamed)
    assert field.serialize_json(Renamed()) == b'{"bookTitle":"Emma"}'
    assert field.serialize_json(Renamed(), by_alias=False) == b'{"title":"Emma"}'


def test_fields_are_told_apart_by_identity() -> None:
    info = FieldInfo(annotation=int)
    fields = {ModelField(info, "q"): 1, ModelField(info, "r"): 2}

    assert len(fields) == 2
    assert hash(next(iter(fields))) == id(next(iter(fields)))


def test_a_type_that_pydantic_cannot_validate_is_refused_with_a_hint() -> None:
    class Plain:
        pass

    with pytest.raises(
        FastAPIError, match=r"Invalid args for response field! Hint: check that .*Plain.* is a valid"
    ):
        create_model_field("q", Plain)


def test_a_model_of_pydantic_1_is_refused() -> None:
    class OldBook(v1.BaseModel):
        pass

    with pytest.raises(PydanticV1NotSupportedError, match=r"Please update the response model .*OldBook"):
        create_model_field("q", list[OldBook])


def test_a_copy_of_a_marker_takes_type_and_constraints_from_the_annotation() -> None:
    marker = Query(alias="query")
    merged = copy_field_info(field_info=marker, annotation=Annotated[int, annotated_types.Gt(1), marker])

    assert isinstance(merged, Query)
    assert merged is not marker
    assert merged.annotation is int
    assert merged.metadata == [annotated_types.Gt(1)]
    assert marker.metadata == []


def test_a_body_model_has_an_attribute_per_field() -> None:
    fields = [create_model_field("title", str), create_model_field("pages", int, default=1)]
    model = create_body_model(fields=fields, model_name="Body_create", config=ConfigDict(extra="forbid"))

    assert model.__name__ == "Body_create"
    assert model(title="Emma").model_dump() == {"title": "Emma", "pages": 1}
    assert model.model_config.get("extra") == "forbid"


def test_the_configuration_of_a_model_reaches_its_fields_but_not_inner_models() -> None:
    label, book, extra = model_fields(Shelf)

    assert label.config == Shelf.model_config
    assert label.validate(" a ") == ("a", [])
    assert (book.config, extra.config) == (None, None)


def test_the_fields_of_a_model_are_built_once() -> None:
    assert cached_model_fields(Book) is cached_model_fields(Book)


def test_a_scalar_field_is_no_body_parameter() -> None:
    assert is_scalar_field(create_model_field("q", int))
    assert not is_scalar_field(create_model_field("q", Book))
    assert not is_scalar_field(create_model_field("q", int, field_info=Body(annotation=int)))


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (list[int], [1, 1]),
        (list, [1, 1]),
        (Sequence[int], [1, 1]),
        (set[int], {1}),
        (tuple[int, ...], (1, 1)),
        (deque[int], deque([1, 1])),
        (Optional[set[int]], {1}),
        (None | frozenset[int], frozenset({1})),
    ],
)
def test_values_take_the_declared_kind_of_sequence(annotation: Any, expected: Any) -> None:
    value = serialize_sequence_value(field=create_model_field("q", annotation), value=[1, 1])

    assert value == expected
    assert type(value) is type(expected)


def test_another_kind_of_field_has_no_sequences() -> None:
    with pytest.raises(TypeError, match="Expected a sequence type for 'q', found <class 'int'>"):
        serialize_sequence_value(field=create_model_field("q", int), value=[1])


def alias_of(
    info: FieldInfo, config: ConfigDict | None = None, *, hyphens: bool = True
) -> list[tuple[str, str]]:
    info.annotation = info.annotation or int
    return param_aliases(ModelField(info, "x_token", config=config), convert_underscores=hyphens)


def test_a_name_has_hyphens_in_headers_only() -> None:
    assert alias_of(FieldInfo()) == [("x_token", "x-token")]
    assert alias_of(FieldInfo(), hyphens=False) == [("x_token", "x_token")]


def test_an_explicit_alias_is_literal() -> None:
    assert alias_of(FieldInfo(alias="a_b")) == [("a_b", "a_b")]


def test_each_of_several_aliases_may_be_sent() -> None:
    choices = AliasChoices("a_b", "c")

    assert alias_of(FieldInfo(validation_alias=choices)) == [("a_b", "a_b"), ("c", "c")]


@pytest.mark.parametrize("alias", [AliasPath("a", 0), AliasChoices("a", AliasPath("b", 0))])
def test_a_path_into_data_is_no_name(alias: AliasPath | AliasChoices) -> None:
    assert alias_of(FieldInfo(validation_alias=alias)) == [("x_token", "x-token")]


def test_a_path_parameter_has_one_name() -> None:
    marker = Path(validation_alias=AliasChoices("a", "b"))

    assert alias_of(marker, ConfigDict(validate_by_name=True), hyphens=False) == [("x_token", "x_token")]


@pytest.mark.parametrize("config", [ConfigDict(validate_by_name=True), ConfigDict(populate_by_name=True)])
def test_a_model_may_allow_names_beside_aliases(config: ConfigDict) -> None:
    assert alias_of(FieldInfo(alias="t"), config) == [("t", "t"), ("x_token", "x-token")]
    assert alias_of(FieldInfo(), config) == [("x_token", "x-token")]


def test_a_model_may_allow_names_alone() -> None:
    config = ConfigDict(validate_by_name=True, validate_by_alias=False)

    assert alias_of(FieldInfo(alias="t"), config) == [("x_token", "x-token")]
