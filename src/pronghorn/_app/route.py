"""One path operation, as a Starlette route that carries everything derived from its declaration.

Lives here: `APIRoute` and settling a `RouteConfig` into attributes.
Must not live here: merging options of routers (`_declare.include`), answering requests (`_engine`).
Invariant: what is wrong with a declaration is an error here, when the route is made.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum, IntEnum
from typing import Any

from pydantic.main import IncEx
from starlette import routing
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, compile_path, get_name
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import Unpack

from pronghorn._app.methods import accepts, allowed
from pronghorn._base.declaration import described, note_location, require
from pronghorn._base.generation import generation, tracked
from pronghorn._base.sentinels import DefaultPlaceholder, settled
from pronghorn._base.spelled_out import spelled_out
from pronghorn._base.sse import EventSourceResponse, ServerSentEvent
from pronghorn._base.status_codes import allows_body
from pronghorn._compile.body import flat_body_params, get_body_field, should_embed_body_fields
from pronghorn._compile.callables import kind_of
from pronghorn._compile.dependant import Dependant
from pronghorn._compile.signature import (
    get_dependant,
    get_parameterless_sub_dependant,
    stream_item_type,
    tell_unresolved,
    typed_return_annotation,
)
from pronghorn._declare.depends import Depends
from pronghorn._declare.limits import FormLimits, validate_form_limits, validate_max_body_size
from pronghorn._declare.options import SHOWN_DEFAULTS, APIRouteOptions, RouteConfig
from pronghorn._engine.body_limit import wrap_app_with_body_limit
from pronghorn._engine.general import request_response
from pronghorn._engine.seams import seams
from pronghorn._schema.annotations import lenient_issubclass
from pronghorn._schema.field import ModelField, create_model_field

#: The effective route for which `get_route_handler` is being called, while a router is included.
effective_route: ContextVar[Any] = ContextVar("pronghorn_effective_route", default=None)


class RouteState:
    """The attributes of a path operation, shared by `APIRoute` and its view through an included router."""

    path: str
    endpoint: Callable[..., Any]
    stream_item_type: Any | None
    response_model: Any
    summary: str | None
    response_description: str
    deprecated: bool | None
    operation_id: str | None
    response_model_include: IncEx | None
    response_model_exclude: IncEx | None
    response_model_by_alias: bool
    response_model_exclude_unset: bool
    response_model_exclude_defaults: bool
    response_model_exclude_none: bool
    include_in_schema: bool
    response_class: type[Response] | DefaultPlaceholder
    dependency_overrides_provider: Any | None
    callbacks: list[BaseRoute] | None
    openapi_extra: dict[str, Any] | None
    generate_unique_id_function: Callable[[Any], str] | DefaultPlaceholder
    strict_content_type: bool | DefaultPlaceholder
    max_body_size: int | None
    tags: list[str | Enum]
    responses: dict[int | str, dict[str, Any]]
    name: str
    path_regex: Any
    path_format: str
    param_convertors: dict[str, Any]
    methods: Any  # a set of names; Starlette declares it wider
    unique_id: str
    status_code: int | None
    response_field: ModelField | None
    stream_item_field: ModelField | None
    dependencies: list[Depends]
    description: str
    response_fields: dict[int | str, ModelField]
    dependant: Dependant
    body_field: ModelField | None
    is_sse_stream: bool
    is_json_stream: bool
    _embed_body_fields: bool

    def _settle(self, config: RouteConfig) -> None:
        """Derive every attribute from the declaration.

        Raises:
            DeclarationError: the declaration cannot work.
            FastAPIError: a response type that pydantic cannot handle.
        """
        require(
            callable(config.endpoint),
            "An endpoint must be a callable",
            fix=f"give the function of {config.path!r}; found {config.endpoint!r}",
        )
        self._copy_options(config)
        validate_max_body_size(config.max_body_size)
        self.path_regex, self.path_format, self.param_convertors = compile_path(config.path)
        methods = ["GET"] if config.methods is None else config.methods
        self.methods = {method.upper() for method in methods}
        with self._located("the declaration"):
            self.unique_id = config.operation_id or settled(config.generate_unique_id_function)(self)
            self._settle_request()
        with self._located("the response type"):
            self._settle_responses(config)

    @contextmanager
    def _located(self, part: str) -> Iterator[None]:
        """Note on an error which part of which path operation it speaks of."""
        try:
            yield
        except Exception as error:
            note_location(error, self.endpoint, part)
            operation, endpoint = " ".join([*sorted(self.methods), self.path]), described(self.endpoint)
            named = any(endpoint in note for note in error.__notes__)
            error.add_note(f"Path operation: {operation}" + ("" if named else f" ({endpoint})"))
            raise

    def _copy_options(self, config: RouteConfig) -> None:
        for name in _COPIED:
            setattr(self, name, getattr(config, name))
        self.tags = config.tags or []
        self.responses = config.responses or {}
        self.dependencies = list(config.dependencies or [])
        self.name = get_name(config.endpoint) if config.name is None else config.name
        status_code = config.status_code
        self.status_code = int(status_code) if isinstance(status_code, IntEnum) else status_code
        text = config.description or inspect.cleandoc(config.endpoint.__doc__ or "")
        # What follows a form feed in a docstring is for readers of the source.
        self.description = text.split("\f")[0].strip()

    def _settle_request(self) -> None:
        self.dependant = dependant_with(self.path_format, self.endpoint, self.dependencies)
        body_params = flat_body_params(self.dependant)
        self._embed_body_fields = should_embed_body_fields(body_params)
        self.body_field = get_body_field(
            body_params=body_params, name=self.unique_id, embed_body_fields=self._embed_body_fields
        )

    def _settle_responses(self, config: RouteConfig) -> None:
        self.response_fields = {}
        for status_code, response in self.responses.items():
            require(
                isinstance(response, dict),
                "An additional response must be a dict",
                fix=f"write responses={{{status_code!r}: {{'model': ...}}}}; found {response!r}",
            )
            if response.get("model"):
                self.response_fields[status_code] = self._output_field(
                    f"Response_{status_code}_", response["model"], status_code
                )
        is_generator = kind_of(self.endpoint) in ("generator", "async generator")
        self.is_sse_stream = is_generator and lenient_issubclass(self.response_class, EventSourceResponse)
        self.is_json_stream = is_generator and isinstance(self.response_class, DefaultPlaceholder)
        self.response_model = config.response_model
        if isinstance(config.response_model, DefaultPlaceholder):
            self.response_model = self._annotated_response_model(is_generator)
        self.response_field = None
        if self.response_model:
            self.response_field = self._output_field("Response_", self.response_model, self.status_code)
        self.stream_item_field = None
        if self.stream_item_type:
            self.stream_item_field = self._output_field("StreamItem_", self.stream_item_type, None)

    def _annotated_response_model(self, is_generator: bool) -> Any:
        """The response model that the return annotation declares; notes the item type of a stream."""
        annotation = typed_return_annotation(self.endpoint)
        tell_unresolved(annotation, self.endpoint, "the return type")
        if lenient_issubclass(annotation, Response):
            return None
        item = stream_item_type(annotation)
        if item is None or not is_generator:
            return annotation
        if (self.is_json_stream or self.is_sse_stream) and not lenient_issubclass(item, ServerSentEvent):
            self.stream_item_type = item
        return None

    def _output_field(self, prefix: str, type_: Any, status_code: int | str | None) -> ModelField:
        require(
            allows_body(status_code),
            f"Status code {status_code} must not have a response body",
            fix="remove the response model (or write response_model=None), or choose another status code",
        )
        return create_model_field(name=prefix + self.unique_id, type_=type_, mode="serialization")

    def handler_options(self) -> dict[str, Any]:
        """The arguments of `get_request_handler` for this operation, without its form limits."""
        return {
            "dependant": self.dependant,
            "body_field": self.body_field,
            "status_code": self.status_code,
            "response_class": self.response_class,
            "response_field": self.response_field,
            "response_model_include": self.response_model_include,
            "response_model_exclude": self.response_model_exclude,
            "response_model_by_alias": self.response_model_by_alias,
            "response_model_exclude_unset": self.response_model_exclude_unset,
            "response_model_exclude_defaults": self.response_model_exclude_defaults,
            "response_model_exclude_none": self.response_model_exclude_none,
            "dependency_overrides_provider": self.dependency_overrides_provider,
            "embed_body_fields": self._embed_body_fields,
            "strict_content_type": self.strict_content_type,
            "stream_item_field": self.stream_item_field,
            "is_json_stream": self.is_json_stream,
        }


_COPIED = (
    "path", "endpoint", "stream_item_type", "summary", "response_description", "deprecated", "operation_id",
    "response_model_include", "response_model_exclude", "response_model_by_alias",
    "response_model_exclude_unset", "response_model_exclude_defaults", "response_model_exclude_none",
    "include_in_schema", "response_class", "dependency_overrides_provider", "callbacks", "openapi_extra",
    "generate_unique_id_function", "strict_content_type", "max_body_size",
)  # fmt: skip


def dependant_with(path: str, call: Callable[..., Any], dependencies: Sequence[Depends]) -> Dependant:
    """The needs of ``call``, with ``dependencies`` in front of its own."""
    dependant = get_dependant(path=path, call=call, scope="function")
    dependant.dependencies[:0] = [
        get_parameterless_sub_dependant(depends=depends, path=path) for depends in dependencies
    ]
    return dependant


class APIRoute(RouteState, routing.Route):
    """A path operation: a route whose function gets its arguments from the request.

    Subclasses may override `get_route_handler` to wrap how requests are answered; such a route is then
    answered the reference way, through that method's result.

    Args:
        path: the path template.
        endpoint: the function.
        options: see `APIRouteOptions`.
    """

    @spelled_out(APIRouteOptions, SHOWN_DEFAULTS)
    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Unpack[APIRouteOptions]) -> None:
        given: dict[str, Any] = dict(options)
        unknown = next((name for name in given if name not in APIRouteOptions.__annotations__), None)
        if unknown is not None:
            raise TypeError(f"APIRoute.__init__() got an unexpected keyword argument {unknown!r}")
        self.form_limits: FormLimits = validate_form_limits(given.pop("form_limits", None))
        self._settle(RouteConfig(path, endpoint, **given))
        self.app: ASGIApp = wrap_app_with_body_limit(
            request_response(self.get_route_handler()), self.max_body_size
        )

    def __setattr__(self, name: str, value: Any) -> None:
        generation.value += 1
        super().__setattr__(name, tracked(value) if name == "methods" else value)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The function from request to response. Override it to run code around path operations."""
        effective = effective_route.get()
        state: RouteState = self
        if effective is not None and effective.original_route is self:
            state = effective
        handler: Callable[[Request], Coroutine[Any, Any, Response]] = seams.get("get_request_handler")(
            **state.handler_options(), form_limits=self.form_limits
        )
        return handler

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the request is for this operation; partly, when only its method is not."""
        effective = self._effective(scope)
        match, child_scope = effective.match_path(scope) if effective else super().matches(scope)
        if match == Match.PARTIAL and accepts(scope, (effective or self).methods):
            match = Match.FULL
        if match != Match.NONE:
            child_scope["route"] = self
        return match, child_scope

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or 405 when its method is not among the route's."""
        effective = self._effective(scope)
        shown: Any = effective or self
        if effective is None and (not self.methods or scope["method"] in self.methods):
            await super().handle(scope, receive, send)  # tools may have put their own in its place
            return
        if accepts(scope, shown.methods):
            await shown.app(scope, receive, send)
            return
        headers = {"Allow": allowed(scope, shown.methods)}
        if "app" in scope:
            raise HTTPException(status_code=405, headers=headers)
        await PlainTextResponse("Method Not Allowed", 405, headers=headers)(scope, receive, send)

    def _effective(self, scope: Scope) -> Any:
        """This route as the router sees it that the request came through; None for the route itself."""
        effective = scope.get("fastapi", {}).get("effective_route_context")
        return effective if effective is not None and effective.original_route is self else None
