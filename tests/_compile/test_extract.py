from io import BytesIO
from typing import Annotated, Any

import pytest
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, Json
from starlette.datastructures import FormData, Headers, ImmutableMultiDict, QueryParams, UploadFile

from pronghorn import Cookie, Form, Header, Path, Query
from pronghorn._base.sentinels import Undefined
from pronghorn._compile.extract import (
    choose_alias,
    is_empty_file,
    iter_extras,
    read_params,
    read_value,
    validate_value,
)
from tests._compile.declared import field_of


def missing(*loc: str) -> dict[str, Any]:
    return {"type": "missing", "loc": loc, "msg": "Field required", "input": None}


# --- one value


def test_what_was_sent_is_validated() -> None:
    field = field_of(int, Query())

    assert validate_value(field, "3", ("query", "x")) == (3, [])
    assert validate_value(field, "three", ("query", "x")) == (
        None,
        [
            {
                "type": "int_parsing",
                "loc": ("query", "x"),
                "msg": "Input should be a valid integer, unable to parse string as an integer",
                "input": "three",
            }
        ],
    )


def test_what_was_not_sent_is_missing_where_it_is_required() -> None:
    assert validate_value(field_of(int, Query()), Undefined, ("query", "x")) == (
        None,
        [missing("query", "x")],
    )


def test_defaults_are_copied_and_not_validated() -> None:
    default = ["not a number"]

    value, errors = validate_value(field_of(list[int], Query(default)), Undefined, ("query", "x"))

    assert (value, errors) == (["not a number"], [])
    assert value is not default


def test_defaults_are_validated_when_asked() -> None:
    value, errors = validate_value(
        field_of(int, Query("3", validate_default=True)), Undefined, ("query", "x")
    )
    assert (value, errors) == (3, [])

    _, errors = validate_value(field_of(int, Query("x", validate_default=True)), Undefined, ("query", "x"))
    assert [error["type"] for error in errors] == ["int_parsing"]


def test_a_default_may_come_from_a_factory() -> None:
    assert validate_value(field_of(list[int], Query(default_factory=list)), Undefined, ("query", "x")) == (
        [],
        [],
    )


# --- what was sent

REPEATED = QueryParams("x=1&x=2&empty=")
UPLOAD = UploadFile(BytesIO(b"text"), filename="text.txt", size=4)
EMPTY_UPLOAD = UploadFile(BytesIO(), filename="", size=0)


def test_of_repeats_the_last_one_counts_for_a_single_value() -> None:
    assert read_value(field_of(str, Query()), REPEATED, "x") == "2"


@pytest.mark.parametrize("annotation", [list[int], set[str], tuple[int, ...], list[int] | None])
def test_repeats_make_a_list_for_a_sequence(annotation: Any) -> None:
    assert read_value(field_of(annotation, Query()), REPEATED, "x") == ["1", "2"]


def test_repeated_headers_make_a_list_too() -> None:
    headers = Headers(raw=[(b"x", b"1"), (b"x", b"2")])

    assert read_value(field_of(list[int], Header()), headers, "x") == ["1", "2"]


def test_json_text_is_one_value_even_for_a_sequence() -> None:
    field = field_of(Annotated[Json[list[int]], Query()])

    assert read_value(field, QueryParams("x=[1]&x=[2]"), "x") == "[2]"


@pytest.mark.parametrize("annotation", [str, list[str]])
def test_what_was_not_sent_is_undefined(annotation: Any) -> None:
    assert read_value(field_of(annotation, Query()), REPEATED, "y") is Undefined


def test_empty_text_is_a_value_of_a_query() -> None:
    assert read_value(field_of(str, Query()), REPEATED, "empty") == ""


@pytest.mark.parametrize("value", ["", EMPTY_UPLOAD])
def test_empty_fields_of_a_form_were_not_sent(value: Any) -> None:
    assert read_value(field_of(str, Form()), FormData([("x", value)]), "x") is Undefined


