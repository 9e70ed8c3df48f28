"""Where bodies are validated straight from their bytes, it gives what parsing first would have given."""

import datetime
import decimal
import enum
import json
import uuid
from collections import namedtuple
from dataclasses import dataclass, field
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NotRequired,
    Optional,
    TypedDict,
    TypeVar,
    Union,
)

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Discriminator,
    Field,
    FutureDate,
    HttpUrl,
    Json,
    PastDatetime,
    RootModel,
    Tag,
    TypeAdapter,
    ValidationError,
    WrapValidator,
    computed_field,
    conint,
    constr,
    field_validator,
    model_validator,
)
from pydantic import dataclasses as pydantic_dataclasses

from pronghorn._compile.json_input import json_errors, reads_json_alike, tells_json_alike
from pronghorn._compile.written_errors import writes_errors_alike, written_errors
from pronghorn._engine.exception_handlers import error_body
from tests.differential.asked import json_object
from tests.differential.effort import effort

T = TypeVar("T")


class Colour(enum.Enum):
    red = "red"
    one = 1
    half = 0.5
    pair = (1, 2)
    nothing = None


class Word(str, enum.Enum):  # noqa: UP042 - the older spelling is common
    red = "red"
    x = "x"


class Number(enum.IntEnum):
    one = 1
    big = 10**30


class Flags(enum.IntFlag):
    a = 1
    b = 2


class Guessing(enum.Enum):
    red = "red"

    @classmethod
    def _missing_(cls, value: object) -> Any:
        return cls.red if value in (1, "x", 1.0) else None


class Sub(BaseModel):
    n: int
    f: float = 0.5
    name: str | None = None


class Loose(BaseModel):
    model_config = ConfigDict(extra="allow")

    a: Any = None
    n: int = 1


class Typed(BaseModel):
    model_config = ConfigDict(extra="allow")

    __pydantic_extra__: dict[str, int | str]  # pyright: ignore[reportIncompatibleVariableOverride]  # as documented


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    a: bool = False
    n: float = 1


class Named(BaseModel):
    model_config = ConfigDict(populate_by_name=True, str_strip_whitespace=True, str_to_upper=True)

    name: str = Field(alias="a")
    n: Annotated[
        int | None, Field(validation_alias=AliasChoices("f", AliasPath("sub", "n"), AliasPath("tags", 0)))
    ] = None


class Numeric(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)

    a: str | None = None
    n: str = ""
    name: list[str] = []


class Finite(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False, use_enum_values=True)

    n: float | None = None
    a: Colour | None = None


class Checked(BaseModel):
    a: Any = None
    n: Annotated[int, AfterValidator(lambda value: value + 1)] = 0
    f: Annotated[Any, BeforeValidator(repr)] = None

    @field_validator("a", mode="before")
    @classmethod
    def see(cls, value: Any) -> Any:
        return repr(value)

    @model_validator(mode="before")
    @classmethod
    def see_all(cls, value: Any) -> Any:
        return {**value, "seen": repr(value)} if isinstance(value, dict) else value

    @model_validator(mode="wrap")
    @classmethod
    def around(cls, value: Any, handler: Any) -> Any:
        return handler(value)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def double(self) -> int:
        return self.n * 2


class Initialised(BaseModel):
    a: Any = None

    def __init__(self, **data: Any) -> None:
        super().__init__(**{**data, "a": repr(data)})


class Tree(BaseModel):
    n: int = 0
    sub: "Tree | None" = None
    tags: list["Tree"] = []


class Cat(BaseModel):
    name: Literal["x"]
    n: int = 0


class Dog(BaseModel):
    name: Literal["red", 1]
    f: float = 0


class Numbers(RootModel[list[int | float]]):
    pass


class Page(BaseModel, Generic[T]):
    tags: list[T]
    a: T | None = None


@dataclass
class Point:
    n: int
    f: float = 0.0
    tags: list[int] = field(default_factory=list)
    name: str = field(default="", init=False)


@pydantic_dataclasses.dataclass(config=ConfigDict(extra="ignore"))
class Checking:
    n: int
    a: Any = None

    def __post_init__(self) -> None:
        self.a = repr(self.a)


class Mapped(TypedDict, total=False):
    n: int
    f: NotRequired[float]
    tags: set[str]


class Tuple(NamedTuple):
    n: int
    f: float = 0.5


Plain = namedtuple("Plain", "n f")


def kind_of(value: Any) -> str:
    return (
        "cat"
        if (value.get("name") if isinstance(value, dict) else getattr(value, "name", None)) == "x"
        else "dog"
    )


