"""What compiled plans call at run time.

Lives here: the functions and classes that plan sources refer to. Must not live here: running plans (`dispatch`).
Invariant: each does for one exchange what the reference way does at the same place.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from contextvars import copy_context
from typing import Any

from pydantic_core import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pronghorn._base.errors import ResponseValidationError
from pronghorn._base.workers import leave_async, run_in_worker
from pronghorn._compile.callables import kind_of
from pronghorn._compile.dependant import Dependant
from pronghorn._compile.handler_spec import HandlerSpec
from pronghorn._engine.endpoint_context import endpoint_context
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.exits import EXITS
from pronghorn._engine.lazy_scope import LazyScope
from pronghorn._engine.reference import blank_response, context_manager
from pronghorn._engine.reply import Reply, drop_forbidden_body
from pronghorn._schema.encoder import jsonable_encoder
from pronghorn._schema.errors import with_location


class NotPlain(Exception):
    """Data holds something that JSON has no form for: the reference encoder has to look at it."""


def refuse(value: Any) -> Any:
    raise NotPlain


#: PERF: made once; `json.dumps` with options makes one at every call. bench/json.py
_dump_plain: Callable[[Any, int], Any] | None = (
    json.encoder.c_make_encoder(  # type: ignore[attr-defined]
        None, refuse, json.encoder.encode_basestring, None, ":", ",", False, False, False
    )
    if getattr(json.encoder, "c_make_encoder", None) is not None
    else None
)


def encode_plain(content: Any) -> bytes:
    """The JSON of a value without a declared type.

    Data of JSON's own types is written at once; what `jsonable_encoder` would change goes through it.
    """
    if _dump_plain is not None:
        try:
            text = "".join(_dump_plain(content, 0))
        except (NotPlain, ValueError, TypeError, RecursionError):
            pass
        else:
            # Keys that begin with `_sa` are SQLAlchemy's and left out; seldom enough to look twice.
            if '"_sa' not in text:
                return text.encode()
    return bytes(JSONResponse(jsonable_encoder(content)).body)


def prepare_scope(x: Exchange) -> Any:
    """The scope of a request, showing what the reference way would have put there."""
    scope = x.scope
    target = x.target
    # PERF: what a lazy scope makes for who asks is not asked for here. bench middleware
    get: Callable[..., Any] = dict.get if type(scope) is LazyScope else type(scope).get
    if not x.nested:
        # An application that mounts this one keeps its router: URLs are made from the outside.
        outer_router = get(scope, "router")
        scope.update(target.app_items)
        if outer_router is not None:
            scope["router"] = outer_router
    scope["path_params"] = {**get(scope, "path_params", {}), **x.path_params}
    for key, value in target.scope_items.items():
        if key == "fastapi":
            scope.setdefault("fastapi", {}).update(value)
        else:
            scope[key] = value
    return scope


def make_request(x: Exchange) -> Request:
    """The Starlette request of an exchange, with its body if that was read already.

    It is the same for everybody: what one has read of the body is there for the handler of an exception.
    """
    request: Request | None = getattr(x, "request", None)
    if request is None:
        request = x.request = Request(prepare_scope(x), x.receive, x.send)
        body = x.body
        if body is not None:
            request._body = body
    return request


def isolate(function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Any:
    """Call something synchronous: what it sets in context variables ends with it."""
    try:
        return copy_context().run(function, *arguments, **named)
    except StopIteration as stop:  # of which a plan that is a generator would make something else
        raise RuntimeError("coroutine raised StopIteration") from stop


async def hop(function: Callable[[], Any]) -> Any:
    """Run synchronous calls in a worker thread."""
    return await run_in_worker(leave_async(copy_context()), function)


async def enter(x: Exchange, stack: AsyncExitStack, node: Dependant, arguments: dict[str, Any]) -> Any:
    """Enter a dependency with an exit."""
    return await stack.enter_async_context(context_manager(x.scope, node, kind_of(node.call), arguments))


def response_error(
    x: Exchange, spec: HandlerSpec, content: Any, error: ValidationError
) -> ResponseValidationError:
    """The error for a returned value that does not fit its response model."""
    context = endpoint_context(spec.call, x.method, spec.dependant.path, x.scope.get("root_path", ""))
    return ResponseValidationError(
        errors=with_location(error.errors(include_url=False), ("response",)),
        body=content,
        endpoint_ctx=context,
    )


def answer_with_class(
    x: Exchange, spec: HandlerSpec, content: Any, injected: Response | None, background: Any
) -> Response:
    """The response where the class, the status or an injected `Response` has a say."""
    arguments: dict[str, Any] = {"background": background}
    status_code = (injected.status_code if injected is not None else None) or spec.status_code
    if status_code is not None:
        arguments["status_code"] = status_code
    if spec.serializes_directly:
        body = _serialize(x, spec, content, "serialize_json")
        response = Response(content=body, media_type="application/json", **arguments)
    else:
        data = _serialize(x, spec, content, "serialize")
        response = spec.actual_response_class(data, **arguments)
    drop_forbidden_body(response)
    if injected is not None:
        response.headers.raw.extend(injected.headers.raw)
    return response


def _serialize(x: Exchange, spec: HandlerSpec, content: Any, method: str) -> Any:
    field = spec.response_field
    if field is None:
        return content if type(content) is str else jsonable_encoder(content)
    try:
        valid = field._type_adapter.validate_python(content, from_attributes=True)
    except ValidationError as error:
        raise response_error(x, spec, content, error) from None
    return getattr(field, method)(valid, **spec.dump_options)


#: By the names that plan sources use.
RUNTIME: dict[str, Any] = {
    **EXITS,
    "Reply": Reply,
    "answer_with_class": answer_with_class,
    "blank_response": blank_response,
    "encode_plain": encode_plain,
    "enter": enter,
    "hop": hop,
    "isolate": isolate,
    "make_request": make_request,
    "response_error": response_error,
}
