"""Which of our modules stand behind each `fastapi` module, and where its private names live.

Only data. A `Mirror` says what one module of the `fastapi` package is made of: `aliases` for
names that exist because packages reach into FastAPI's private parts (each one `module:attribute`,
looked up when asked for), then `backing`, the modules whose own names show through.
Invariant: a key is exactly a module name that FastAPI 0.165 has (or had, where packages still ask
for it); a module that is not a key cannot be imported as `fastapi.…`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FASTAPI_VERSION = "0.165.0"
"""The FastAPI version whose behaviour and names are matched."""


@dataclass(frozen=True)
class Mirror:
    """What one module of the `fastapi` package is made of.

    Attributes:
        backing: modules whose names show through, the first that has a name counts.
        aliases: by name, `module:attribute` (or `module:object.attribute`).
        package: whether there are modules below it.
    """

    backing: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    package: bool = False


def _pairs(module: str, *names: str) -> dict[str, str]:
    """Aliases into `module`; `private=ours` gives a name another one there."""
    split = (name.partition("=") for name in names)
    return {outer: f"{module}:{inner or outer}" for outer, _, inner in split}


_SHARED = {
    **_pairs(
        "pronghorn._schema.annotations",
        "PYDANTIC_VERSION_MINOR_TUPLE",
        "annotation_is_pydantic_v1=is_pydantic_v1",
        "field_annotation_is_complex=is_complex",
        "field_annotation_is_scalar=is_scalar",
        "field_annotation_is_scalar_sequence=is_scalar_sequence",
        "field_annotation_is_sequence=is_sequence",
        "is_bytes_or_nonable_bytes_annotation=is_bytes",
        "is_bytes_sequence_annotation=is_bytes_sequence",
        "is_pydantic_v1_model_instance=is_pydantic_v1_instance",
        "is_uploadfile_or_nonable_uploadfile_annotation=is_upload_file",
        "is_uploadfile_sequence_annotation=is_upload_file_sequence",
        "lenient_issubclass",
        "sequence_annotation_to_type",
        "sequence_types",
        "value_is_sequence",
    ),
}

_V2 = {
    **_pairs(
        "pronghorn._schema.field",
        "ModelField",
        "copy_field_info",
        "create_body_model",
        "get_cached_model_fields=cached_model_fields",
        "is_scalar_field",
        "get_model_fields=model_fields",
        "serialize_sequence_value",
    ),
    **_pairs(
        "pronghorn._schema.definitions",
        "GenerateJsonSchema=OpenAPIJsonSchema",
        "get_definitions",
        "get_flat_models_from_fields",
        "get_model_name_map",
        "get_schema_from_model_field",
    ),
    **_pairs("pronghorn._schema.errors", "get_missing_field_error=missing_error"),
    **_pairs("pronghorn._schema.annotations", "evaluate_forwardref=evaluate_forward_ref"),
    **_pairs("pronghorn._base.sentinels", "Undefined", "RequiredParam=Undefined"),
    **_pairs("pronghorn.dropin.private", "_normalize_errors", "_regenerate_error_with_loc"),
    **_pairs("pydantic", "PydanticSchemaGenerationError"),
    **_pairs("pydantic_core", "Url"),
    **_pairs("pydantic_core.core_schema", "with_info_plain_validator_function"),
}

_DEPENDENCY_MODELS = {
    **_pairs(
        "pronghorn._compile.dependant",
        "Dependant",
        "_get_cache_key=cache_key",
        "_get_computed_scope=computed_scope",
        "_get_oauth_scopes=oauth_scopes",
        "_get_security_scheme=security_scheme",
        "_is_security_scheme=is_security_scheme",
        "_uses_scopes=uses_scopes",
    ),
    **_pairs(
        "pronghorn._compile.callables",
        "_is_async_gen_callable=is_async_generator_callable",
        "_is_async_gen_callable_cached=_traits",
        "_is_coroutine_callable_cached=_traits",
        "_is_gen_callable_cached=_traits",
        "_is_coroutine_callable=is_coroutine_callable",
        "_is_gen_callable=is_generator_callable",
    ),
}

_DEPENDENCY_UTILS = {
    **_pairs(
        "pronghorn._compile.signature",
        "get_dependant",
        "get_flat_params=flat_params",
        "get_parameterless_sub_dependant",
        "get_stream_item_type=stream_item_type",
        "get_typed_annotation=typed_annotation",
        "get_typed_return_annotation=typed_return_annotation",
        "get_typed_signature=typed_signature",
    ),
    **_pairs(
        "pronghorn._compile.body",
        "_get_body_field=get_body_field",
        "_get_flat_body_params=flat_body_params",
        "_should_embed_body_fields=should_embed_body_fields",
    ),
    **_pairs(
        "pronghorn._compile.models",
        "_get_flat_fields_from_params=flat_fields_from_params",
        "_get_model_type=model_type",
        "_get_param_model=param_model",
    ),
    **_pairs("pronghorn._compile.extract", "request_params_to_args=read_params"),
    **_pairs(
        "pronghorn._compile.multipart",
        "ensure_multipart_is_installed",
        "multipart_incorrect_install_error=WRONG_PACKAGE",
        "multipart_not_installed_error=NOT_INSTALLED",
    ),
    **_pairs("pronghorn._schema.field", "get_validation_alias"),
    **_pairs("pronghorn._schema.annotations", "lenient_issubclass"),
    **_pairs("pronghorn._engine.bodies", "_read_file_bytes=_read_file", "request_body_to_args"),
    **_pairs("pronghorn._engine.reference", "SolvedDependency", "solve_dependencies"),
    **_pairs("pronghorn.dropin.private", "get_flat_dependant"),
}

_ROUTING = {
    **_pairs(
        "pronghorn._app.included",
        "_EffectiveRouteContext=EffectiveRoute",
        "_FASTAPI_EFFECTIVE_ROUTE_CONTEXT_KEY=EFFECTIVE_KEY",
        "_FASTAPI_SCOPE_KEY=SCOPE_KEY",
        "_IncludedRouter=IncludedRouter",
        "_iter_routes_with_context=iter_routes_with_context",
    ),
    **_pairs(
        "pronghorn._app.lifespan",
        "_DefaultLifespan=EventHandlerLifespan",
        "_merge_lifespan_context=MergedLifespan",
    ),
    **_pairs(
        "pronghorn._compile.signature",
        "get_dependant",
        "get_parameterless_sub_dependant",
        "get_typed_return_annotation=typed_return_annotation",
    ),
    **_pairs(
        "pronghorn.dropin.private_routing",
        "_SCOPE_MISSING",
        "_iter_included_route_candidates",
        "_restore_fastapi_scope_key",
    ),
    **_pairs("pronghorn._app.route", "_effective_route_context_var=effective_route"),
    **_pairs("pronghorn._base.sse", "_PING_INTERVAL=PING_INTERVAL"),
    **_pairs("starlette.routing", "BaseRoute", "Match", "NoMatchFound", "compile_path", "get_name"),
}

MIRRORS: Mapping[str, Mirror] = {
    "fastapi": Mirror(
        ("pronghorn",),
        {"__version__": "pronghorn.dropin.names:FASTAPI_VERSION", "status": "starlette:status"},
        package=True,
    ),
    "fastapi.__main__": Mirror(("pronghorn.cli.fastapi_program",)),
    "fastapi._body_limit": Mirror(aliases=_pairs("pronghorn._declare.limits", "validate_max_body_size")),
    "fastapi._compat": Mirror(aliases={**_SHARED, **_V2}, package=True),
    "fastapi._compat.shared": Mirror(aliases=_SHARED),
    "fastapi._compat.v2": Mirror(aliases={**_SHARED, **_V2}),
    "fastapi._form_limits": Mirror(
        aliases=_pairs(
            "pronghorn._declare.limits",
            "_FormLimits=FormLimits",
            "_validate_form_limits=validate_form_limits",
        )
    ),
    "fastapi.applications": Mirror(
        ("pronghorn.applications",), _pairs("pronghorn._openapi.document", "get_openapi")
    ),
    "fastapi.background": Mirror(("pronghorn.background",)),
    "fastapi.cli": Mirror(("pronghorn.cli.fastapi_command",)),
    "fastapi.concurrency": Mirror(
        ("pronghorn.concurrency",),
        _pairs("pronghorn._base.concurrency", "_DependencyConcurrency=DependencyConcurrency"),
    ),
    "fastapi.datastructures": Mirror(
        ("pronghorn.datastructures",),
        _pairs("pronghorn._base.sentinels", "_Unset=Unset", "DefaultPlaceholder"),
    ),
    "fastapi.dependencies": Mirror(package=True),
    "fastapi.dependencies.models": Mirror(aliases=_DEPENDENCY_MODELS),
    "fastapi.dependencies.utils": Mirror(aliases=_DEPENDENCY_UTILS),
    "fastapi.encoders": Mirror(
        ("pronghorn.encoders",), _pairs("pronghorn._schema.encoder", "decimal_encoder", "isoformat")
    ),
    "fastapi.exception_handlers": Mirror(("pronghorn.exception_handlers",)),
    "fastapi.exceptions": Mirror(("pronghorn.exceptions",)),
    "fastapi.logger": Mirror(("pronghorn.logger",)),
    "fastapi.middleware": Mirror(("pronghorn.middleware",), package=True),
    "fastapi.middleware.asyncexitstack": Mirror(("pronghorn.middleware.asyncexitstack",)),
    "fastapi.middleware.cors": Mirror(("pronghorn.middleware.cors",)),
    "fastapi.middleware.gzip": Mirror(("pronghorn.middleware.gzip",)),
    "fastapi.middleware.httpsredirect": Mirror(("pronghorn.middleware.httpsredirect",)),
    "fastapi.middleware.trustedhost": Mirror(("pronghorn.middleware.trustedhost",)),
    "fastapi.middleware.wsgi": Mirror(("pronghorn.middleware.wsgi",)),
    "fastapi.openapi": Mirror(("pronghorn.openapi",), package=True),
    "fastapi.openapi.constants": Mirror(("pronghorn.openapi.constants",)),
    "fastapi.openapi.docs": Mirror(("pronghorn.openapi.docs",)),
    "fastapi.openapi.models": Mirror(("pronghorn.openapi.models",)),
    "fastapi.openapi.utils": Mirror(
        ("pronghorn.openapi.utils",),
        _pairs(
            "pronghorn.dropin.private_openapi",
            "_get_openapi_dependency_data",
            "_get_openapi_operation_parameters",
        ),
    ),
    "fastapi.param_functions": Mirror(("pronghorn.param_functions",)),
    "fastapi.params": Mirror(("pronghorn.params",)),
    "fastapi.requests": Mirror(("pronghorn.requests",)),
    "fastapi.responses": Mirror(("pronghorn.responses",)),
    "fastapi.routing": Mirror(("pronghorn.routing",), _ROUTING),
    "fastapi.security": Mirror(("pronghorn.security",), package=True),
    "fastapi.security.api_key": Mirror(("pronghorn.security.api_key",)),
    "fastapi.security.base": Mirror(("pronghorn.security.base",)),
    "fastapi.security.http": Mirror(("pronghorn.security.http",)),
    "fastapi.security.oauth2": Mirror(("pronghorn.security.oauth2",)),
    "fastapi.security.open_id_connect_url": Mirror(("pronghorn.security.open_id_connect_url",)),
    "fastapi.security.utils": Mirror(("pronghorn.security.utils",)),
    "fastapi.sse": Mirror(("pronghorn.sse",), _pairs("pronghorn._base.sse", "_PING_INTERVAL=PING_INTERVAL")),
    "fastapi.staticfiles": Mirror(("pronghorn.staticfiles",)),
    "fastapi.status": Mirror(("starlette.status",)),
    "fastapi.telemetry": Mirror(("pronghorn.telemetry",), package=True),
    "fastapi.telemetry._api": Mirror(("pronghorn.telemetry",)),
    "fastapi.telemetry._asgi": Mirror(
        aliases=_pairs("pronghorn.dropin.private_telemetry", "NativeTelemetry")
    ),
    "fastapi.telemetry._runtime": Mirror(
        aliases={
            **_pairs("pronghorn.dropin.private_telemetry", "_configure_from_environment", "lifespan"),
            **_pairs(
                "pronghorn._engine.telemetry.export",
                "_configured=EXPORTERS._served",
                "_export_endpoint=export_endpoint",
                "_flush=EXPORTERS.flush",
                "_owned=EXPORTERS._owned",
                "_registration_provider=_registrable",
                "_shutdown=EXPORTERS.shutdown",
            ),
        }
    ),
    "fastapi.templating": Mirror(("pronghorn.templating",)),
    "fastapi.testclient": Mirror(("pronghorn.testclient",)),
    "fastapi.types": Mirror(("pronghorn.types",)),
    "fastapi.utils": Mirror(
        ("pronghorn.utils",),
        _pairs("pronghorn.dropin.private", "create_response_field", "create_cloned_field"),
    ),
    "fastapi.websockets": Mirror(("pronghorn.websockets",)),
}
"""Every module of the `fastapi` package, by its full name."""


def children(package: str) -> frozenset[str]:
    """The names of the modules directly under `package`."""
    start = f"{package}."
    tails = (name.removeprefix(start) for name in MIRRORS if name.startswith(start))
    return frozenset(tail for tail in tails if "." not in tail)
