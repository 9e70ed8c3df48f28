"""The names and modules of public classes and functions while the drop-in is installed.

Some packages tell FastAPI's objects by a `__module__` that starts with `fastapi.`, or by the name of
their class; pickles written under the drop-in name `fastapi` modules too, as FastAPI's own would.
`adopt` gives the objects of one mirrored module these names when it is imported, `restore` gives back
the true ones. Invariant: a name that was given leads back to the object, so it can still be pickled.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from inspect import isclass, isfunction
from typing import Any

from pronghorn.dropin.mirror import ORIGINS

DEFINED_IN: Mapping[str, str] = {
    "fastapi._compat.v2": "ModelField",
    "fastapi._form_limits": "_FormLimits",
    "fastapi.applications": "FastAPI",
    "fastapi.background": "BackgroundTasks",
    "fastapi.concurrency": "contextmanager_in_threadpool",
    "fastapi.datastructures": "UploadFile DefaultPlaceholder Default",
    "fastapi.dependencies.models": "Dependant",
    "fastapi.dependencies.utils": (
        "get_parameterless_sub_dependant get_flat_params get_typed_signature get_typed_annotation"
        " get_typed_return_annotation get_stream_item_type get_dependant SolvedDependency"
        " solve_dependencies request_params_to_args request_body_to_args get_validation_alias"
    ),
    "fastapi.encoders": "jsonable_encoder isoformat decimal_encoder generate_encoders_by_class_tuples",
    "fastapi.exception_handlers": (
        "http_exception_handler request_validation_exception_handler"
        " websocket_request_validation_exception_handler"
    ),
    "fastapi.exceptions": (
        "EndpointContext HTTPException WebSocketException FastAPIError DependencyScopeError"
        " ValidationException RequestValidationError WebSocketRequestValidationError"
        " ResponseValidationError PydanticV1NotSupportedError FastAPIDeprecationWarning"
    ),
    "fastapi.middleware.asyncexitstack": "AsyncExitStackMiddleware",
    "fastapi.openapi.docs": "get_swagger_ui_html get_redoc_html get_swagger_ui_oauth2_redirect_html",
    "fastapi.openapi.models": (
        "BaseModelWithConfig Contact License Info ServerVariable Server Reference Discriminator XML"
        " ExternalDocumentation Schema Example ParameterInType Encoding MediaType ParameterBase Parameter"
        " Header RequestBody Link Response Operation PathItem SecuritySchemeType SecurityBase APIKeyIn"
        " APIKey HTTPBase HTTPBearer OAuthFlow OAuthFlowImplicit OAuthFlowPassword"
        " OAuthFlowClientCredentials OAuthFlowAuthorizationCode OAuthFlows OAuth2 OpenIdConnect"
        " Components Tag OpenAPI"
    ),
    "fastapi.openapi.utils": "get_openapi get_openapi_path get_fields_from_routes",
    "fastapi.param_functions": "Path Query Header Cookie Body Form File Depends Security",
    "fastapi.params": "ParamTypes Param Path Query Header Cookie Body Form File Depends Security",
    "fastapi.responses": "UJSONResponse ORJSONResponse",
    "fastapi.routing": (
        "APIRoute APIWebSocketRoute APIRouter RouteContext _IncludedRouter _EffectiveRouteContext"
        " _DefaultLifespan request_response websocket_session serialize_response run_endpoint_function"
        " get_request_handler get_websocket_app iter_route_contexts"
    ),
    "fastapi.security.api_key": "APIKeyBase APIKeyQuery APIKeyHeader APIKeyCookie",
    "fastapi.security.base": "SecurityBase",
    "fastapi.security.http": (
        "HTTPBasicCredentials HTTPAuthorizationCredentials HTTPBase HTTPBasic HTTPBearer HTTPDigest"
    ),
    "fastapi.security.oauth2": (
        "OAuth2PasswordRequestForm OAuth2PasswordRequestFormStrict OAuth2 OAuth2PasswordBearer"
        " OAuth2AuthorizationCodeBearer SecurityScopes"
    ),
    "fastapi.security.open_id_connect_url": "OpenIdConnect",
    "fastapi.security.utils": "get_authorization_scheme_param",
    "fastapi.sse": "EventSourceResponse ServerSentEvent format_sse_event",
    "fastapi.utils": (
        "is_body_allowed_for_status_code get_path_param_names create_model_field generate_unique_id"
        " generate_operation_id_for_path deep_dict_update get_value_or_default"
    ),
}
"""By module of FastAPI: the classes and functions it defines (and does not merely re-export)."""

_LOADED_BY_ROOT = (
    "fastapi.applications",
    "fastapi.background",
    "fastapi.datastructures",
    "fastapi.exceptions",
    "fastapi.param_functions",
    "fastapi.params",
    "fastapi.routing",
)
"""Imported with `fastapi` itself: they define what `from fastapi import …` offers."""

_renamed: list[tuple[Any, tuple[str, str, str]]] = []
"""Objects with their true module, name and qualified name."""


def adopt(module_name: str) -> None:
    """Name the classes and functions that FastAPI defines in `module_name` after it."""
    for dependency in _LOADED_BY_ROOT if module_name == "fastapi" else ():
        import_module(dependency)
    module = sys.modules[module_name]
    for name in DEFINED_IN.get(module_name, "").split():
        found = getattr(module, name, None)
        if (isclass(found) or isfunction(found)) and found.__module__.startswith("pronghorn."):
            _rename(found, module_name, name)


def _rename(found: Any, module_name: str, name: str) -> None:
    ORIGINS.setdefault(module_name, set()).add(found.__module__)
    _renamed.append((found, (found.__module__, found.__name__, found.__qualname__)))
    found.__module__, found.__name__, found.__qualname__ = module_name, name, name


def restore() -> None:
    """Give every renamed object its true names back."""
    while _renamed:
        found, names = _renamed.pop()
        found.__module__, found.__name__, found.__qualname__ = names
    ORIGINS.clear()
