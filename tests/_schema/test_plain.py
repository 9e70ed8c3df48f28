"""Keys of plain declarations: equal ones validate and describe alike."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import BaseModel

from pronghorn._declare.params import Path, Query
from pronghorn._schema.field import create_model_field
from pronghorn._schema.plain import plain_key


class Book(BaseModel):
    title: str


class Count(int):
    pass


@pytest.mark.parametrize(
    "annotation", [int, Any, datetime.date, int | None, Optional[str], list[int], dict[str, list[int | str]]]
)
def test_what_is_plain_has_a_key(annotation: Any) -> None:
    assert plain_key(annotation, {"default": 1}) == plain_key(annotation, {"default": 1}) is not None


@pytest.mark.parametrize(
    "annotation",
    [Book, list[Book], Count, Literal[1], Annotated[int, 1], list, dict, tuple[int], int | Book, "int", None],
)
def test_what_is_not_plain_has_none(annotation: Any) -> None:
    assert plain_key(annotation, {}) is None


@pytest.mark.parametrize("value", [1.0, [], Book(title="a"), len, Count(1)])
def test_attributes_that_may_differ_though_equal_have_no_key(value: Any) -> None:
    assert plain_key(int, {"default": value}) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (plain_key(int | str, {}), plain_key(str | int, {})),
        (plain_key(int, {"default": 1}), plain_key(int, {"default": True})),
        (plain_key(int, {"default": 1}), plain_key(int, {"title": 1})),
        (plain_key(int, {}), plain_key(bool, {})),
        (plain_key(list[int], {}), plain_key(set[int], {})),
    ],
)
def test_what_differs_has_another_key(one: object, other: object) -> None:
    assert one != other


def test_fields_that_are_alike_share_their_adapter() -> None:
    fields = [create_model_field("n", int, field_info=Path(annotation=int)) for _ in range(2)]
    assert fields[0]._type_adapter is fields[1]._type_adapter
    assert fields[0].validate("3") == (3, [])


def test_fields_that_differ_do_not() -> None:
    plain = create_model_field("n", int, field_info=Query(annotation=int))
    for info in (
        Query(annotation=int, ge=3),
        Query(annotation=int, title="N"),
        Query(annotation=int, default=1),
    ):
        assert create_model_field("n", int, field_info=info)._type_adapter is not plain._type_adapter
