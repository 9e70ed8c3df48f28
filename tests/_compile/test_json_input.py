"""Which types are read straight from bytes; that this gives the same is in `tests.differential`."""

import datetime
import decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    TypeAdapter,
    ValidationInfo,
    WrapValidator,
)

from pronghorn._compile.json_input import reads_json_alike


class Item(BaseModel):
    name: str
    price: float | None = None
    tags: set[str] = set()


class StrictItem(BaseModel):
    model_config = ConfigDict(strict=True)

    n: int


class Spelling(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)

    name: str


class Initialised(BaseModel):
    def __init__(self, **data: Any) -> None:
        super().__init__(**data)


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


def asks_for_mode(value: Any, info: ValidationInfo) -> Any:
    return value


@pytest.mark.parametrize(
    "annotation",
    [
        int, str | None, int | float, list[Item], dict[str, Item], dict[str, Any], Item, datetime.datetime,
        Annotated[Cat | Dog, Field(discriminator="kind")], Annotated[int, AfterValidator(abs)],
        Annotated[int, WrapValidator(lambda value, handler: handler(value))],
    ],
)  # fmt: skip
def test_what_means_the_same_in_both_modes_is_read_straight(annotation: Any) -> None:
    assert reads_json_alike(TypeAdapter(annotation).core_schema)


@pytest.mark.parametrize(
    "annotation",
    [
        bytes, datetime.timedelta, decimal.Decimal, StrictItem, Spelling, Initialised, Cat | Dog, datetime.date | int,
        Annotated[int, Field(strict=True)], Annotated[str, Field(coerce_numbers_to_str=True)], dict[int, Any],
        dict[Annotated[str, StringConstraints(to_lower=True)], Any], Annotated[int, AfterValidator(asks_for_mode)],
        Annotated[int, PlainValidator(int)], list[bytes], dict[str, bytes],
    ],
)  # fmt: skip
def test_what_may_differ_goes_the_reference_way(annotation: Any) -> None:
    assert not reads_json_alike(TypeAdapter(annotation).core_schema)


def test_what_is_no_schema_stands_in_nobodys_way() -> None:
    assert reads_json_alike("name")
    assert reads_json_alike({"metadata": {"type": "bytes"}, "type": "int"})
