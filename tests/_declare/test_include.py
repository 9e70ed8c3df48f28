from typing import Any

import pytest
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse

from pronghorn import APIRouter, Depends
from pronghorn._base.sentinels import DefaultPlaceholder
from pronghorn._declare.include import IncludeContext
from pronghorn.routing import APIRoute


def first() -> None: ...
def second() -> None: ...
def third() -> None: ...
def own_id(route: Any) -> str:
    return "own"


def context(
    parent: APIRouter | None = None, child: APIRouter | None = None, **options: Any
) -> IncludeContext:
    return IncludeContext.of(parent or APIRouter(), child or APIRouter(), options)


def test_an_inclusion_without_options_adds_nothing() -> None:
    child = APIRouter(prefix="/child", tags=["child"])

    included = context(child=child)

    assert included.included_router is child
    assert (
        included.prefix,
        included.tags,
        included.dependencies,
        included.responses,
        included.callbacks,
    ) == (
        "",
        [],
        [],
        {},
        [],
    )
    assert isinstance(included.default_response_class, DefaultPlaceholder)
    assert (included.deprecated, included.include_in_schema, included.max_body_size) == (None, True, None)
    assert included.form_limits == {}


def test_lists_are_joined_outer_first() -> None:
    callback = APIRoute("/callback", first)
    other = APIRoute("/other", first)
    parent = APIRouter(
        prefix="/parent",
        tags=["parent"],
        dependencies=[Depends(first)],
        callbacks=[callback],
        responses={404: {"description": "parent"}, 403: {"description": "parent"}},
    )

    included = context(
        parent,
        prefix="/here",
        tags=["here"],
        dependencies=[Depends(second)],
        callbacks=[other],
        responses={404: {"description": "here"}},
    )

    assert included.prefix == "/parent/here"
    assert included.tags == ["parent", "here"]
    assert included.dependencies == [Depends(first), Depends(second)]
    assert included.callbacks == [callback, other]
    assert included.responses == {404: {"description": "here"}, 403: {"description": "parent"}}


@pytest.mark.parametrize(
    ("parent", "here", "expected"),
    [
        ({}, {}, JSONResponse),
        ({"default_response_class": HTMLResponse}, {}, HTMLResponse),
        ({}, {"default_response_class": PlainTextResponse}, PlainTextResponse),
        (
            {"default_response_class": HTMLResponse},
            {"default_response_class": PlainTextResponse},
            PlainTextResponse,
        ),
    ],
)
def test_an_inner_option_goes_before_an_outer_one(parent: Any, here: Any, expected: Any) -> None:
    found = context(APIRouter(**parent), **here).default_response_class

    assert getattr(found, "value", found) is expected


def test_the_makers_of_ids_and_the_content_type_rule_are_inherited() -> None:
    parent = APIRouter(generate_unique_id_function=own_id, strict_content_type=False)

    included = context(parent)

    assert included.generate_unique_id_function is own_id
    assert included.strict_content_type is False


@pytest.mark.parametrize(
    ("parent", "here", "expected"),
    [(None, None, None), (True, None, True), (None, True, True), (True, False, True)],
)
def test_deprecation_anywhere_deprecates(parent: Any, here: Any, expected: Any) -> None:
    assert context(APIRouter(deprecated=parent), deprecated=here).deprecated is expected


@pytest.mark.parametrize(
    ("parent", "here", "expected"), [(True, True, True), (False, True, False), (True, False, False)]
)
def test_hiding_anywhere_hides(parent: bool, here: bool, expected: bool) -> None:
    assert context(APIRouter(include_in_schema=parent), include_in_schema=here).include_in_schema is expected


@pytest.mark.parametrize(
    ("parent", "here", "child", "expected"),
    [
        (None, None, None, None),
        (10, None, None, 10),
        (10, 20, None, 20),
        (10, 20, 30, 30),
        (10, None, 30, 30),
        (30, 20, 10, 10),
    ],
)
def test_the_most_specific_body_limit_counts(parent: Any, here: Any, child: Any, expected: Any) -> None:
    included = context(APIRouter(max_body_size=parent), APIRouter(max_body_size=child), max_body_size=here)

    assert included.max_body_size == expected


def test_form_limits_are_the_childs_before_those_of_the_inclusion() -> None:
    included = context(
        APIRouter(form_limits={"max_files": 1}),
        APIRouter(form_limits={"max_fields": 3}),
        form_limits={"max_fields": 2, "max_part_size": 4},
    )

    assert included.form_limits == {"max_fields": 3, "max_part_size": 4}


@pytest.mark.parametrize("options", [{"max_body_size": -1}, {"form_limits": {"max_fields": -1}}])
def test_limits_are_checked_where_they_are_declared(options: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        context(**options)


def test_inclusions_of_inclusions_combine() -> None:
    provider = object()
    outer = context(
        APIRouter(dependency_overrides_provider=provider), prefix="/a", tags=["a"], max_body_size=5
    )
    inner = context(prefix="/b", tags=["b"], dependencies=[Depends(third)])

    combined = outer.combine(inner)

    assert combined.included_router is inner.included_router
    assert (combined.prefix, combined.tags, combined.max_body_size) == ("/a/b", ["a", "b"], 5)
    assert combined.dependencies == [Depends(third)]
    assert combined.dependency_overrides_provider is provider


def test_paths_stand_behind_the_prefix() -> None:
    assert context(prefix="/here").path_for(APIRoute("/items/{item_id}", first)) == "/here/items/{item_id}"
