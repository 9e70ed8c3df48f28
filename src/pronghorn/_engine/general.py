"""The reference way of answering a path operation: from a Starlette request to a Starlette response.

Lives here: handlers of HTTP and WebSocket operations, and the ASGI applications around them.
Must not live here: choosing routes. Invariant: the seams that others replace are looked up at every call.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

from starlette._exception_handler import wrap_app_handling_exceptions
from starlette._utils import is_async_callable
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from pronghorn._base.errors import (
    EndpointContext,
    FastAPIError,
    RequestValidationError,
    ResponseValidationError,
    WebSocketRequestValidationError,
)
from pronghorn._base.exit_stack import MIDDLEWARE_STACK
from pronghorn._base.operation import operation
from pronghorn._base.sentinels import Undefined, settled
from pronghorn._compile.callables import GENERATORS, is_coroutine_callable, kind_of
from pronghorn._compile.dependant import Dependant
from pronghorn._compile.handler_spec import HandlerSpec
from pronghorn._engine.bodies import read_json_body
from pronghorn._engine.body_limit import body_limit_error, is_limited
from pronghorn._engine.endpoint_context import endpoint_context
from pronghorn._engine.event_response import EventStreamResponse
from pronghorn._engine.exchange import exchange_of
from pronghorn._engine.exits import NOT_AWAITED
from pronghorn._engine.files import sender_of
from pronghorn._engine.forms import read_form
from pronghorn._engine.lazy_scope import FUNCTION_STACK, INNER_STACK
from pronghorn._engine.reference import SolvedDependency, exit_stack, solve_without_exits
from pronghorn._engine.reply import drop_forbidden_body
from pronghorn._engine.seams import seams
from pronghorn._engine.streams import event_serializer, event_stream, item_serializer, json_lines, raw_stream
from pronghorn._engine.telemetry import get_telemetry_data, run_sync_endpoint, validation_failed
from pronghorn._engine.websocket import open_session
from pronghorn._schema.encoder import jsonable_encoder
from pronghorn._schema.errors import json_invalid_error
from pronghorn._schema.field import ModelField

RequestHandler = Callable[[Request], Coroutine[Any, Any, Response]]

#: Where a handler (and the application around it) carries its `HandlerSpec`: only what the engine made
#: itself can be compiled; what others put in its place has no spec and takes the reference way.
SPEC_ATTRIBUTE = "__pronghorn_spec__"

#: Stands for a response until there is one.
SWALLOWED: Any = object()

# Files of a form are kept on disk: the disk may be full, or its owner's share of it.
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


def request_response(func: Callable[[Request], Awaitable[Response] | Response]) -> ASGIApp:
    """An ASGI application of a function from request to response, with the exit stacks that routes need."""
    call: Callable[[Request], Any] = func if is_async_callable(func) else _in_a_thread(func)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        exchange = exchange_of(send)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            finished = False
            async with AsyncExitStack() as request_stack:
                scope[INNER_STACK] = request_stack
                response = SWALLOWED
                async with AsyncExitStack() as function_stack:
                    scope[FUNCTION_STACK] = function_stack
                    response = await call(request)
                if response is SWALLOWED:  # the same, before the request's exits
                    raise FastAPIError(NOT_AWAITED)
                if exchange is not None and exchange.sends_pieces and type(response) is EventStreamResponse:
                    response.exchange = exchange
                await sender_of(response)(scope, receive, send)
                finished = True
            if not finished:  # a dependency's exit swallowed the exception
                raise FastAPIError(NOT_AWAITED)

        await wrap_app_handling_exceptions(answer, request)(scope, receive, send)

    spec = getattr(func, SPEC_ATTRIBUTE, None)
    if spec is not None:
        setattr(app, SPEC_ATTRIBUTE, spec)
    return app


def _in_a_thread(func: Callable[[Request], Any]) -> Callable[[Request], Awaitable[Response]]:
    async def call(request: Request) -> Response:
        response: Response = await run_in_threadpool(func, request)
        return response

    return call


def websocket_session(func: Callable[[WebSocket], Awaitable[None]]) -> ASGIApp:
    """An ASGI application of a function that talks over one WebSocket."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        session = open_session(scope, receive, send)

        async def talk(scope: Scope, receive: Receive, send: Send) -> None:
            async with AsyncExitStack() as request_stack:
                scope[INNER_STACK] = request_stack
                async with AsyncExitStack() as function_stack:
                    scope[FUNCTION_STACK] = function_stack
                    await func(session)

        await wrap_app_handling_exceptions(talk, session)(scope, receive, send)

    return app


