"""The public names, module by module: what `from pronghorn.<module> import …` may rely on.

FASTAPI holds the names that FastAPI 0.165.0 offers in the module of the same name; OURS what comes on top.
The module is "" for the package itself.
"""

VERBS_OF_PARAMETERS = "Body Cookie Depends File Form Header Path Query Security"

FASTAPI: dict[str, str] = {
    "": f"APIRouter BackgroundTasks FastAPI HTTPException Request Response UploadFile WebSocket "
    f"WebSocketDisconnect WebSocketException __version__ status {VERBS_OF_PARAMETERS}",
    "applications": "FastAPI",
    "background": "BackgroundTasks",
    "concurrency": "asynccontextmanager contextmanager_in_threadpool iterate_in_threadpool "
    "run_in_threadpool run_until_first_complete",
    "datastructures": "Address Default DefaultPlaceholder FormData Headers QueryParams State URL UploadFile",
    "encoders": "ENCODERS_BY_TYPE jsonable_encoder",
    "exception_handlers": "http_exception_handler request_validation_exception_handler "
    "websocket_request_validation_exception_handler",
    "exceptions": "DependencyScopeError EndpointContext FastAPIDeprecationWarning FastAPIError HTTPException "
    "PydanticV1NotSupportedError RequestErrorModel RequestValidationError ResponseValidationError "
    "ValidationException WebSocketErrorModel WebSocketException WebSocketRequestValidationError",
    "logger": "logger",
    "middleware": "Middleware",
    "middleware.asyncexitstack": "AsyncExitStackMiddleware",
    "middleware.cors": "CORSMiddleware",
    "middleware.gzip": "GZipMiddleware",
    "middleware.httpsredirect": "HTTPSRedirectMiddleware",
    "middleware.trustedhost": "TrustedHostMiddleware",
    "middleware.wsgi": "WSGIMiddleware",
    "openapi.constants": "METHODS_WITH_BODY REF_PREFIX REF_TEMPLATE",
    "openapi.docs": "get_redoc_html get_swagger_ui_html get_swagger_ui_oauth2_redirect_html "
    "swagger_ui_default_parameters",
    "openapi.models": "APIKey APIKeyIn BaseModelWithConfig Components Contact Discriminator EmailStr Encoding Example "
    "ExternalDocumentation HTTPBase HTTPBearer Header Info License Link MediaType OAuth2 OAuthFlow "
    "OAuthFlowAuthorizationCode OAuthFlowClientCredentials OAuthFlowImplicit OAuthFlowPassword OAuthFlows "
    "OpenAPI OpenIdConnect Operation Parameter ParameterBase ParameterInType PathItem Reference RequestBody "
    "Response Schema SchemaOrBool SchemaType SecurityBase SecurityScheme SecuritySchemeType Server "
    "ServerVariable Tag XML",
    "openapi.utils": "generate_operation_id generate_operation_summary get_fields_from_routes get_openapi "
    "get_openapi_operation_metadata get_openapi_operation_request_body get_openapi_path status_code_ranges "
    "validation_error_definition validation_error_response_definition",
    "param_functions": VERBS_OF_PARAMETERS,
    "params": f"Param ParamTypes {VERBS_OF_PARAMETERS}",
    "requests": "HTTPConnection Request",
    "responses": "EventSourceResponse FileResponse HTMLResponse JSONResponse ORJSONResponse PlainTextResponse "
    "RedirectResponse Response StreamingResponse UJSONResponse",
    "routing": "APIRoute APIRouter APIWebSocketRoute Mount RouteContext get_request_handler get_websocket_app "
    "iter_route_contexts request_response run_endpoint_function serialize_response solve_dependencies "
    "websocket_session",
    "security": "APIKeyCookie APIKeyHeader APIKeyQuery HTTPAuthorizationCredentials HTTPBasic "
    "HTTPBasicCredentials HTTPBearer HTTPDigest OAuth2 OAuth2AuthorizationCodeBearer OAuth2PasswordBearer "
    "OAuth2PasswordRequestForm OAuth2PasswordRequestFormStrict OpenIdConnect SecurityScopes",
    "security.api_key": "APIKeyBase APIKeyCookie APIKeyHeader APIKeyQuery",
    "security.base": "SecurityBase",
    "security.http": "HTTPAuthorizationCredentials HTTPBase HTTPBasic HTTPBasicCredentials HTTPBearer HTTPDigest",
    "security.oauth2": "OAuth2 OAuth2AuthorizationCodeBearer OAuth2PasswordBearer OAuth2PasswordRequestForm "
    "OAuth2PasswordRequestFormStrict SecurityScopes",
    "security.open_id_connect_url": "OpenIdConnect",
    "security.utils": "get_authorization_scheme_param",
    "sse": "EventSourceResponse KEEPALIVE_COMMENT ServerSentEvent format_sse_event",
    "staticfiles": "StaticFiles",
    "telemetry": "TelemetryConfig TelemetryData get_telemetry_data",
    "templating": "Jinja2Templates",
    "testclient": "TestClient",
    "types": "DecoratedCallable IncEx",
    "utils": "create_model_field deep_dict_update generate_operation_id_for_path generate_unique_id "
    "get_path_param_names get_value_or_default is_body_allowed_for_status_code",
    "websockets": "WebSocket WebSocketDisconnect WebSocketState",
}

OURS: dict[str, str] = {
    "": "Pronghorn",
    "applications": "Pronghorn",
    "concurrency": "uninterrupted",
    "openapi.docs": "get_scalar_html",
}
