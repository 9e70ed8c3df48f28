"""FastAPI's private functions do what packages call them for."""

from typing import Annotated, Any

import pytest
from starlette.routing import Route

from pronghorn import APIRouter, Depends, FastAPI, Query
from pronghorn._schema.field import create_model_field
from pronghorn.params import Depends as DependsMarker
from tests.dropin.modules import imported

pytestmark = pytest.mark.usefixtures("installed")


def page(number: int, size: int = 10) -> int:
    return number * size


def by_token(token: Annotated[str, Query()], start: Annotated[int, Depends(page)]) -> str:
    return token * start


async def endpoint(
    key: str, start: Annotated[int, Depends(page)], who: Annotated[str, Depends(by_token)]
) -> None: ...


def dependant() -> Any:
    return imported("fastapi.dependencies.utils").get_dependant(path="/items/{key}", call=endpoint)


def names(fields: list[Any]) -> list[str]:
    return [field.name for field in fields]


def test_a_flat_dependant_has_the_parameters_of_all_dependencies() -> None:
    flat = imported("fastapi.dependencies.utils").get_flat_dependant(dependant())
    assert names(flat.path_params) == ["key"]
    assert names(flat.query_params) == ["number", "size", "token", "number", "size"]
    assert [inner.call for inner in flat.dependencies] == [page, by_token, page]


def test_a_flat_dependant_can_count_each_dependency_once() -> None:
    flat = imported("fastapi.dependencies.utils").get_flat_dependant(dependant(), skip_repeats=True)
    assert names(flat.query_params) == ["number", "size", "token"]


def test_a_dependency_without_a_parameter_can_be_made_from_a_marker() -> None:
    utils = imported("fastapi.dependencies.utils")
    made = utils.get_parameterless_sub_dependant(depends=DependsMarker(page), path="/")
    assert names(made.query_params) == ["number", "size"]


def test_former_names_of_fields_and_errors_still_work() -> None:
    utils, compat = imported("fastapi.utils"), imported("fastapi._compat")
    field = utils.create_response_field("reply", int, class_validators={}, mode="serialization")
    assert (field.name, field.mode) == ("reply", "serialization")
    assert utils.create_cloned_field(field) is field
    error = {"type": "missing", "loc": ("name",), "msg": "Field required", "input": None}
    assert compat._normalize_errors([error]) == [error]
    (moved,) = compat._regenerate_error_with_loc(errors=[error], loc_prefix=("body",))
    assert moved["loc"] == ("body", "name")


def test_the_parameters_of_an_operation_can_be_described_alone() -> None:
    utils, compat = imported("fastapi.openapi.utils"), imported("fastapi._compat")
    found = utils._get_openapi_dependency_data(dependant())
    fields = [*found.path_params, *found.query_params]
    model_name_map = compat.get_model_name_map(compat.get_flat_models_from_fields(fields, known_models=set()))
    field_mapping, _ = compat.get_definitions(fields=fields, model_name_map=model_name_map)
    described = utils._get_openapi_operation_parameters(
        dependency_data=found, model_name_map=model_name_map, field_mapping=field_mapping
    )
    assert [(one["in"], one["name"]) for one in described] == [
        ("path", "key"),
        ("query", "number"),
        ("query", "size"),
        ("query", "token"),
    ]


def test_included_routes_can_be_walked_as_starlette_would_try_them() -> None:
    inner, outer = APIRouter(), APIRouter()
    inner.get("/deep")(page)
    inner.routes.append(Route("/plain", page))
    outer.include_router(inner, prefix="/in")
    found = imported("fastapi.routing")._iter_included_route_candidates(outer.routes)
    assert [route.path for route in found] == ["/deep", "/in/plain"]


def test_a_key_of_the_scope_can_be_restored() -> None:
    routing = imported("fastapi.routing")
    scope: dict[str, Any] = {"fastapi": {"one": 1}}
    routing._restore_fastapi_scope_key(scope, "one", 2)
    assert scope == {"fastapi": {"one": 2}}
    routing._restore_fastapi_scope_key(scope, "one", routing._SCOPE_MISSING)
    assert scope == {"fastapi": {}}
    odd = {"fastapi": None}
    routing._restore_fastapi_scope_key(odd, "one", 2)
    assert odd == {"fastapi": None}


def test_what_telemetry_exports_with_can_be_looked_at_and_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = imported("fastapi.telemetry._runtime")
    ended: list[str] = []

    class Component:
        def shutdown(self) -> None:
            ended.append("shutdown")

    with monkeypatch.context() as patched:
        patched.setattr(runtime, "_owned", [Component()])
        runtime._shutdown()
    assert ended == ["shutdown"]
    assert runtime._owned == []


@pytest.mark.anyio
async def test_telemetry_takes_an_applications_observer_for_its_settings() -> None:
    app = FastAPI(telemetry={"auto_configure": False})
    runtime, asgi = imported("fastapi.telemetry._runtime"), imported("fastapi.telemetry._asgi")
    observer = getattr(app, "_telemetry")  # noqa: B009 - FastAPI's private name
    runtime._configure_from_environment(observer)
    assert asgi.NativeTelemetry(observer).config == asgi.NativeTelemetry(observer.config).config
    seen: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    async def nothing(*_: Any) -> Any: ...

    await runtime.lifespan(
        config=observer, app=inner, scope={"type": "lifespan"}, receive=nothing, send=nothing
    )
    assert seen == ["lifespan"]


def test_fields_made_by_utils_are_ours() -> None:
    assert type(imported("fastapi.utils").create_model_field("n", int)) is type(create_model_field("n", int))
