"""Lists of plain records are written as through their model, or left to it."""

import datetime
import decimal
import uuid
from collections import OrderedDict
from collections.abc import Callable
from types import MappingProxyType, SimpleNamespace
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    RootModel,
    TypeAdapter,
    ValidationError,
    computed_field,
    field_serializer,
    model_validator,
)

from pronghorn._compile.plain_rows import rows_writer
from tests.differential.effort import effort


class Row(BaseModel):
    """Every kind of field that is plain."""

    id: int
    name: Annotated[str, Field(min_length=1, max_length=5)]
    price: float = 0.5
    tags: list[str] = []
    note: str | None = None
    kind: Literal["a", 1, None] = None
    day: datetime.date | None = None
    moment: datetime.datetime | None = None
    time: datetime.time | None = None
    length: datetime.timedelta | None = None
    key: uuid.UUID | None = None
    amount: Annotated[decimal.Decimal, Field(ge=0)] = decimal.Decimal("1.50")
    counts: dict[str, int] = {}
    active: bool = True
    nothing: None = None


class Described(BaseModel):
    """A title and a description are not code."""

    id: int = Field(title="Id", description="the number", examples=[1])


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: int


class Aliased(BaseModel):
    id: int = Field(alias="ID")


class Written(BaseModel):
    id: int

    @field_serializer("id")
    def write(self, value: int) -> str:
        return str(value)


class Computed(BaseModel):
    id: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def double(self) -> int:
        return self.id * 2


class Checked(BaseModel):
    id: Annotated[int, AfterValidator(lambda value: value + 1)]


class CheckedWhole(BaseModel):
    id: int

    @model_validator(mode="after")
    def change(self) -> "CheckedWhole":
        self.id += 1
        return self


class Initialised(BaseModel):
    id: int

    def __init__(self, **data: Any) -> None:
        super().__init__(**{**data, "id": 7})


class Finished(BaseModel):
    id: int
    _seen: int = PrivateAttr(0)

    def model_post_init(self, context: Any) -> None:
        self.id = 8


class Made(BaseModel):
    id: int = Field(default_factory=lambda: 5)


class Hidden(BaseModel):
    id: int = Field(exclude=True)


class Nested(BaseModel):
    rows: list[Row]


class Numbers(RootModel[list[int]]):
    pass


class Anything(BaseModel):
    id: Any


@pytest.mark.parametrize(
    "annotation",
    [
        Row, dict[str, Row], tuple[Row, ...], list[int], list[dict[str, int]], list[Row | None], Annotated[list[Row], Field(max_length=1)],
        list[Closed], list[Aliased], list[Written], list[Computed], list[Checked], list[CheckedWhole], list[Initialised],
        list[Finished], list[Made], list[Hidden], list[Nested], list[Numbers], list[Anything],
    ],
    ids=repr,
)  # fmt: skip
def test_what_has_more_to_it_is_left_to_its_model(annotation: Any) -> None:
    assert rows_writer(TypeAdapter(annotation).core_schema) is None


ROWS = TypeAdapter(list[Row])
WRITE = rows_writer(ROWS.core_schema)
GOOD: dict[Any, Any] = {"id": 1, "name": "a"}


def outcome(function: Callable[[], bytes | None]) -> Any:
    """What a function gives, or with what it fails."""
    try:
        return function()
    except Exception as error:
        return type(error)


def through_the_model(content: Any) -> bytes | None:
    try:
        return ROWS.serializer.to_json(ROWS.validator.validate_python(content, from_attributes=True))
    except ValidationError:
        return None


class Text(str):
    __slots__ = ()


VALUES: list[Any] = [
    None, True, False, 0, 1, -5, 2**70, 0.0, -0.0, 1.0, 2.5, 1e16, 1e-7, float("inf"), float("nan"), "", "a", "1", "é\u2028",
    "too long", "true", Text("b"), b"b", b"\xff", "2024-01-02", "2024-01-02T03:04:05.5Z", "03:04:05", "P1D", 86400, 1700000000,
    "5b0d6fb0-90f1-4f62-9a0a-0c4d1b1b7b1a", uuid.UUID(int=5), decimal.Decimal("1.10"), decimal.Decimal("NaN"), "1.50",
    datetime.date(2024, 1, 2), datetime.datetime(2024, 1, 2, 3, 4, 5, 6), datetime.time(3, 4), datetime.timedelta(hours=30),
    datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC), [], ["a", "b"], ["a", 1], ("a",), {"a"}, {}, {"a": 1}, {"a": "1"}, {1: 1},
    object, SimpleNamespace(a=1), "\ud800",
]  # fmt: skip
NAMES = [*Row.model_fields, "other", 1]

rows = st.lists(
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES), max_size=5).flatmap(
        lambda row: st.permutations(list((GOOD | row).items())).map(dict)
    ),
    min_size=1,
    max_size=3,
)


def assert_alike(content: Any) -> None:
    """Rows that fit are written as by the model; None for all others."""
    write = WRITE
    assert write is not None
    assert outcome(lambda: write(content)) == outcome(lambda: through_the_model(content))


@effort(300)
@given(content=rows)
def test_rows_are_written_as_through_the_model(content: Any) -> None:
    assert_alike(content)


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("name", NAMES)
def test_every_field_takes_every_value_as_the_model_does(name: Any, value: Any) -> None:
    assert_alike([{**GOOD, name: value}])


OTHERS: list[Callable[[], Any]] = [
    list,
    lambda: (GOOD,),
    lambda: iter([GOOD]),
    lambda: GOOD,
    lambda: None,
    lambda: [Row(id=1, name="a")],
    lambda: [GOOD, Row(id=1, name="a")],
    lambda: [SimpleNamespace(**GOOD)],
    lambda: [OrderedDict(GOOD)],
    lambda: [MappingProxyType(GOOD)],
    lambda: [{"id": 1}],
    lambda: [{"id": 1, "name": ""}],
]


@pytest.mark.parametrize("make", OTHERS)
def test_anything_else_is_left_to_the_model(make: Callable[[], Any]) -> None:
    assert WRITE is not None
    assert WRITE(make()) is None


def test_descriptions_do_not_stand_in_the_way() -> None:
    write = rows_writer(TypeAdapter(list[Described]).core_schema)
    assert write is not None
    assert write([{"id": "1"}]) == b'[{"id":1}]'
