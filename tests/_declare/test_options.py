import ast
import inspect
from dataclasses import fields
from typing import Any

import pytest
from starlette.responses import JSONResponse

from pronghorn import APIRouter, FastAPI
from pronghorn._base.sentinels import DefaultPlaceholder
from pronghorn._declare import options
from pronghorn._declare.naming import generate_unique_id
from pronghorn._declare.options import (
    AddApiRouteOptions,
    APIRouteOptions,
    ApiRouteOptions,
    IncludeOptions,
    RouteConfig,
    RouteOptions,
    completed,
)
from pronghorn.routing import APIRoute

VERB = {
    "response_model", "status_code", "tags", "dependencies", "summary", "description", "response_description",
    "responses", "deprecated", "operation_id", "response_model_include", "response_model_exclude",
    "response_model_by_alias", "response_model_exclude_unset", "response_model_exclude_defaults",
    "response_model_exclude_none", "include_in_schema", "response_class", "name", "callbacks",
    "openapi_extra", "generate_unique_id_function", "max_body_size", "form_limits",
}  # fmt: skip
INCLUDE = {
    "prefix", "tags", "dependencies", "default_response_class", "responses", "callbacks", "deprecated",
    "include_in_schema", "generate_unique_id_function", "max_body_size", "form_limits",
}  # fmt: skip


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (RouteOptions, VERB),
        (ApiRouteOptions, VERB | {"methods"}),
        (AddApiRouteOptions, VERB | {"methods", "route_class_override", "strict_content_type"}),
        (APIRouteOptions, VERB | {"methods", "dependency_overrides_provider", "strict_content_type"}),
        (IncludeOptions, INCLUDE),
    ],
)
def test_the_options_are_fastapis(record: type[Any], expected: set[str]) -> None:
    assert set(record.__annotations__) == expected
    assert record.__required_keys__ == frozenset()


def test_every_option_is_documented_where_it_is_defined() -> None:
    tree = ast.parse(inspect.getsource(options))
    undocumented = [
        ast.unparse(statement)
        for record in ast.walk(tree)
        if isinstance(record, ast.ClassDef) and record.name.endswith("Options")
        for statement, after in zip(record.body, [*record.body[1:], ast.Pass()], strict=True)
        if isinstance(statement, ast.AnnAssign)
        if not (isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant))
    ]

    assert undocumented == []


def test_every_option_of_a_route_has_a_default() -> None:
    config = RouteConfig("/", print)

    assert {one.name for one in fields(RouteConfig)} >= VERB - {"form_limits"}
    assert isinstance(config.response_model, DefaultPlaceholder)
    assert isinstance(config.response_class, DefaultPlaceholder)
    assert config.response_class.value is JSONResponse
    assert isinstance(config.generate_unique_id_function, DefaultPlaceholder)
    assert config.generate_unique_id_function.value is generate_unique_id
    assert (config.response_model_by_alias, config.include_in_schema) == (True, True)
    assert config.response_description == "Successful Response"


def test_options_that_were_left_out_are_completed() -> None:
    complete = completed({"status_code": 201}, RouteOptions, "get")

    assert complete.keys() == VERB - {"form_limits"}
    assert (complete["status_code"], complete["tags"], complete["include_in_schema"]) == (201, None, True)


def test_only_options_that_are_allowed_are_completed() -> None:
    assert "methods" not in completed({}, RouteOptions, "get")
    assert completed({}, ApiRouteOptions, "api_route")["methods"] is None


def test_placeholders_are_not_shared() -> None:
    first, second = completed({}, RouteOptions, "get"), completed({}, RouteOptions, "get")

    assert first["response_model"] is not second["response_model"]


def test_the_options_that_were_given_are_not_changed() -> None:
    given: dict[str, Any] = {"status_code": 201}

    completed(given, RouteOptions, "get")

    assert given == {"status_code": 201}


def use(router: Any, method: str, **given: Any) -> None:
    arguments: tuple[Any, ...] = ("/",)
    if method == "include_router":
        arguments = (APIRouter(),)
    elif method == "add_api_route":
        arguments = ("/", print)
    getattr(router, method)(*arguments, **given)


@pytest.mark.parametrize("router", [FastAPI(), APIRouter()])
@pytest.mark.parametrize(
    ("method", "caller"),
    [
        ("get", "api_route"),
        ("trace", "api_route"),
        ("api_route", "api_route"),
        ("add_api_route", "add_api_route"),
        ("include_router", "include_router"),
    ],
)
def test_a_name_that_is_no_option_is_a_type_error(router: Any, method: str, caller: str) -> None:
    with pytest.raises(TypeError) as raised:
        use(router, method, response_modell=int)
    assert str(raised.value) == f"{caller}() got an unexpected keyword argument 'response_modell'"


def test_a_route_knows_its_options_too() -> None:
    with pytest.raises(TypeError, match="got an unexpected keyword argument 'response_modell'"):
        APIRoute("/", print, response_modell=int)  # type: ignore[call-arg]