@seams.register
async def serialize_response(
    *,
    field: ModelField | None = None,
    response_content: Any,
    include: Any = None,
    exclude: Any = None,
    by_alias: bool = True,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
    exclude_none: bool = False,
    is_coroutine: bool = True,
    endpoint_ctx: EndpointContext | None = None,
    dump_json: bool = False,
) -> Any:
    """What an endpoint returned as data for JSON, or as JSON with ``dump_json``.

    Raises:
        ResponseValidationError: it does not fit its response model.
    """
    if field is None:
        return jsonable_encoder(response_content)
    if is_coroutine:
        value, errors = field.validate(response_content, {}, loc=("response",))
    else:
        value, errors = await run_in_threadpool(field.validate, response_content, {}, loc=("response",))
    if errors:
        raise ResponseValidationError(
            errors=errors, body=response_content, endpoint_ctx=endpoint_ctx or EndpointContext()
        )
    serialize: Callable[..., Any] = field.serialize_json if dump_json else field.serialize
    return serialize(
        value,
        include=include,
        exclude=exclude,
        by_alias=by_alias,
        exclude_unset=exclude_unset,
        exclude_defaults=exclude_defaults,
        exclude_none=exclude_none,
    )


@seams.register
async def run_endpoint_function(*, dependant: Dependant, values: dict[str, Any], is_coroutine: bool) -> Any:
    """Call the endpoint with its arguments; a plain function in a worker thread."""
    call = dependant.call
    assert call is not None, "dependant.call must be a function"
    if is_coroutine:
        with operation("endpoint", call):
            return await call(**values)
    return await run_in_threadpool(run_sync_endpoint, function=call, arguments=values)


@seams.register
def get_request_handler(dependant: Dependant, *options: Any, **named_options: Any) -> RequestHandler:
    """The function from request to response for one path operation.

    Args:
        dependant: the needs of the endpoint.
        options: the other fields of `HandlerSpec`, in order.
        named_options: those that are given by name.
    """
    assert dependant.call is not None, "dependant.call must be a function"
    spec = HandlerSpec(dependant, *options, **named_options)

    async def handler(request: Request) -> Response:
        return await answer_request(spec, request)

    setattr(handler, SPEC_ATTRIBUTE, spec)
    return handler


async def answer_request(spec: HandlerSpec, request: Request) -> Response:
    """Answer one request by the reference way: body, dependencies, endpoint, response."""
    telemetry = get_telemetry_data()
    if telemetry is not None:
        telemetry.request = request
    files = exit_stack(request, MIDDLEWARE_STACK)
    context = endpoint_context(
        spec.call, request.method, spec.dependant.path, request.scope.get("root_path", "")
    )
    body = await _read_body(spec, request, files, context)
    if telemetry is not None:
        telemetry.body = None if body is Undefined else body
    stack = exit_stack(request, INNER_STACK)
    with operation("dependencies", spec.call):
        solved: SolvedDependency = await seams.get("solve_dependencies")(
            request=request,
            dependant=spec.dependant,
            body=body,
            dependency_overrides_provider=spec.dependency_overrides_provider,
            async_exit_stack=stack,
            embed_body_fields=spec.embed_body_fields,
        )
        if telemetry is not None:
            telemetry.values, telemetry.errors = solved.values, solved.errors
    if solved.errors:
        error = RequestValidationError(
            solved.errors, body=None if body is Undefined else body, endpoint_ctx=context
        )
        validation_failed(error)
        raise error
    if kind_of(spec.call) in GENERATORS or spec.is_sse_stream or spec.is_json_stream:
        return await _stream(spec, solved, stack, context)
    return await _respond(spec, solved, context)


async def answer_without_exits(spec: HandlerSpec, request: Request) -> Response:
    """Answer a request of an operation that reads no form and has no dependency with an exit, as `answer_request`.

    It needs no exit stacks, and nobody watches: no seam is replaced, no telemetry recorded. PERF: what is wrong
    with a request is found this way, at a third of the cost. bench/counted.py
    """
    root_path = request.scope.get("root_path", "")
    context = endpoint_context(spec.call, request.method, spec.dependant.path, root_path)
    body = await _read_body(spec, request, None, context)
    solved = await solve_without_exits(request, spec.dependant, body, spec.embed_body_fields)
    if solved.errors:
        raise RequestValidationError(
            solved.errors, body=None if body is Undefined else body, endpoint_ctx=context
        )
    return await _respond(spec, solved, context)


