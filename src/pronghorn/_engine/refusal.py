"""Telling what is wrong with a request at once, where the operation runs nothing of the user's before that.

Lives here: finding the error items of an operation without dependencies, and the answer of the default handler.
Must not live here: raising `RequestValidationError` for whoever handles it (`general`).
Invariant: the answer is the one that the reference way would give; whenever that is in doubt there is none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers, QueryParams

from pronghorn._base.errors import RequestValidationError
from pronghorn._base.sentinels import Undefined, settled
from pronghorn._compile.extract import read_params
from pronghorn._compile.handler_spec import HandlerSpec
from pronghorn._compile.wire import has_json_body, read_cookies
from pronghorn._engine.bodies import json_body_to_args
from pronghorn._engine.exception_handlers import error_body, request_validation_exception_handler
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.reply import Reply
from pronghorn._schema.errors import ErrorItems, json_invalid_error

_LOADS = json.loads


def refuse(x: Exchange, items: ErrorItems | None, handlers: Mapping[Any, Any]) -> Reply | None:
    """The answer to a request in which something is wrong; None where the reference way has to find out.

    PERF: no request, exception and response objects that nobody sees; a quarter of the cost. bench/counted.py

    Args:
        x: the exchange, whose plan did nothing.
        items: the error items, where the plan has found all of them.
        handlers: the application's exception handlers by class.
    """
    if handlers.get(RequestValidationError) is not request_validation_exception_handler:
        return None
    if json.loads is not _LOADS:  # whoever has replaced it wants to be asked
        return None
    try:
        if items is None:
            items = find_errors(x, x.target.spec) if x.target.plan.is_lone else None
        elif items.written is not None:
            return Reply(422, b'{"detail":%b}' % items.written, b"application/json")
        return Reply(422, error_body(items), b"application/json") if items else None
    except Exception:  # a validator's own mistake, a body that is no text: the reference way meets it again
        return None


def find_errors(x: Exchange, spec: HandlerSpec) -> ErrorItems:
    """The error items of an operation without dependencies that reads no form, in the reference's order."""
    dependant = spec.dependant
    errors = ErrorItems()
    if dependant.path_params:
        outer = {} if x._scope is None else x._scope.get("path_params", {})
        errors += read_params(dependant.path_params, {**outer, **x.path_params})[1]
    if dependant.query_params:
        errors += read_params(dependant.query_params, QueryParams(x.query))[1]
    if dependant.header_params:
        errors += read_params(dependant.header_params, Headers(raw=x.headers))[1]
    if dependant.cookie_params:
        errors += read_params(dependant.cookie_params, read_cookies(x.headers))[1]
    if spec.body_field is None:
        return errors
    body: Any = x.body or Undefined
    if x.body and has_json_body(x.headers, bool(settled(spec.strict_content_type))):
        try:
            body = json.loads(x.body)
        except json.JSONDecodeError as error:
            return ErrorItems([json_invalid_error(error)])  # the body is read before everything else
    errors += json_body_to_args(dependant.body_params, body, spec.embed_body_fields)[1]
    return errors