def test_empty_files_are_left_out_of_lists() -> None:
    form = FormData([("x", EMPTY_UPLOAD), ("x", UPLOAD), ("x", "")])

    assert read_value(field_of(list[str], Form()), form, "x") == [UPLOAD, ""]
    assert read_value(field_of(list[str], Form()), FormData([("x", EMPTY_UPLOAD)]), "x") is Undefined


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (EMPTY_UPLOAD, True),
        (UPLOAD, False),
        (UploadFile(BytesIO(), filename="empty.txt", size=0), False),
        (UploadFile(BytesIO(b"a"), filename="", size=1), False),
        ("", False),
    ],
)
def test_a_file_input_is_empty_without_name_and_content(value: Any, expected: bool) -> None:
    assert is_empty_file(value) is expected


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (QueryParams("a=1&b=2&b=3&x=4"), [("a", "1"), ("b", ["2", "3"])]),
        (Headers(raw=[(b"a", b"1"), (b"a", b"2"), (b"x", b"4")]), [("a", ["1", "2"])]),
        ({"a": "1", "x": "4"}, [("a", "1")]),
    ],
)
def test_what_no_field_uses_is_grouped_by_name(received: Any, expected: Any) -> None:
    assert list(iter_extras(received, {"x"})) == expected


def test_the_first_alias_that_was_sent_counts() -> None:
    aliases = [("a", "a-1"), ("b", "b-1"), ("c", "c-1")]

    assert choose_alias(aliases, {"c-1": "", "b-1": ""}) == ("b", "b-1")
    assert choose_alias(aliases, {"a": ""}) == ("a", "a-1")


# --- all parameters of a source


def test_parameters_are_read_in_order_with_all_their_errors() -> None:
    fields = [
        field_of(int, Query(), name="a"),
        field_of(int, Query(), name="b"),
        field_of(int, Query(5), name="c"),
    ]

    values, errors = read_params(fields, QueryParams("b=b"))

    assert values == {"c": 5}
    assert [(error["type"], error["loc"]) for error in errors] == [
        ("missing", ("query", "a")),
        ("int_parsing", ("query", "b")),
    ]


def test_the_location_is_the_alias_that_was_sent() -> None:
    fields = [field_of(int, Query(validation_alias=AliasChoices("first", "second")))]

    assert read_params(fields, QueryParams("second=2")) == ({"x": 2}, [])
    assert read_params(fields, QueryParams("second=b"))[1][0]["loc"] == ("query", "second")
    assert read_params(fields, QueryParams())[1][0]["loc"] == ("query", "first")


def test_a_header_is_located_by_its_name_in_the_request() -> None:
    fields = [field_of(int, Header(), name="x_count")]

    assert read_params(fields, Headers({"x-count": "3"})) == ({"x_count": 3}, [])
    assert read_params(fields, Headers({"x_count": "3"}))[1] == [missing("header", "x-count")]


def test_paths_and_cookies_are_mappings() -> None:
    assert read_params([field_of(int, Path(), path="/{x}")], {"x": "3"}) == ({"x": 3}, [])
    assert read_params([field_of(int, Cookie())], {"x": "3"}) == ({"x": 3}, [])
    assert read_params([field_of(int, Cookie())], {})[1] == [missing("cookie", "x")]


# --- models


class Page(BaseModel):
    limit: int = 10
    tags: list[str] = []


class Strict(Page):
    model_config = ConfigDict(extra="forbid")


class Open(Page):
    model_config = ConfigDict(extra="allow")


def test_a_model_gathers_its_fields() -> None:
    fields = [field_of(Page, Query())]

    assert read_params(fields, QueryParams("limit=3&tags=a&tags=b&other=1")) == (
        {"x": Page(limit=3, tags=["a", "b"])},
        [],
    )
    assert read_params(fields, QueryParams()) == ({"x": Page()}, [])


def test_errors_in_a_model_are_located_by_field() -> None:
    _, errors = read_params([field_of(Page, Query())], QueryParams("limit=x"))

    assert [error["loc"] for error in errors] == [("query", "limit")]