async def _read_body(
    spec: HandlerSpec, request: Request, files: AsyncExitStack | None, context: EndpointContext
) -> Any:
    if spec.body_field is None:
        return Undefined
    try:
        if files is not None and spec.reads_form:
            form = await read_form(request, **_form_limits(spec, request))
            files.push_async_callback(form.close)
            return form
        return await read_json_body(request, settled(spec.strict_content_type))
    except json.JSONDecodeError as error:
        invalid = RequestValidationError([json_invalid_error(error)], body=error.doc, endpoint_ctx=context)
        validation_failed(invalid)
        raise invalid from error
    except HTTPException:
        raise
    except Exception as error:
        signal = body_limit_error(error) if is_limited(request.scope) else None
        if signal is not None:
            raise signal from error
        if isinstance(error, OSError) and error.errno in _NO_SPACE:
            raise HTTPException(status_code=507, detail="There is no room for the upload") from error
        raise HTTPException(status_code=400, detail="There was an error parsing the body") from error


def _form_limits(spec: HandlerSpec, request: Request) -> dict[str, Any]:
    inherited = request.scope.get("fastapi", {}).get("form_limits", {})
    return {**inherited, **(spec.form_limits or {})}


def _response_arguments(spec: HandlerSpec, solved: SolvedDependency) -> dict[str, Any]:
    arguments: dict[str, Any] = {"background": solved.background_tasks}
    status_code = solved.response.status_code or spec.status_code
    if status_code is not None:
        arguments["status_code"] = status_code
    return arguments


async def _stream(
    spec: HandlerSpec, solved: SolvedDependency, stack: AsyncExitStack, context: EndpointContext
) -> Response:
    generator = spec.call(**solved.values)
    arguments = _response_arguments(spec, solved)
    response: Response
    if spec.is_sse_stream:
        to_event = event_serializer(item_serializer(spec, context))
        events, relay = await event_stream(spec.call, generator, to_event, stack)
        arguments["media_type"] = "text/event-stream"
        if relay is None:
            response = StreamingResponse(events, **arguments)
        else:
            response = EventStreamResponse(events, relay, **arguments)
        response.headers["Cache-Control"] = "no-cache"
        # Reverse proxies would otherwise collect events before passing them on.
        response.headers["X-Accel-Buffering"] = "no"
    elif spec.is_json_stream:
        lines = json_lines(generator, item_serializer(spec, context))
        response = StreamingResponse(lines, media_type="application/jsonl", **arguments)
    else:
        response = spec.actual_response_class(content=raw_stream(generator), **arguments)
    response.headers.raw.extend(solved.response.headers.raw)
    return response


async def _respond(spec: HandlerSpec, solved: SolvedDependency, context: EndpointContext) -> Response:
    is_coroutine = is_coroutine_callable(spec.call)
    returned = await seams.get("run_endpoint_function")(
        dependant=spec.dependant, values=solved.values, is_coroutine=is_coroutine
    )
    if isinstance(returned, Response):
        if returned.background is None:
            returned.background = solved.background_tasks
        return returned
    with operation("serialization", spec.call):
        content = await seams.get("serialize_response")(
            field=spec.response_field,
            response_content=returned,
            **spec.dump_options,
            is_coroutine=is_coroutine,
            endpoint_ctx=context,
            dump_json=spec.serializes_directly,
        )
    arguments = _response_arguments(spec, solved)
    if spec.serializes_directly:
        response = Response(content=content, media_type="application/json", **arguments)
    else:
        response = spec.actual_response_class(content, **arguments)
    drop_forbidden_body(response)
    response.headers.raw.extend(solved.response.headers.raw)
    return response


def get_websocket_app(
    dependant: Dependant, dependency_overrides_provider: Any | None = None, embed_body_fields: bool = False
) -> Callable[[WebSocket], Coroutine[Any, Any, Any]]:
    """The function that serves one WebSocket: dependencies, then the endpoint."""

    async def app(websocket: WebSocket) -> None:
        telemetry = get_telemetry_data()
        if telemetry is not None:
            telemetry.websocket = websocket
        call = dependant.call
        assert call is not None, "dependant.call must be a function"
        context = endpoint_context(call, "WS", dependant.path, websocket.scope.get("root_path", ""))
        with operation("dependencies", call):
            solved: SolvedDependency = await seams.get("solve_dependencies")(
                request=websocket,
                dependant=dependant,
                dependency_overrides_provider=dependency_overrides_provider,
                async_exit_stack=exit_stack(websocket, INNER_STACK),
                embed_body_fields=embed_body_fields,
            )
            if telemetry is not None:
                telemetry.values, telemetry.errors = solved.values, solved.errors
        if solved.errors:
            error = WebSocketRequestValidationError(solved.errors, endpoint_ctx=context)
            validation_failed(error)
            raise error
        with operation("endpoint", call):
            await call(**solved.values)

    return app
