from typing import Any

import pytest
from starlette.responses import HTMLResponse, JSONResponse

from pronghorn._base.sentinels import Default
from pronghorn._base.sse import EventSourceResponse
from pronghorn._compile.dependant import Dependant
from pronghorn._compile.handler_spec import HandlerSpec
from pronghorn._declare.params import Body, File, Form
from pronghorn._schema.field import create_model_field

FIELD = create_model_field(name="response", type_=int)


def endpoint() -> None: ...


def spec(**options: Any) -> HandlerSpec:
    return HandlerSpec(Dependant(call=endpoint), **options)


def test_the_endpoint_is_that_of_the_dependant() -> None:
    assert spec().call is endpoint


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({}, JSONResponse),
        ({"response_class": HTMLResponse}, HTMLResponse),
        ({"response_class": Default(HTMLResponse)}, HTMLResponse),
    ],
)
def test_the_response_class_is_the_declared_or_the_default(declared: Any, expected: Any) -> None:
    assert spec(**declared).actual_response_class is expected


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({}, False),
        ({"response_class": EventSourceResponse}, True),
        ({"response_class": Default(EventSourceResponse)}, True),
    ],
)
def test_the_response_class_asks_for_events(declared: Any, expected: bool) -> None:
    assert spec(**declared).is_sse_stream is expected


@pytest.mark.parametrize(("info", "expected"), [(Form(), True), (File(), True), (Body(), False)])
def test_a_body_field_may_be_a_form(info: Any, expected: bool) -> None:
    info.annotation = str
    field = create_model_field(name="body", type_=str, field_info=info)

    assert spec(body_field=field).reads_form is expected


def test_without_a_body_no_form_is_read() -> None:
    assert not spec().reads_form


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({}, False),
        ({"response_field": FIELD}, True),
        ({"response_field": FIELD, "response_class": JSONResponse}, False),
        ({"response_field": FIELD, "response_class": Default(HTMLResponse)}, True),
    ],
)
def test_a_response_field_writes_json_itself_unless_a_class_was_declared(
    declared: Any, expected: bool
) -> None:
    assert spec(**declared).serializes_directly is expected


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({}, True),
        ({"response_class": JSONResponse}, False),
        ({"response_class": Default(HTMLResponse)}, False),
    ],
)
def test_the_default_is_json_that_nobody_declared(declared: Any, expected: bool) -> None:
    assert spec(**declared).response_class_is_default is expected


def test_the_options_of_serialising_go_together() -> None:
    assert spec(response_model_exclude_none=True, response_model_include={"a"}).dump_options == {
        "include": {"a"},
        "exclude": None,
        "by_alias": True,
        "exclude_unset": False,
        "exclude_defaults": False,
        "exclude_none": True,
    }
