import copy
from collections.abc import Callable
from typing import Annotated, Any

import annotated_types
import pytest
from pydantic import AliasChoices, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pronghorn import param_functions
from pronghorn._base.errors import FastAPIDeprecationWarning
from pronghorn._base.sentinels import Unset
from pronghorn._declare.params import (
    Body,
    BodyOptions,
    Cookie,
    File,
    Form,
    FormOptions,
    Header,
    HeaderOptions,
    Param,
    ParamOptions,
    ParamTypes,
    Path,
    Query,
)

CLASSES = [Param, Query, Header, Cookie, Body, Form, File]
FUNCTIONS = [
    param_functions.Path,
    param_functions.Query,
    param_functions.Header,
    param_functions.Cookie,
    param_functions.Body,
    param_functions.Form,
    param_functions.File,
]


@pytest.mark.parametrize(
    ("marker", "place"),
    [
        (Path(), ParamTypes.path),
        (Query(), ParamTypes.query),
        (Header(), ParamTypes.header),
        (Cookie(), ParamTypes.cookie),
    ],
)
def test_a_parameter_has_a_place(marker: Param, place: ParamTypes) -> None:
    assert marker.in_ is place
    assert place.value == place.name


@pytest.mark.parametrize(
    ("marker", "media_type"),
    [
        (Body(), "application/json"),
        (Form(), "application/x-www-form-urlencoded"),
        (File(), "multipart/form-data"),
        (Body(media_type="application/xml"), "application/xml"),
        (Form(media_type="multipart/form-data"), "multipart/form-data"),
    ],
)
def test_a_part_of_the_body_has_a_media_type(marker: Body, media_type: str) -> None:
    assert marker.media_type == media_type


def test_forms_are_never_embedded_and_bodies_when_asked() -> None:
    assert Form().embed is None
    assert Body().embed is None
    assert Body(embed=True).embed is True


def test_headers_convert_underscores_unless_told_otherwise() -> None:
    assert Header().convert_underscores is True
    assert Header(convert_underscores=False).convert_underscores is False


@pytest.mark.parametrize("kind", CLASSES)
def test_a_marker_is_required_without_default_and_shows_it(kind: Callable[..., FieldInfo]) -> None:
    assert kind().is_required()
    assert kind(...).is_required()
    assert repr(kind()) == f"{kind.__name__}(PydanticUndefined)"
    assert repr(kind("a")) == f"{kind.__name__}(a)"
    assert repr(kind(None)) == f"{kind.__name__}(None)"
    assert repr(kind([])) == f"{kind.__name__}([])"


@pytest.mark.parametrize("call", [Path, param_functions.Path])
def test_a_path_parameter_has_no_default(call: Callable[..., Any]) -> None:
    with pytest.raises(AssertionError, match=r"^Path parameters cannot have a default value$"):
        call(1)
    assert repr(call()) == "Path(PydanticUndefined)"


@pytest.mark.parametrize("kind", CLASSES)
def test_options_are_pydantics(kind: Callable[..., FieldInfo]) -> None:
    marker = kind(
        3, title="Count", description="How many", gt=1, le=9, multiple_of=3, examples=[6], deprecated=True
    )

    assert (marker.default, marker.title, marker.description) == (3, "Count", "How many")
    assert (marker.examples, marker.deprecated) == ([6], True)
    assert marker.metadata == [annotated_types.Gt(1), annotated_types.Le(9), annotated_types.MultipleOf(3)]


def test_constraints_hold_when_the_marker_stands_in_a_type() -> None:
    adapter = TypeAdapter(Annotated[str, Query(min_length=2, pattern="^a")])

    assert adapter.validate_python("ab") == "ab"
    with pytest.raises(ValueError, match="at least 2 characters"):
        adapter.validate_python("a")


def test_a_default_may_come_from_a_factory() -> None:
    assert Query(default_factory=list).get_default(call_default_factory=True) == []


