"""Parameters as hypothesis makes them up, and what may be sent for them."""

import datetime
import enum
from dataclasses import dataclass
from decimal import Decimal
from inspect import Parameter
from typing import Annotated, Any, Literal
from uuid import UUID

from hypothesis import strategies as st
from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, Json

from pronghorn import Body, Cookie, Header, Path, Query

EMPTY: Any = Parameter.empty
PATHS = ("", "/{key}", "/{key}/{other:int}", "/{rest:path}")


class Colour(enum.Enum):
    red = "red"
    blue = "blue"


class Filters(BaseModel):
    limit: int = 10
    tags: list[str] = []
    colour: Colour | None = None


class Strict(BaseModel):
    model_config = {"extra": "forbid"}

    x_tok: str | None = None
    limit: int = 1


class Sub(BaseModel):
    n: int
    f: float = 0.5


class Item(BaseModel):
    name: str
    price: float | None = None
    tags: set[str] = set()
    sub: Sub | None = None
    when: datetime.datetime | None = None


class Loose(BaseModel):
    model_config = {"extra": "allow"}

    a: Any = None


@dataclass(frozen=True)
class Declared:
    """One parameter."""

    name: str
    source: str
    sent_as: str
    annotation: Any
    default: Any = EMPTY
    fitting: str = "1"
    """A text, or JSON, that will do."""


#: Texts that will do, by what is found in the annotation's name; the first that is found counts.
_FITTING = (
    ("Json", "[1]"), ("Filters", "2"), ("Strict", "2"), ("tuple[int, str]", "1"), ("Colour", "red"), ("Literal", "a"), ("datetime.date'", "2024-02-29"),
    ("datetime.datetime", "2024-01-02T03:04:05Z"), ("timedelta", "PT90S"), ("UUID", "5b0d6fb0-90f1-4f62-9a0a-0c4d1b1b7b1a"),
)  # fmt: skip
_FITTING_BODIES = (
    ("list[tests.differential.parameters.Item]", '[{"name": "x"}, {"name": "y", "price": 1e2}]'), ("Item", '{"name": "x", "tags": ["a", "a"], "sub": {"n": 1}}'),
    ("Sub", '{"n": 1}'), ("Loose", '{"a": [1, -0], "b": {}}'), ("dict", '{"n": 1}'), ("datetime.datetime", '["2024-01-02T03:04:05Z", 5]'),
    ("date", '"2024-02-29"'), ("Colour", '"red"'), ("list", "[1]"), ("set", "[1, 2]"), ("tuple", "[1, 2]"), ("str", '"s"'), ("bytes", '"b"'),
)  # fmt: skip


def _fitting(annotation: Any, table: tuple[tuple[str, str], ...]) -> str:
    shown = repr(annotation)
    return next((text for part, text in table if part in shown), "1")


def _refuse_odd(value: Any) -> Any:
    if value == "odd":
        raise ValueError("odd")
    if value == "type":
        raise TypeError("a validator's own mistake")
    return value


SCALARS: tuple[tuple[Any, Any], ...] = (
    (str, "text"), (int, 3), (float, 1.5), (bool, True), (str | None, None), (int | None, None),
    (Literal["a", "b"], "a"), (Colour, Colour.red), (datetime.date, None), (datetime.datetime | None, None), (UUID, None),
    (Decimal, 1), (datetime.timedelta, None), (bytes, b"b"), (int | str, 0), (Annotated[str, AfterValidator(_refuse_odd)], "d"),
    (Annotated[int | None, BeforeValidator(_refuse_odd)], None),
)  # fmt: skip
SEQUENCES: tuple[tuple[Any, Any], ...] = (
    (list[int], [1]), (list[str] | None, None), (set[str], {"a"}), (tuple[int, str], (1, "a")), (frozenset[int], frozenset()),
)  # fmt: skip
BODIES: tuple[tuple[Any, Any], ...] = (
    (Item, None), (Item | None, None), (list[Item], []), (dict[str, int], {}), (Loose, Loose()), (Sub | Loose, None), (Any, None),
    (int, 1), (list[Any], []), (dict[str, Any] | None, None), (set[int], {1}), (str, "s"), (bytes, b"b"), (datetime.date, None),
    (list[datetime.datetime | int], []), (Colour | None, None), (Literal[1, "a"], 1), (tuple[int, ...], ()), (float, 1.0),
)  # fmt: skip


