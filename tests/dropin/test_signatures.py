"""Signatures show what FastAPI's show: packages read them to know what they may pass on, and pass it on."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from tests.dropin.modules import imported

pytestmark = pytest.mark.usefixtures("installed")

SHARED = "tags dependencies responses deprecated include_in_schema callbacks generate_unique_id_function max_body_size form_limits"
VERB = (
    f"{SHARED} response_model status_code summary description response_description operation_id"
    " response_model_include response_model_exclude response_model_by_alias response_model_exclude_unset"
    " response_model_exclude_defaults response_model_exclude_none response_class name openapi_extra"
)
FIELD = (
    "default default_factory alias alias_priority validation_alias serialization_alias title description gt ge"
    " lt le min_length max_length pattern regex discriminator strict validate_default union_mode fail_fast"
    " multiple_of allow_inf_nan max_digits decimal_places examples example openapi_examples deprecated"
    " include_in_schema json_schema_extra"
)
SIGNATURES = {
    **{
        f"fastapi:{owner}.{verb}": f"self path {VERB}"
        for owner in ("FastAPI", "APIRouter")
        for verb in ("get", "put", "post", "delete", "options", "head", "patch", "trace")
    },
    "fastapi:FastAPI.api_route": f"self path methods {VERB}",
    "fastapi:APIRouter.api_route": f"self path methods {VERB}",
    "fastapi:FastAPI.add_api_route": f"self path endpoint methods {VERB}",
    "fastapi:APIRouter.add_api_route": f"self path endpoint methods route_class_override strict_content_type {VERB}",
    "fastapi:FastAPI.include_router": f"self router prefix default_response_class {SHARED}",
    "fastapi:APIRouter.include_router": f"self router prefix default_response_class {SHARED}",
    "fastapi.routing:APIRoute": f"path endpoint methods dependency_overrides_provider strict_content_type {VERB}",
    "fastapi.params:Param": f"annotation {FIELD}",
    "fastapi.params:Path": f"annotation {FIELD}",
    "fastapi.params:Query": f"annotation {FIELD}",
    "fastapi.params:Cookie": f"annotation {FIELD}",
    "fastapi.params:Header": f"annotation convert_underscores {FIELD}",
    "fastapi.params:Body": f"annotation embed media_type {FIELD}",
    "fastapi.params:Form": f"annotation media_type {FIELD}",
    "fastapi.params:File": f"annotation media_type {FIELD}",
    "fastapi:Path": FIELD,
    "fastapi:Query": FIELD,
    "fastapi:Cookie": FIELD,
    "fastapi:Header": f"convert_underscores {FIELD}",
    "fastapi:Body": f"embed media_type {FIELD}",
    "fastapi:Form": f"media_type {FIELD}",
    "fastapi:File": f"media_type {FIELD}",
}


def found(place: str) -> Any:
    module, _, names = place.partition(":")
    one = imported(module)
    for name in names.split("."):
        one = getattr(one, name)
    return one


@pytest.mark.parametrize("place", SIGNATURES)
def test_every_parameter_is_shown(place: str) -> None:
    shown = inspect.signature(found(place)).parameters
    assert [name for name in SIGNATURES[place].split() if name not in shown] == []
    assert not [each for each in shown.values() if each.kind is each.VAR_KEYWORD]


def shown_defaults(function: Callable[..., Any]) -> dict[str, Any]:
    parameters = inspect.signature(function).parameters.values()
    return {each.name: each.default for each in parameters if each.default is not each.empty}


@pytest.mark.parametrize("name", ["Param", "Query", "Path", "Header", "Cookie", "Body", "Form", "File"])
def test_passing_the_shown_defaults_of_a_marker_changes_nothing(name: str) -> None:
    kind = found(f"fastapi.params:{name}")
    plain, spelled = kind(), kind(**shown_defaults(kind))
    slots = [name for name in kind.__slots__ if hasattr(plain, name)]
    assert {name: getattr(plain, name) for name in slots} == {name: getattr(spelled, name) for name in slots}
    assert vars(plain) == vars(spelled)


async def endpoint(key: int) -> dict[str, int]:
    return {"key": key}


def test_passing_the_shown_defaults_of_declarations_changes_nothing() -> None:
    fastapi = imported("fastapi")
    documents = []
    for spelled in (False, True):

        def options(function: Callable[..., Any], spelled: bool = spelled) -> dict[str, Any]:
            return shown_defaults(function) if spelled else {}

        app, router = fastapi.FastAPI(), fastapi.APIRouter()
        app.get("/decorated/{key}", **options(app.get))(endpoint)
        router.add_api_route("/added/{key}", endpoint, **options(router.add_api_route))
        route_class = found("fastapi.routing:APIRoute")
        router.routes.append(route_class("/made/{key}", endpoint, **options(route_class)))
        app.include_router(router, **options(app.include_router))
        documents.append(app.openapi())
    assert documents[0] == documents[1]
    assert list(documents[0]["paths"]) == ["/decorated/{key}", "/added/{key}", "/made/{key}"]