def test_the_type_may_be_given() -> None:
    assert Query(annotation=int).annotation is int
    assert Path(annotation=int).annotation is int
    assert Header(annotation=int).annotation is int
    assert Body(annotation=int).annotation is int
    assert Form(annotation=int).annotation is int


@pytest.mark.parametrize(
    ("options", "alias", "validation_alias", "serialization_alias"),
    [
        ({}, None, None, None),
        ({"alias": "a"}, "a", "a", "a"),
        ({"alias": "a", "validation_alias": None, "serialization_alias": None}, "a", "a", "a"),
        ({"alias": "a", "validation_alias": "v"}, "a", "v", "a"),
        ({"alias": "a", "serialization_alias": "s"}, "a", "a", "s"),
        ({"validation_alias": "v"}, None, "v", None),
        ({"alias": None}, None, None, None),
    ],
)
def test_an_alias_counts_for_both_directions(
    options: Any, alias: str | None, validation_alias: str | None, serialization_alias: str | None
) -> None:
    marker = Query(**options)

    found = (marker.alias, marker.validation_alias, marker.serialization_alias)
    assert found == (alias, validation_alias, serialization_alias)


def test_several_aliases_are_kept() -> None:
    choices = AliasChoices("a", "b")

    assert Query(validation_alias=choices).validation_alias is choices


@pytest.mark.parametrize("kind", CLASSES)
def test_what_only_documents_know_is_kept_beside(kind: Any) -> None:
    plain, documented = kind(), kind(openapi_examples={"one": {"value": 1}}, include_in_schema=False)

    assert (plain.openapi_examples, plain.include_in_schema, plain.example) == (None, True, Unset)
    assert documented.openapi_examples == {"one": {"value": 1}}
    assert documented.include_in_schema is False


@pytest.mark.parametrize("kind", CLASSES)
def test_a_copy_keeps_everything(kind: Any) -> None:
    marker = kind(alias="a", include_in_schema=False)
    copied = copy.copy(marker)

    assert type(copied) is type(marker)
    assert (copied.alias, copied.include_in_schema) == ("a", False)


@pytest.mark.parametrize("call", [*CLASSES, Path, *FUNCTIONS])
def test_an_unknown_option_is_refused_like_any_keyword(call: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match=rf"^{call.__name__}\(\) got an unexpected keyword argument 'titel'$"):
        call(titel="Count")


@pytest.mark.parametrize("call", [Query, Cookie, Form, File, param_functions.Query])
def test_options_of_other_places_are_refused(call: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'convert_underscores'"):
        call(convert_underscores=False)
    with pytest.raises(TypeError, match="unexpected keyword argument 'embed'"):
        call(embed=True)


@pytest.mark.parametrize("call", FUNCTIONS)
@pytest.mark.parametrize(("old", "new", "value"), [("regex", "pattern", "^a"), ("example", "examples", "a")])
def test_former_options_work_with_a_warning_that_names_the_calling_code(
    call: Callable[..., Any], old: str, new: str, value: str
) -> None:
    expected = f"`{old}` has been deprecated, please use `{new}` instead"
    with pytest.warns(FastAPIDeprecationWarning, match=expected) as caught:
        marker = call(**{old: value})

    assert [warning.filename for warning in caught] == [__file__]
    assert (marker.example == "a") is (old == "example")
    assert bool(marker.metadata) is (old == "regex")


def test_an_example_of_none_is_an_example() -> None:
    with pytest.warns(FastAPIDeprecationWarning):
        assert param_functions.Query(example=None).example is None


def test_every_option_is_documented_once() -> None:
    own = {
        options: set(options.__annotations__) - set(ParamOptions.__annotations__)
        for options in (HeaderOptions, FormOptions, BodyOptions)
    }

    assert own == {
        HeaderOptions: {"convert_underscores"},
        FormOptions: {"media_type"},
        BodyOptions: {"media_type", "embed"},
    }


def test_undefined_stands_for_no_default() -> None:
    assert Query().default is PydanticUndefined