TYPES: list[Any] = [
    Any, None, bool, int, float, str, bytes, complex, object, list, dict, set, tuple, frozenset,
    datetime.date, datetime.time, datetime.datetime, datetime.timedelta, uuid.UUID, decimal.Decimal, AwareDatetime, FutureDate,
    PastDatetime, HttpUrl, ByteSize, Json[int], conint(ge=0, multiple_of=2), constr(min_length=2, strip_whitespace=True),
    constr(pattern="^[a-z]+$"), Annotated[float, Field(gt=0, allow_inf_nan=False)], Annotated[str, Field(strict=True)],
    Annotated[datetime.datetime, Field(strict=True)], Annotated[str, AfterValidator(str.upper)],
    Annotated[int, WrapValidator(lambda value, handler: (repr(value), handler(value)))],
    Annotated[datetime.datetime, WrapValidator(lambda value, handler: (repr(value), handler(value)))],
    Annotated[float, BeforeValidator(lambda value: value)],
    Literal["a", 1, None], Literal["1", "x"], Literal[1, 0], Literal[True], Literal[Colour.red], Literal[Word.x, Number.one],
    Literal["red", Colour.red], Colour, Word, Number, Flags, Guessing, Colour | None, Number | None,
    int | None, int | float, int | str, float | str, bool | int, int | float | str | bool | None, str | int,
    Annotated[int | str, Field(union_mode="left_to_right")], datetime.datetime | int, int | list[int], Sub | Loose, uuid.UUID | str,
    Annotated[Cat | Dog, Field(discriminator="name")],
    Annotated[Annotated[Cat, Tag("cat")] | Annotated[Dog, Tag("dog")], Discriminator(kind_of)],
    list[int], list[float], list[Any], list[str], set[int], set[str | int], frozenset[float], tuple[int, str], tuple[int, ...],
    tuple[int | str, *tuple[float, ...]], list[tuple[int, float]], dict[str, Any], dict[str, int], dict[int, Any],
    dict[float, str], dict[Any, Any], dict[bool, int], dict[datetime.date, int], dict[uuid.UUID, int], dict[Colour, Any],
    dict[Literal["n", 1], Any], dict[Number, Any], dict[str | int, Any], dict[int | float, Any], dict[str | None, int],
    dict[Annotated[str, Field(min_length=2)], Any], list[datetime.datetime], list[datetime.date | None], list[datetime.time], list[bool],
    Sub, Loose, Typed, Closed, Named, Numeric, Finite, Checked, Initialised, Tree, Numbers, Page[int], Page[datetime.date],
    Point, Checking, Mapped, Tuple, Plain, list[Sub], dict[str, Sub], Sub | None, Optional[list[Sub | None]], Union[Cat, Dog],
    Annotated[list[int], Field(min_length=1, max_length=2)], list[decimal.Decimal], type, enum.Enum,
]  # fmt: skip

NUMBERS = [
    "0",
    "-0",
    "0.0",
    "-0.0",
    "1",
    "1.0",
    "1e0",
    "1E400",
    "-1e400",
    "1e-400",
    "0.1",
    "0.30000000000000004",
    "1e22",
    "1e23",
    "9007199254740993",
    "9007199254740993.0",
    "123456789012345678901234567890",
    "1e30",
    "1.5",
    "2",
    "86400",
    "1700000000",
    "1700000000000",
    "1700000000.123456789",
    "-1",
    "12345678901234567890",
    "18446744073709551616",
    "-9223372036854775809",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e5",
    "1E+2",
    "100000000000000000000000.0",
    "5e-324",
    "2.5",
]
WORDS = (
    "", "1", "1.0", "-0", "true", "yes", "x", "red", "n", "a", " 12 ", "1_000", "\uff11", "é", "\ud83d\ude00", "null", "NaN", "inf", "1e5",
    "2024-01-02", "2024-01-02T00:00:00", "2024-01-02T03:04:05Z", "2024-01-02 03:04:05.123456789+01:00", "03:04", "03:04:05Z", "PT90S",
    "1700000000", "5b0d6fb0-90f1-4f62-9a0a-0c4d1b1b7b1a", "5b0d6fb090f14f629a0a0c4d1b1b7b1a", "[1]", "9" * 30, "a\x00b", "http://a.b",
)  # fmt: skip
ODD = (
    r'"\u0031"',
    r'"\ud83d\ude00"',
    r'"\ud800"',
    r'"\u0000"',
    r'"\/"',
    '"\t"',
    '"\x7f"',
    "01",
    "1.",
    ".5",
    "+1",
    "'x'",
    "nan",
    "tru",
)
KEYS = ("n", "f", "a", "name", "sub", "tags", "1", "1.0", "true", "red", "2024-01-02", "null")

