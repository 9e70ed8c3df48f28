import datetime
import ipaddress
import json
import math
import re
import uuid
import warnings
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import AnyUrl, BaseModel, Field, NameEmail, SecretBytes, SecretStr
from pydantic_core import PydanticUndefined, Url
from pydantic_extra_types.color import Color

from pronghorn._base.errors import PydanticV1NotSupportedError
from pronghorn._schema.encoder import ENCODERS_BY_TYPE, jsonable_encoder, normalize_non_finite

with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)
    from pydantic import v1


class Genre(Enum):
    novel = "N"


class Book(BaseModel):
    title: str = Field(default="Emma", alias="bookTitle")
    pages: int | None = None


@dataclass
class Shelf:
    number: int
    books: list[Book]
    note: str | None = None


class Text(str):
    """A subclass of a plain type."""


class Pairs:
    """What `dict` accepts."""

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        yield "when", datetime.date(2026, 11, 21)


VALUES: list[tuple[Any, Any]] = [
    (1, 1),
    (True, True),
    (None, None),
    (2.5, 2.5),
    (Text("a"), "a"),
    (b"a", "a"),
    (Genre.novel, "N"),
    (PurePosixPath("/a"), "/a"),
    (Path("/a"), "/a"),
    (Decimal("1"), 1),
    (Decimal("1.0"), 1.0),
    (Decimal("1E3"), 1000),
    (datetime.date(2026, 11, 21), "2026-11-21"),
    (datetime.datetime(2026, 11, 21, 4), "2026-11-21T04:00:00"),
    (datetime.time(4, 5), "04:05:00"),
    (datetime.timedelta(minutes=1, milliseconds=500), 60.5),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (ipaddress.ip_address("::1"), "::1"),
    (ipaddress.ip_network("10.0.0.0/8"), "10.0.0.0/8"),
    (re.compile("a+"), "a+"),
    (SecretStr("secret"), "**********"),
    (SecretBytes(b"secret"), "b'**********'"),
    (NameEmail("Jane", "jane@example.com"), "Jane <jane@example.com>"),
    (Url("https://example.com/a"), "https://example.com/a"),
    (AnyUrl("https://example.com/a"), "https://example.com/a"),
    (Color("red"), "red"),
    (PydanticUndefined, None),
    ({1}, [1]),
    (frozenset({1}), [1]),
    ((1, "a"), [1, "a"]),
    (deque([1]), [1]),
    ((number for number in (1, 2)), [1, 2]),
    (Book(), {"bookTitle": "Emma", "pages": None}),
    (Shelf(1, [Book()]), {"number": 1, "books": [{"bookTitle": "Emma", "pages": None}], "note": None}),
    (SimpleNamespace(when=datetime.date(2026, 11, 21)), {"when": "2026-11-21"}),
    (Pairs(), {"when": "2026-11-21"}),
    ({uuid.UUID(int=1): Genre.novel}, {"00000000-0000-0000-0000-000000000001": "N"}),
]


@pytest.mark.parametrize(("value", "expected"), VALUES)
def test_values_become_what_json_has(value: Any, expected: Any) -> None:
    encoded = jsonable_encoder(value)

    assert encoded == expected
    json.dumps(encoded)


def test_a_whole_decimal_with_places_is_a_float() -> None:
    assert isinstance(jsonable_encoder(Decimal("1.0")), float)
    assert isinstance(jsonable_encoder(Decimal("1")), int)
    assert math.isnan(jsonable_encoder(Decimal("NaN")))


def test_subclasses_are_encoded_like_their_base() -> None:
    class Id(uuid.UUID):
        pass

    assert jsonable_encoder(Id(int=1)) == "00000000-0000-0000-0000-000000000001"


def test_models_go_by_name_when_asked() -> None:
    assert jsonable_encoder([Book()], by_alias=False) == [{"title": "Emma", "pages": None}]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"exclude_unset": True}, {"bookTitle": "Emma"}),
        ({"exclude_defaults": True}, {}),
        ({"exclude_none": True}, {"bookTitle": "Emma"}),
        ({"include": {"pages"}}, {"pages": None}),
        ({"include": ["pages"]}, {"pages": None}),
        ({"exclude": {"pages"}}, {"bookTitle": "Emma"}),
        ({"exclude": ("pages",)}, {"bookTitle": "Emma"}),
        ({"include": set()}, {}),
    ],
)
def test_fields_of_models_are_selected(options: dict[str, Any], expected: dict[str, Any]) -> None:
    assert jsonable_encoder(Book(bookTitle="Emma"), **options) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"include": {"a"}}, {"a": {"a": 1, "b": None}}),
        ({"exclude": {"a"}}, {"b": None}),
        ({"exclude_none": True}, {"a": {"a": 1}}),
        ({"include": {"a"}, "exclude": {"a"}}, {}),
    ],
)
def test_a_selection_of_keys_holds_at_the_top_only(options: dict[str, Any], expected: dict[str, Any]) -> None:
    assert jsonable_encoder({"a": {"a": 1, "b": None}, "b": None}, **options) == expected


def test_a_selection_reaches_the_items_of_a_list() -> None:
    assert jsonable_encoder([{"a": 1, "b": 2}], include={"a"}) == [{"a": 1}]


def test_keys_of_sqlalchemy_are_left_out() -> None:
    row = {"_sa_instance_state": object(), "title": "Emma", 1: 2}

    assert jsonable_encoder(row) == {"title": "Emma", 1: 2}
    assert jsonable_encoder({"_sa": 1}, sqlalchemy_safe=False) == {"_sa": 1}


def test_a_custom_encoder_goes_first_by_exact_type_then_by_base() -> None:
    encoders: dict[Any, Any] = {
        datetime.date: lambda day: "date",
        datetime.datetime: lambda moment: "datetime",
    }

    assert jsonable_encoder(datetime.datetime(2026, 1, 1), custom_encoder=encoders) == "datetime"
    assert jsonable_encoder(Text("a"), custom_encoder={str: str.upper}) == "A"
    assert jsonable_encoder([1.5], custom_encoder={int: str}) == [1.5]


def test_a_custom_encoder_is_not_applied_inside_models() -> None:
    assert jsonable_encoder({"book": Book()}, custom_encoder={str: str.upper}) == {
        "BOOK": {"bookTitle": "Emma", "pages": None}
    }


def test_a_registered_encoder_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Isbn:
        pass

    monkeypatch.setitem(ENCODERS_BY_TYPE, Isbn, lambda isbn: "978")

    assert jsonable_encoder(Isbn()) == "978"


def test_what_has_neither_items_nor_attributes_is_refused() -> None:
    with pytest.raises(ValueError, match="not iterable") as raised:
        jsonable_encoder(object())
    assert [type(error) for error in raised.value.args[0]] == [TypeError, TypeError]


def test_models_of_pydantic_1_are_refused() -> None:
    class OldBook(v1.BaseModel):
        title: str = "Emma"

    with pytest.raises(PydanticV1NotSupportedError, match=r"Please update the model OldBook\(title='Emma'\)"):
        jsonable_encoder(OldBook())


def test_numbers_that_json_lacks_become_null_at_any_depth() -> None:
    data = {"a": [math.nan, 1.5, math.inf], "b": {"c": -math.inf}, "d": "x", "e": 1}

    assert normalize_non_finite(data) == {"a": [None, 1.5, None], "b": {"c": None}, "d": "x", "e": 1}
