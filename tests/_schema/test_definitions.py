from enum import Enum
from typing import Any, Generic, Literal, Optional, TypeVar

import pytest
from pydantic import BaseModel, ConfigDict, Field, computed_field
from pydantic.fields import FieldInfo

from pronghorn._schema.definitions import (
    get_definitions,
    get_flat_models_from_fields,
    get_model_name_map,
    get_schema_from_model_field,
)
from pronghorn._schema.field import ModelField, create_model_field

T = TypeVar("T")


class Genre(Enum):
    novel = "novel"


class Author(BaseModel):
    """Who wrote it.\f
    For maintainers only.
    """

    name: str = "unknown"


class Book(BaseModel):
    author: Author
    genre: Optional[Genre] = None
    sequels: list["Book"] = []


class Square(BaseModel):
    side: int = 1

    @computed_field  # type: ignore[prop-decorator]
    @property
    def area(self) -> int:
        return self.side**2


class Drawing(BaseModel):
    first: Author
    squares: dict[str, Square]


class Page(BaseModel, Generic[T]):
    items: list[T]


def schema_of(
    field: ModelField, *others: ModelField, separate: bool = True, **options: Any
) -> dict[str, Any]:
    mapping, _ = get_definitions(fields=[field, *others], separate_input_output_schemas=separate)
    return get_schema_from_model_field(
        field=field, field_mapping=mapping, separate_input_output_schemas=separate, **options
    )


def definitions_of(*fields: ModelField, separate: bool = True) -> dict[str, Any]:
    return get_definitions(fields=fields, separate_input_output_schemas=separate)[1]


def both(annotation: Any) -> tuple[ModelField, ModelField]:
    return create_model_field("in", annotation), create_model_field("out", annotation, mode="serialization")


def test_a_scalar_is_described_in_place_with_a_title() -> None:
    assert schema_of(create_model_field("book_id", int)) == {"type": "integer", "title": "Book Id"}


def test_a_model_is_referred_to() -> None:
    assert schema_of(create_model_field("book", Book)) == {"$ref": "#/components/schemas/Book"}


@pytest.mark.parametrize(
    ("info", "mode", "title"),
    [
        (FieldInfo(annotation=int, title="Given"), "validation", "Given"),
        (FieldInfo(annotation=int, alias="the_alias"), "validation", "The Alias"),
        (FieldInfo(annotation=int, validation_alias="for_input", alias="a"), "validation", "For Input"),
        (
            FieldInfo(annotation=int, serialization_alias="for_output", alias="a"),
            "serialization",
            "For Output",
        ),
    ],
)
def test_the_title_comes_from_the_name_of_that_direction(
    info: FieldInfo, mode: Literal["validation", "serialization"], title: str
) -> None:
    assert schema_of(ModelField(info, "q", mode))["title"] == title


def test_the_title_may_be_made_from_another_name() -> None:
    assert schema_of(create_model_field("q", int), field_alias="x-y_z")["title"] == "X-Y Z"


def test_models_inside_models_are_defined_once() -> None:
    definitions = definitions_of(create_model_field("book", Book), create_model_field("books", list[Book]))

    assert sorted(definitions) == ["Author", "Book", "Genre"]


def test_descriptions_end_at_a_form_feed() -> None:
    assert definitions_of(create_model_field("a", Author))["Author"]["description"] == "Who wrote it."


def test_input_and_output_are_separate_where_they_differ() -> None:
    incoming, outgoing = both(Author)

    definitions = definitions_of(incoming, outgoing)
    assert sorted(definitions) == ["Author"]
    incoming, outgoing = both(Book)
    assert schema_of(incoming, outgoing) == {"$ref": "#/components/schemas/Book-Input"}
    assert schema_of(outgoing, incoming) == {"$ref": "#/components/schemas/Book-Output"}


def test_input_and_output_may_share_a_schema() -> None:
    incoming, outgoing = both(Book)

    assert sorted(definitions_of(incoming, outgoing, separate=False)) == ["Author", "Book", "Genre"]
    assert schema_of(outgoing, incoming, separate=False) == {"$ref": "#/components/schemas/Book"}


@pytest.mark.parametrize("annotation", [Square, list[Square], Drawing])
def test_computed_fields_keep_the_output_separate(annotation: Any) -> None:
    incoming, outgoing = both(annotation)

    assert "Square-Output" in definitions_of(incoming, outgoing, separate=False)
    assert schema_of(incoming, outgoing, separate=False) != schema_of(outgoing, incoming, separate=False)


def test_raw_bytes_are_binary_content() -> None:
    assert schema_of(
        create_model_field("data", bytes, field_info=FieldInfo(annotation=bytes, max_length=9))
    ) == {
        "type": "string",
        "contentMediaType": "application/octet-stream",
        "maxLength": 9,
        "title": "Data",
    }


def test_base64_is_named_in_the_direction_that_uses_it() -> None:
    class Blob(BaseModel):
        model_config = ConfigDict(val_json_bytes="base64")

        data: bytes = b""

    incoming, outgoing = both(Blob)
    definitions = definitions_of(incoming, outgoing)
    encoded, plain = (definitions[name]["properties"]["data"] for name in ("Blob-Input", "Blob-Output"))

    assert encoded["contentEncoding"] == "base64"
    assert "contentEncoding" not in plain


def test_every_model_and_enum_is_found() -> None:
    fields = [create_model_field("books", dict[str, Book | None]), create_model_field("genre", Genre)]

    assert get_flat_models_from_fields(fields, set()) == {Book, Author, Genre}


def test_known_models_are_not_searched_again() -> None:
    known: set[Any] = {Book}

    assert get_flat_models_from_fields([create_model_field("book", Book)], known) == {Book}


def test_names_fit_into_references() -> None:
    expected: dict[Any, str] = {Page[int]: "Page_int_", Author: "Author"}

    assert get_model_name_map({Page[int], Author}) == expected


def test_a_field_may_forbid_its_own_default_in_the_schema() -> None:
    info = FieldInfo(annotation=int, json_schema_extra={"example": 1}, description="How many")

    described = schema_of(ModelField(info, "n"))
    assert described == {"type": "integer", "title": "N", "description": "How many", "example": 1}


def test_fields_of_models_keep_their_titles() -> None:
    class Titled(BaseModel):
        n: int = Field(title="Number")

    definitions = definitions_of(create_model_field("t", Titled))
    assert definitions["Titled"]["properties"]["n"]["title"] == "Number"
