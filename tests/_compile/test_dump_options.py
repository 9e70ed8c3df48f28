"""Options of validating and writing that a type cannot tell are known."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
from typing import Any, Optional

import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel, TypeAdapter, computed_field, field_serializer

from pronghorn._compile.dump_options import has_aliases, reads_attributes


class Plain(BaseModel):
    number: int
    words: list[str] = []
    when: Optional[datetime.date] = None


class Tree(BaseModel):
    children: list[Tree] = []


class Aliased(BaseModel):
    number: int = Field(alias="Number")


class Holder(BaseModel):
    held: dict[str, Aliased]


class Generated(BaseModel):
    model_config = ConfigDict(alias_generator=str.upper)
    number: int


class Extra(Plain):
    model_config = ConfigDict(extra="allow")


class Computed(Plain):
    @computed_field(alias="Double")  # type: ignore[prop-decorator]
    @property
    def double(self) -> int:
        return 2 * self.number


class Told(BaseModel):
    number: int

    @field_serializer("number")
    def say(self, value: int, info: Any) -> bool:
        return bool(info.by_alias)


@dataclasses.dataclass
class Data:
    number: int


NUMBERS = RootModel[int]


@pytest.mark.parametrize(
    "kind", [Plain, Tree, Data, NUMBERS, list[Plain], Plain | None, dict[str, str], decimal.Decimal]
)
def test_no_name_depends_on_aliases(kind: Any) -> None:
    assert not has_aliases(TypeAdapter(kind).core_schema)


@pytest.mark.parametrize(
    "kind", [Aliased, Holder, Generated, Extra, Computed, Told, Any, dict[str, Any], list[Aliased]]
)
def test_names_may_depend_on_aliases(kind: Any) -> None:
    assert has_aliases(TypeAdapter(kind).core_schema)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (dict[str, list[int]], False),
        (int | str, False),
        (Plain, True),
        (list[Plain], True),
        (Data, True),
        (Any, False),
        (dict[str, Any], False),
        (dict[str, Plain | Any], True),
    ],
)
def test_attributes_are_read_of_models_alone(kind: Any, expected: bool) -> None:
    assert reads_attributes(TypeAdapter(kind).core_schema) is expected