def test_what_a_model_does_not_know_is_its_own_affair() -> None:
    query = QueryParams("other=1&other=2")

    _, errors = read_params([field_of(Strict, Query())], query)
    values, _ = read_params([field_of(Open, Query())], query)

    assert [(error["type"], error["loc"]) for error in errors] == [("extra_forbidden", ("query", "other"))]
    assert values["x"].model_extra == {"other": ["1", "2"]}


@pytest.mark.parametrize(
    ("model", "query", "expected"),
    [
        (Page, "", None),
        (Page, "other=1", None),
        (Page, "limit=3", Page(limit=3)),
        (Page, "tags=a", Page(tags=["a"])),
        (Open, "", None),
        (Open, "other=1", Open.model_validate({"other": "1"})),
    ],
)
def test_an_optional_model_is_absent_unless_something_of_it_was_sent(
    model: Any, query: str, expected: Any
) -> None:
    assert read_params([field_of(model | None, Query(None))], QueryParams(query)) == ({"x": expected}, [])


def test_a_required_model_that_may_be_none_is_missing_as_a_whole() -> None:
    assert read_params([field_of(Page | None, Query())], QueryParams())[1] == [missing("query")]


class Tracing(BaseModel):
    x_trace: int
    plain: str = ""


class StrictTracing(Tracing):
    model_config = ConfigDict(extra="forbid")


def test_headers_of_a_model_go_by_their_converted_names() -> None:
    fields = [field_of(Tracing, Header())]

    assert read_params(fields, Headers({"X-Trace": "3", "plain": "p"})) == (
        {"x": Tracing(x_trace=3, plain="p")},
        [],
    )
    _, errors = read_params(fields, Headers({"x-trace": "t"}))
    assert [error["loc"] for error in errors] == [("header", "x-trace")]
    _, errors = read_params(fields, Headers())
    assert [error["loc"] for error in errors] == [("header", "x-trace")]


def test_headers_of_a_model_may_go_by_their_own_names() -> None:
    fields = [field_of(Tracing, Header(convert_underscores=False))]

    assert read_params(fields, Headers({"x_trace": "3"})) == ({"x": Tracing(x_trace=3)}, [])
    assert read_params(fields, Headers({"x-trace": "3"}))[1][0]["loc"] == ("header", "x_trace")


def test_a_strict_header_model_accepts_both_names_and_nothing_else() -> None:
    fields = [field_of(StrictTracing, Header())]

    assert read_params(fields, Headers({"x-trace": "3", "x_trace": "4"})) == (
        {"x": StrictTracing(x_trace=3)},
        [],
    )
    _, errors = read_params(fields, Headers({"x-trace": "3", "host": "a"}))
    assert [(error["type"], error["loc"]) for error in errors] == [("extra_forbidden", ("header", "host"))]


def test_errors_of_headers_may_be_located_by_field_name() -> None:
    class ByName(BaseModel):
        model_config = ConfigDict(loc_by_alias=False)

        x_trace: int

    _, errors = read_params([field_of(ByName, Header())], Headers({"x-trace": "t"}))

    assert [error["loc"] for error in errors] == [("header", "x_trace")]


def test_aliases_inside_a_model_count() -> None:
    class Aliased(BaseModel):
        limit: Annotated[int, Field(alias="max")]

    fields = [field_of(Aliased, Query())]

    assert read_params(fields, QueryParams("max=3"))[0]["x"].limit == 3
    assert read_params(fields, QueryParams("limit=3"))[1][0]["loc"] == ("query", "max")


def test_a_plain_mapping_serves_a_model_too() -> None:
    assert read_params([field_of(Page, Cookie())], {"limit": "3"}) == ({"x": Page(limit=3)}, [])


def test_an_immutable_multi_dict_is_what_counts() -> None:
    assert read_value(field_of(list[int], Query()), ImmutableMultiDict([("x", "1")]), "x") == ["1"]
