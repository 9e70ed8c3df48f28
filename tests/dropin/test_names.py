"""Every name of FastAPI that is public, or that packages reach for, leads somewhere."""

from importlib import import_module

import pytest

from pronghorn.dropin.identity import DEFINED_IN
from pronghorn.dropin.names import MIRRORS, children
from tests.public_names import FASTAPI

# Read off packages that build on FastAPI, beyond what it documents.
ECOSYSTEM = {
    "fastapi": "__version__ routing params applications dependencies",
    "fastapi._compat": "ModelField Undefined PYDANTIC_VERSION_MINOR_TUPLE get_definitions _normalize_errors"
    " get_flat_models_from_fields get_model_name_map field_annotation_is_sequence field_annotation_is_scalar"
    " field_annotation_is_scalar_sequence is_bytes_or_nonable_bytes_annotation is_bytes_sequence_annotation"
    " sequence_annotation_to_type lenient_issubclass",
    "fastapi._compat.v2": "ModelField get_flat_models_from_fields get_model_name_map",
    "fastapi._compat.shared": "is_bytes_sequence_annotation lenient_issubclass",
    "fastapi._form_limits": "_FormLimits",
    "fastapi.applications": "FastAPI get_swagger_ui_html get_redoc_html get_openapi",
    "fastapi.datastructures": "Default DefaultPlaceholder _Unset QueryParams URL",
    "fastapi.dependencies": "models utils",
    "fastapi.dependencies.models": "Dependant",
    "fastapi.dependencies.utils": "_get_body_field _get_flat_body_params _should_embed_body_fields get_dependant"
    " get_flat_dependant get_flat_params get_parameterless_sub_dependant get_typed_return_annotation"
    " get_typed_signature get_validation_alias lenient_issubclass request_params_to_args"
    " request_body_to_args solve_dependencies",
    "fastapi.openapi": "utils models docs constants",
    "fastapi.openapi.constants": "REF_PREFIX",
    "fastapi.openapi.utils": "get_openapi get_fields_from_routes _get_openapi_dependency_data"
    " _get_openapi_operation_parameters",
    "fastapi.params": "Body Depends File Form Header Param ParamTypes Query Security",
    "fastapi.routing": "APIRoute APIRouter APIWebSocketRoute Mount RouteContext _DefaultLifespan"
    " _EffectiveRouteContext _IncludedRouter _iter_routes_with_context _merge_lifespan_context"
    " get_request_handler iter_route_contexts request_response run_endpoint_function serialize_response"
    " solve_dependencies",
    "fastapi.status": "HTTP_500_INTERNAL_SERVER_ERROR",
    "fastapi.utils": "create_cloned_field create_model_field create_response_field generate_unique_id"
    " is_body_allowed_for_status_code",
}

pytestmark = pytest.mark.usefixtures("installed")


@pytest.mark.filterwarnings("ignore::starlette.exceptions.StarletteDeprecationWarning")
def test_every_public_name_of_fastapi_can_be_imported() -> None:
    for module, names in FASTAPI.items():
        mirror = import_module(f"fastapi.{module}".removesuffix("."))
        assert [name for name in names.split() if not hasattr(mirror, name)] == [], module


@pytest.mark.parametrize("module", ECOSYSTEM)
def test_every_name_that_packages_reach_for_can_be_imported(module: str) -> None:
    mirror = import_module(module)
    assert [name for name in ECOSYSTEM[module].split() if not hasattr(mirror, name)] == []


@pytest.mark.filterwarnings("ignore::starlette.exceptions.StarletteDeprecationWarning")
@pytest.mark.parametrize("module", [name for name in MIRRORS if name != "fastapi.__main__"])
def test_no_name_leads_nowhere(module: str) -> None:
    mirror = import_module(module)
    assert [
        name for name in dir(mirror) if name != "__main__" and getattr(mirror, name, mirror) is mirror
    ] == []
    assert set(MIRRORS[module].aliases) <= set(dir(mirror))


def test_the_children_of_a_package_are_its_modules() -> None:
    assert children("fastapi._compat") == {"shared", "v2"}
    assert children("fastapi.routing") == frozenset()


def test_renamed_objects_are_looked_for_in_modules_that_exist() -> None:
    assert set(DEFINED_IN) <= set(MIRRORS)
