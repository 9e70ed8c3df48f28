"""Errors that pydantic has written are those that would have been written of the items.

That this holds for many more types and bodies is in `tests.differential.test_json_input`.
"""

import dataclasses
import datetime
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    ValidationError,
)
from pydantic import dataclasses as pydantic_dataclasses
from pydantic_core import PydanticCustomError

from pronghorn._compile import written_errors as module
from pronghorn._compile.json_input import json_errors
from pronghorn._compile.written_errors import writes_errors_alike, written_errors
from pronghorn._engine.exception_handlers import error_body


class Line(BaseModel):
    sku: str = Field(min_length=2, pattern="^[a-z]+$")
    quantity: int = Field(ge=1)
    price: float = Field(gt=0.5)
    kind: Literal["a", "b"] = "a"
    since: datetime.date | None = Field(None, gt=datetime.date(2020, 1, 1))


class Order(BaseModel):
    lines: list[Line] = Field(min_length=1, default_factory=list)
    note: Any
    type: int = 0


class Tiny(BaseModel):
    note: str
    share: float = Field(0, multiple_of=1e-7)


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Defaulting(BaseModel):
    n: int = Field(datetime.date(2020, 1, 1), validate_default=True)


class DefaultingAll(BaseModel):
    model_config = ConfigDict(validate_default=True)

    n: int = 1


class Made(BaseModel):
    n: int = Field(default_factory=lambda: 1)


class Settled(BaseModel):
    n: int

    def model_post_init(self, context: Any) -> None:
        raise PydanticCustomError("missing", "no", {"when": datetime.date(2020, 1, 1)})


@pydantic_dataclasses.dataclass
class Checking:
    n: int

    def __post_init__(self) -> None: ...


@dataclasses.dataclass
class Point:
    n: int


def outcome(annotation: Any, body: bytes) -> tuple[bytes | None, bytes | None, bool]:
    """The answer by the items, by what is written, and whether pydantic wrote it."""
    try:
        TypeAdapter(annotation).validator.validate_json(body)
    except ValidationError as error:
        items, told = json_errors(error, ("body",)), written_errors(error)
        if items is None or told is None:
            assert items is told
            return None, None, False
        if told.written is None:
            return error_body(items), error_body(told), False
        return error_body(items), b'{"detail":%b}' % told.written, True
    raise AssertionError("accepted")


WRITTEN = (
    b"{}",
    b'{"lines":[],"note":1}',
    b'{"lines":[{"sku":"A-1","quantity":-1,"price":1e16,"kind":"c"},{}],"note":1}',
    b'{"lines":[{"sku":"","quantity":1.5,"price":"x","since":"2019-02-03"}],"x":null}',
    '{"lines":[{"a":[true,null,1e15,-0.0,2.5e300,123456789012345678901234567890,"é\\u0000\\u2028\\"<😀\x7f"]}]}'.encode(),
    b'{"lines":[{"a":"1e-7, NaN, Infinity, 0.00001 and a-e-1"}]}',
    b'{"lines":[{"a":1,"b":2,"a":3}]}',
    b'{"lines":[{"loc":"loc","type":"type"}]}',
    b"{" + b'"note":' + b"[" * 150 + b"]" * 150 + b',"type":"x"}',
)


@pytest.mark.parametrize("body", WRITTEN)
def test_pydantic_writes_what_would_be_written_of_the_items(body: bytes) -> None:
    by_items, written, by_pydantic = outcome(Order, body)
    assert written == by_items
    assert by_pydantic


DOUBTFUL = (
    b'{"lines":[{"a":1e-5}]}',
    b'{"lines":[{"a":-1.5e-7}]}',
    b'{"lines":[{"a":[0.00001]}]}',
    b'{"lines":[{"a":[1, NaN]}]}',
    b'{"lines":[{"a":-Infinity}]}',
    b'{"lines":[{"a":1e999}]}',
    b'{"lines":[{"_sa_instance_state":1,"a":2}]}',
    b'{"lines":[{"loc":["a"]}]}',
    b'{"lines":[{"loc":[]}]}',
    b'{"lines":[{"x\\"loc":[1]}]}',
)


@pytest.mark.parametrize("body", DOUBTFUL)
def test_what_pydantic_writes_in_another_way_is_written_of_the_items(body: bytes) -> None:
    by_items, written, by_pydantic = outcome(Order, body)
    assert written == by_items
    assert not by_pydantic


@pytest.mark.parametrize(
    ("annotation", "body"), [(int, b'"x"'), (Annotated[list[int], Field(min_length=1)], b"[]")]
)
def test_the_whole_body_has_a_location_too(annotation: Any, body: bytes) -> None:
    by_items, written, _ = outcome(annotation, body)
    assert written == by_items
    assert b'"loc":["body"]' in (written or b"")


def test_a_bound_that_pydantic_writes_in_another_way_is_written_of_the_items() -> None:
    by_items, written, by_pydantic = outcome(Tiny, b'{"note":"a","share":0.5123456789}')
    assert written == by_items
    assert not by_pydantic


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"lines":{}}', b'{"lines":[{},[]]}'])
def test_what_python_mode_tells_otherwise_is_not_told(body: bytes) -> None:
    assert outcome(Order, body) == (None, None, False)


@pytest.mark.parametrize(
    "annotation", [Order, list[Order], Point, Annotated[Cat | Dog, Field(discriminator="kind")], int, Tiny]
)
def test_errors_of_plain_types_show_values_of_json(annotation: Any) -> None:
    assert writes_errors_alike(TypeAdapter(annotation).core_schema)


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[int, AfterValidator(abs)], Defaulting, DefaultingAll, Made, Settled, Checking,
        Annotated[Annotated[Cat, Tag("cat")] | Annotated[Dog, Tag("dog")], Discriminator(lambda value: "cat")],
    ],
)  # fmt: skip
def test_errors_of_what_runs_code_or_has_defaults_of_its_own_may_show_anything(annotation: Any) -> None:
    assert not writes_errors_alike(TypeAdapter(annotation).core_schema)


def test_enumerations_that_look_for_missing_members_run_code() -> None:
    assert not writes_errors_alike({"type": "enum", "missing": abs})


def test_a_field_may_have_any_name() -> None:
    assert writes_errors_alike({"type": "model-fields", "fields": {"type": {"type": "int"}}})


def test_what_is_no_text_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        outcome(Order, b"\xff")


def test_a_pydantic_that_writes_floats_in_another_way_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_writes_floats_alike", lambda: False)
    assert not writes_errors_alike(TypeAdapter(int).core_schema)
