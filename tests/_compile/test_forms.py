from io import BytesIO
from typing import Annotated, Any, Union, get_args

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, Json, Tag
from starlette.datastructures import FormData, UploadFile

from pronghorn import Body, File, Form
from pronghorn._compile.forms import (
    form_aliases,
    form_model,
    form_models,
    form_union_models,
    is_supplied,
    iter_form_items,
    tagged_form_union,
)
from tests._compile.declared import field_of


class Cat(BaseModel):
    lives: int
    names: list[str] = []


class Dog(BaseModel):
    tricks: list[str]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    lives: int = 9


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (Cat | Dog, [Cat, Dog]),
        (Cat | Dog | None, [Cat, Dog]),
        (Annotated[Cat, Tag("c")] | Dog, [Cat, Dog]),
        (Cat | None, []),
        (Cat | int, []),
        (Cat, []),
        (list[Cat], []),
    ],
)
def test_a_union_of_models_has_at_least_two(annotation: Any, expected: list[Any]) -> None:
    assert form_union_models(annotation) == expected


@pytest.mark.parametrize(
    ("annotation", "default", "expected"),
    [
        (Cat, Form(), [Cat]),
        (Cat | None, Form(), [Cat]),
        (Annotated[Cat | Dog, Form()], ..., [Cat, Dog]),
        (str, Form(), []),
        (list[str], Form(), []),
        (Cat, Body(), []),
        (Annotated[Json[Cat], Form()], ..., []),
    ],
)
def test_models_of_a_form_are_spread_over_it(annotation: Any, default: Any, expected: list[Any]) -> None:
    field = field_of(annotation) if default is ... else field_of(annotation, default)

    assert form_models(field) == expected


def test_the_form_model_is_the_only_one() -> None:
    assert form_model(field_of(Cat, Form())) is Cat
    assert form_model(field_of(Annotated[Cat | Dog, Form()])) is None
    assert form_model(field_of(str, Form())) is None


def test_a_model_is_sent_under_all_its_aliases() -> None:
    class Aliased(BaseModel):
        a: Annotated[int, Field(alias="first")]
        b: Annotated[int, Field(validation_alias=AliasChoices("second", "third"))]
        c: int

    assert form_aliases(Aliased) == {"first", "second", "third", "c"}


@pytest.mark.parametrize(
    ("model", "form", "expected"),
    [
        (Cat, {"lives": "3"}, True),
        (Cat, {"names": ""}, True),
        (Cat, {"other": "3"}, False),
        (Cat, {}, False),
        (Strict, {"other": "3"}, True),
        (Strict, {}, False),
    ],
)
def test_a_model_was_sent_when_something_for_it_was(model: Any, form: Any, expected: bool) -> None:
    assert is_supplied(model, FormData(form)) is expected


# --- what was sent

UPLOAD = UploadFile(BytesIO(b"text"), filename="text.txt", size=4)


def test_fields_come_first_then_the_rest() -> None:
    lives, names = field_of(int, Form(), name="lives"), field_of(list[str], Form(), name="names")
    form = FormData([("names", "a"), ("other", "1"), ("lives", "9"), ("names", "b"), ("other", "2")])

    assert list(iter_form_items([lives, names], form)) == [
        ("lives", "9", lives),
        ("names", ["a", "b"], names),
        ("other", ["1", "2"], None),
    ]


def test_what_was_left_empty_is_not_there() -> None:
    lives = field_of(int, Form(), name="lives")

    assert list(iter_form_items([lives], FormData([("lives", "")]))) == []


def test_the_first_alias_with_a_value_counts() -> None:
    field = field_of(str, Form(validation_alias=AliasChoices("first", "second", "third")))

    items = list(iter_form_items([field], FormData([("first", ""), ("second", "2"), ("third", "3")])))

    assert items == [("second", "2", field), ("third", "3", None)]


def test_files_are_items_too() -> None:
    field = field_of(bytes, File())

    assert list(iter_form_items([field], FormData([("x", UPLOAD)]))) == [("x", UPLOAD, field)]


# --- unions


def validate(annotation: Any, value: Any) -> Any:
    result, errors = field_of(Annotated[annotation, Form()]).validate(value, {}, loc=("body",))
    return errors or result


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"lives": "3"}, Cat(lives=3)),
        ({"lives": ["1", "3"]}, Cat(lives=3)),
        ({"lives": "3", "names": "Tom"}, Cat(lives=3, names=["Tom"])),
        ({"tricks": "roll"}, Dog(tricks=["roll"])),
        ({"tricks": ["roll", "sit"]}, Dog(tricks=["roll", "sit"])),
        (Dog(tricks=[]), Dog(tricks=[])),
        ({"tricks": []}, Dog(tricks=[])),
    ],
)
def test_each_model_of_a_union_reads_the_form_as_its_own(value: Any, expected: Any) -> None:
    assert validate(Cat | Dog, value) == expected


def test_a_union_tells_what_each_model_is_missing() -> None:
    errors = validate(Cat | Dog, {"lives": "many"})

    assert [(error["type"], error["loc"]) for error in errors] == [
        ("int_parsing", ("body", "Cat", "lives")),
        ("missing", ("body", "Dog", "tricks")),
    ]


def test_tags_of_models_are_kept_and_others_are_their_names() -> None:
    union = tagged_form_union(Union[Annotated[Cat, Tag("first"), Tag("cat")], Dog, None])

    tags = [[item.tag for item in get_args(member) if isinstance(item, Tag)] for member in get_args(union)]

    assert [found[-1:] for found in tags] == [["cat"], ["Dog"], []]