def _mutable() -> list[int]:
    return [1]


@st.composite
def _options(draw: st.DrawFn, marker: Any, name: str) -> tuple[dict[str, Any], str]:
    options: dict[str, Any] = {}
    sent_as = name
    if marker is Header:
        sent_as = name.replace("_", "-")
        if draw(st.integers(0, 4)) == 0:
            options["convert_underscores"], sent_as = False, name
    match draw(st.integers(0, 15)):
        case 0:
            options["alias"] = sent_as = f"{name}.A-B"
        case 1:
            options["validation_alias"] = sent_as = "shared"
        case 2:
            options["validation_alias"], sent_as = AliasChoices("first", name), name
        case 3:
            options |= {"title": "T", "description": "D", "examples": ["1"]}
        case 4:
            options |= {"deprecated": True, "openapi_examples": {"one": {"value": "1"}}}
        case 5:
            options["include_in_schema"] = False
    return options, sent_as


_KEYWORDS = {"path": Path, "query": Query, "header": Header, "cookie": Cookie}


@st.composite
def _parameter(draw: st.DrawFn, number: int) -> Declared:
    source = draw(st.sampled_from(["query", "query", "header", "cookie"]))
    name = draw(st.sampled_from([f"p{number}", f"p_{number}", f"pé{number}"]))
    if source == "header":
        name = f"p_{number}"
    marker = _KEYWORDS[source]
    options, sent_as = draw(_options(marker, name))
    kind = draw(st.integers(0, 9))
    if kind == 0 and source != "cookie":
        model = draw(st.sampled_from([Filters, Strict, Filters | None]))
        return Declared(
            name,
            source,
            "limit",
            Annotated[model, marker()],
            EMPTY if model is not Filters | None else None,
            "2",
        )
    if kind == 1:
        return Declared(name, source, sent_as, Annotated[Json[list[int]], marker(**options)], EMPTY, "[1]")
    choices = SEQUENCES if kind in (2, 3) and source != "cookie" else SCALARS
    annotation, default = draw(st.sampled_from(choices))
    if kind == 4 and annotation is int:
        options |= {"ge": 1, "lt": 10}
    if kind == 5 and annotation is str:
        options |= {"min_length": 2, "pattern": "^[a-z]+$"}
    match draw(st.integers(0, 5)):
        case 0 | 1:
            default = EMPTY
        case 2 if annotation == list[int]:
            options["default_factory"], default = _mutable, EMPTY
        case 3:
            options["validate_default"] = True
    fitting = "ab" if annotation is str else _fitting(annotation, _FITTING)
    return Declared(name, source, sent_as, Annotated[annotation, marker(**options)], default, fitting)


@st.composite
def parameters(draw: st.DrawFn, path: str) -> list[Declared]:
    """Parameters of all sources but the body."""
    declared: list[Declared] = []
    for name, annotation in (("key", str), ("other", int), ("rest", str)):
        if f"{{{name}" in path and draw(st.booleans()):
            wanted = draw(st.sampled_from([annotation, annotation, str, int, Colour, UUID, float]))
            declared.append(Declared(name, "path", name, wanted, EMPTY, _fitting(wanted, _FITTING)))
    return declared + [draw(_parameter(number)) for number in range(draw(st.integers(0, 3)))]


@st.composite
def body_parameters(draw: st.DrawFn) -> list[Declared]:
    """Parameters that make up a JSON body."""
    declared: list[Declared] = []
    for number in range(draw(st.sampled_from([1, 1, 1, 2]))):
        annotation, default = draw(st.sampled_from(BODIES))
        name = f"pb{number}"
        options: dict[str, Any] = {}
        if draw(st.integers(0, 5)) == 0:
            options["embed"] = True
        if draw(st.integers(0, 7)) == 0:
            options["alias"] = f"{name}-x"
        if draw(st.booleans()):
            default = EMPTY
        fitting = _fitting(annotation, _FITTING_BODIES)
        sent_as = options.get("alias", name)
        declared.append(
            Declared(name, "body", sent_as, Annotated[annotation, Body(**options)], default, fitting)
        )
    return declared
