from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasChoices, BaseModel, Json

from pronghorn import Body, Header, Query
from pronghorn._compile.codegen import SourceWriter
from pronghorn._compile.fields import (
    default_source,
    is_simple,
    one_header_lines,
    request_name,
    write_body_member,
    write_json_check,
    write_simple,
    write_whole_body,
)
from pronghorn._compile.wire import has_json_body, read_headers
from tests._compile.declared import field_of


class Model(BaseModel):
    n: int = 0


@pytest.mark.parametrize(
    "annotation", [int, str | None, Annotated[int, Query(alias="n", ge=1)], Annotated[str, Header()]]
)
def test_one_piece_of_text_under_one_name_is_simple(annotation: Any) -> None:
    assert is_simple(field_of(annotation))


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[list[int], Query()],
        Annotated[Model, Query()],
        Annotated[Json[int], Query()],
        Annotated[int, Query(validation_alias=AliasChoices("a", "b"))],
        Annotated[int, Query(validate_default=True)],
    ],
)
def test_anything_else_is_not(annotation: Any) -> None:
    assert not is_simple(field_of(annotation))


def test_a_field_is_sent_under_its_alias() -> None:
    assert request_name(field_of(Annotated[int, Query(alias="n")])) == "n"
    assert request_name(field_of(int)) == "x"


@pytest.mark.parametrize(
    ("annotation", "default", "expected"),
    [
        (int, 3, "default_h"),
        (str | None, None, "default_h"),
        (Annotated[list[int], Query()], [1], "copy_default(field_h)"),
    ],
)
def test_a_default_is_shared_unless_that_could_be_seen(annotation: Any, default: Any, expected: str) -> None:
    assert default_source(SourceWriter(), field_of(annotation, default), "h") == expected


def test_a_default_of_a_factory_is_left_for_later() -> None:
    field = field_of(Annotated[int, Query(default_factory=int)])

    assert default_source(SourceWriter(), field, "h") == "MISSING"


def simple_source(annotation: Any, is_text: bool = True, **default: Any) -> str:
    writer = SourceWriter()
    write_simple(writer, field_of(annotation, **default), "raw_text", "v", is_text)
    return writer.source


def test_text_that_no_validation_changes_is_taken_as_it_is() -> None:
    assert simple_source(str) == "raw = raw_text\nif raw is None:\n    return None\nv = raw\n"
    assert (
        simple_source(str | None, default=None) == "raw = raw_text\nv = default_v if raw is None else raw\n"
    )


@pytest.mark.parametrize("annotation", [int, Annotated[str, Query(min_length=2)]])
def test_anything_else_is_validated(annotation: Any) -> None:
    assert simple_source(annotation).endswith("v = validate_v(raw)\n")


def test_what_a_convertor_made_is_validated() -> None:
    assert simple_source(str, is_text=False).endswith("v = validate_v(raw)\n")


def run(writer: SourceWriter, name: str, **variables: Any) -> Any:
    """The variable ``name`` after the lines of ``writer`` ran."""
    whole = SourceWriter()
    whole.namespace.update(writer.namespace, **variables)
    with whole.block("def read():"):
        for line in writer.source.splitlines():
            whole.line(line)
        whole.line(f"return {name}")
    function, _ = whole.compile("read", "test")
    return function()


def test_a_whole_body_is_validated_from_bytes_or_parsed_first() -> None:
    straight, parsed = SourceWriter(), SourceWriter()
    write_whole_body(straight, field_of(Annotated[Model, Body()]), "v")
    write_whole_body(parsed, field_of(Annotated[bytes, Body()]), "v")

    assert run(straight, "v", content=b'{"n": 1}') == Model(n=1)
    assert run(parsed, "v", content=b"x", loads=lambda content: "text") == b"text"


@pytest.mark.parametrize(
    ("annotation", "default", "data", "expected"),
    [
        (Annotated[int, Body()], {}, {"x": "1"}, 1),
        (Annotated[int, Body()], {}, {}, None),
        (Annotated[int, Body()], {"default": 5}, {}, 5),
        (Annotated[int, Body(validate_default=True)], {"default": 5}, {}, None),
    ],
)
def test_a_member_of_the_body_is_read(annotation: Any, default: Any, data: Any, expected: Any) -> None:
    writer = SourceWriter()
    write_body_member(writer, field_of(annotation, **default), "v")

    assert run(writer, "v", data=data, MISSING=object()) == expected


class Exchange:
    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        self.headers = headers


NAMES = st.sampled_from([b"content-type", b"x-token", b"a"])
VALUES = st.sampled_from(
    [
        b"",
        b"application/json",
        b"application/json; charset=utf-8",
        b"application/geo+json",
        b"text/json",
        b"\xe9",
    ]
)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=4)


def compiled(writer: SourceWriter, write: Any, result: str) -> Any:
    """A function of an exchange and its body that gives ``result`` after what is written."""
    with writer.block("def read(x, content):"):
        write()
        writer.line(f"return {result}")
    return writer.compile("read", "test")[0]


def written_header(name: bytes) -> Any:
    writer = SourceWriter()

    def write() -> None:
        for line in one_header_lines(name):
            writer.line(line)

    return compiled(writer, write, "header")


def written_check(strict: bool) -> Any:
    writer = SourceWriter()
    writer.namespace["has_json_body"] = has_json_body
    return compiled(writer, lambda: write_json_check(writer, strict), "True")


ONE_HEADER = written_header(b"x-token")
CHECKS = {strict: written_check(strict) for strict in (False, True)}


@given(headers=HEADERS)
def test_one_header_is_read_as_several_are(headers: list[tuple[bytes, bytes]]) -> None:
    assert ONE_HEADER(Exchange(headers), b"") == read_headers(headers, frozenset({b"x-token"})).get(
        b"x-token"
    )


@given(headers=HEADERS, strict=st.booleans(), content=st.sampled_from([None, b"", b"{}"]))
def test_a_body_is_taken_for_json_as_ever(
    headers: list[tuple[bytes, bytes]], strict: bool, content: bytes | None
) -> None:
    taken = CHECKS[strict](Exchange(headers), content) is True
    assert taken == (bool(content) and has_json_body(headers, strict))