atoms = st.sampled_from(
    ["null", "true", "false", *NUMBERS, *(json.dumps(word, ensure_ascii=False) for word in WORDS), *ODD]
)


def _objects(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    # Pairs rather than a mapping: keys may come twice.
    pairs = st.lists(st.tuples(st.sampled_from(KEYS), inner), max_size=4)
    return pairs.map(json_object)


def _lists(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(inner, max_size=3).map(lambda items: "[" + ",\n".join(items) + "]")


texts = st.recursive(atoms, lambda inner: _objects(inner) | _lists(inner), max_leaves=6)


def outcome_of(function: Any) -> str:
    try:
        value = function()
        # NaN has its place in a set by its identity.
        return repr(sorted(map(repr, value))) if isinstance(value, (set, frozenset)) else repr(value)
    except (ValueError, RecursionError):
        return "refused"
    except TypeError as error:
        return f"failed: {error}"


def items_of(function: Any) -> list[Any] | None:
    """The error items, NaN and exceptions as text; None without any."""
    try:
        function()
    except ValidationError as error:
        return [{key: repr(value) for key, value in item.items()} for item in json_errors(error, ()) or ()]
    return None


def assert_told_alike(adapter: TypeAdapter[Any], text: bytes) -> None:
    """What JSON mode tells of what is wrong is what the reference tells."""
    told = items_of(lambda: adapter.validator.validate_json(text))
    if told:
        assert told == items_of(
            lambda: adapter.validator.validate_python(json.loads(text), from_attributes=True)
        )


def assert_written_alike(adapter: TypeAdapter[Any], text: bytes) -> None:
    """What pydantic writes of what is wrong is what is written of the items."""
    try:
        adapter.validator.validate_json(text)
    except ValidationError as error:
        items = json_errors(error, ("body",))
        if items is None:
            return
        written = written_errors(error)
        assert written is not None
        body = error_body(written) if written.written is None else b'{"detail":%b}' % written.written
        assert body == error_body(items)


def assert_alike(adapter: TypeAdapter[Any], text: bytes) -> None:
    """What JSON mode accepts is what the reference makes of it."""
    straight = outcome_of(lambda: adapter.validator.validate_json(text))
    if straight == "refused":
        if tells_json_alike(adapter.core_schema):
            assert_told_alike(adapter, text)
            if writes_errors_alike(adapter.core_schema):
                assert_written_alike(adapter, text)
        return
    assert (
        outcome_of(lambda: adapter.validator.validate_python(json.loads(text), from_attributes=True))
        == straight
    )


def adapters() -> list[Any]:
    found: list[Any] = []
    for annotation in TYPES:
        try:
            adapter: TypeAdapter[Any] = TypeAdapter(annotation)
        except Exception:
            continue
        if reads_json_alike(adapter.core_schema):
            found.append(pytest.param(adapter, id=repr(annotation)[:60]))
    return found


@pytest.mark.parametrize("adapter", adapters())
@effort(15)
@given(text=texts)
def test_both_modes_give_the_same(adapter: TypeAdapter[Any], text: str) -> None:
    assert_alike(adapter, text.encode("utf-8", "surrogatepass"))


FORMS = ("%s", "[%s]", '{"n": %s}', '{"n": 1, "f": %s}', '{"a": %s}', '{"name": %s}', '{"tags": [1, %s]}')


@pytest.mark.parametrize("adapter", adapters())
def test_atoms_and_what_holds_one_of_them_are_read_alike(adapter: TypeAdapter[Any]) -> None:
    words = [
        "null",
        "true",
        "false",
        *NUMBERS,
        *(json.dumps(word, ensure_ascii=False) for word in WORDS),
        *ODD,
    ]
    for word in words:
        for form in FORMS:
            assert_alike(adapter, (form % word).encode("utf-8", "surrogatepass"))


def test_keys_of_every_form_are_read_alike() -> None:
    for parameter in adapters():
        (adapter,) = parameter.values
        for word in WORDS:
            key = json.dumps(word, ensure_ascii=False)
            assert_alike(adapter, f"{{{key}: 1}}".encode("utf-8", "surrogatepass"))
            assert_alike(adapter, f'{{{key}: 1, "n": 2, {key}: "x"}}'.encode("utf-8", "surrogatepass"))
