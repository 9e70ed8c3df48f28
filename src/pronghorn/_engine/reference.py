"""Solving dependencies by the reference way: walking the tree of needs at every request.

Lives here: the general algorithm, with dependency overrides, exact errors and every kind of callable.
Must not live here: specialised plans. Invariant: what a compiled plan does must be indistinguishable from this.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from anyio import CancelScope
from starlette.background import BackgroundTasks as StarletteBackgroundTasks
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from pronghorn._base.background import BackgroundTasks
from pronghorn._base.concurrency import (
    contextmanager_in_threadpool,
    limited,
    run_in_threadpool,
    shielded_exit,
)
from pronghorn._base.sentinels import Undefined
from pronghorn._compile.callables import kind_of
from pronghorn._compile.dependant import CacheKey, Dependant, UsesScopesCache, cache_key, oauth_scopes
from pronghorn._compile.extract import read_params
from pronghorn._compile.signature import get_dependant
from pronghorn._declare.security.oauth2 import SecurityScopes
from pronghorn._engine.bodies import request_body_to_args
from pronghorn._engine.lazy_scope import FUNCTION_STACK, INNER_STACK
from pronghorn._engine.seams import seams

_NO_EXITS: Any = None
_CLEANUP_SCOPES = "fastapi_async_cleanup_scopes"


@dataclass
class SolvedDependency:
    """The arguments for one callable, or the errors that stand against calling it."""

    values: dict[str, Any]
    errors: list[Any]
    background_tasks: StarletteBackgroundTasks | None
    response: Response
    dependency_cache: dict[CacheKey, Any]


@dataclass(slots=True)
class _Solving:
    """What all dependencies of one request share."""

    request: Request | WebSocket
    body: Any
    response: Response
    overrides_provider: Any
    cache: dict[CacheKey, Any]
    embed_body_fields: bool
    request_stack: AsyncExitStack
    function_stack: AsyncExitStack
    background_tasks: StarletteBackgroundTasks | None = None
    scopes_cache: UsesScopesCache = field(default_factory=dict)


def blank_response() -> Response:
    """The response that dependencies and endpoints may set headers and a status on."""
    response = Response()
    del response.headers["content-length"]
    response.status_code = cast(Any, None)
    return response


def exit_stack(request: Request | WebSocket, key: str) -> AsyncExitStack:
    """An exit stack that the route put into the scope.

    Raises:
        AssertionError: the application runs without the middleware that provides it.
    """
    stack = request.scope.get(key)
    if not isinstance(stack, AsyncExitStack):
        raise AssertionError(f"{key} not found in request scope")
    return stack


@seams.register
async def solve_dependencies(
    *,
    request: Request | WebSocket,
    dependant: Dependant,
    body: Any = Undefined,
    background_tasks: StarletteBackgroundTasks | None = None,
    response: Response | None = None,
    dependency_overrides_provider: Any | None = None,
    dependency_cache: dict[CacheKey, Any] | None = None,
    async_exit_stack: AsyncExitStack,
    embed_body_fields: bool,
) -> SolvedDependency:
    """Read the parameters of ``dependant`` and run its dependencies, depth first.

    A dependency whose own parameters are invalid is skipped and its errors are kept; the ones after it
    still run.
    """
    solving = _Solving(
        request=request,
        body=body,
        response=blank_response() if response is None else response,
        overrides_provider=dependency_overrides_provider,
        cache={} if dependency_cache is None else dependency_cache,
        embed_body_fields=embed_body_fields,
        request_stack=exit_stack(request, INNER_STACK),
        function_stack=exit_stack(request, FUNCTION_STACK),
        background_tasks=background_tasks,
    )
    values, errors = await _solve(solving, dependant)
    return SolvedDependency(values, errors, solving.background_tasks, solving.response, solving.cache)


async def solve_without_exits(
    request: Request, dependant: Dependant, body: Any, embed_body_fields: bool
) -> SolvedDependency:
    """As `solve_dependencies`, where no dependency has an exit and none is overridden."""
    solving = _Solving(
        request=request,
        body=body,
        response=blank_response(),
        overrides_provider=None,
        cache={},
        embed_body_fields=embed_body_fields,
        request_stack=_NO_EXITS,
        function_stack=_NO_EXITS,
    )
    values, errors = await _solve(solving, dependant)
    return SolvedDependency(values, errors, solving.background_tasks, solving.response, solving.cache)


async def _solve(solving: _Solving, dependant: Dependant) -> tuple[dict[str, Any], list[Any]]:
    values: dict[str, Any] = {}
    errors: list[Any] = []
    for declared in dependant.dependencies:
        used = _overridden(solving, declared)
        arguments, failures = await _solve(solving, used)
        if failures:
            errors.extend(failures)
            continue
        key = cache_key(declared, solving.scopes_cache)
        if declared.use_cache and key in solving.cache:
            result = solving.cache[key]
        else:
            result = await _call(solving, declared, used, arguments)
        if declared.name is not None:
            values[declared.name] = result
        solving.cache.setdefault(key, result)
    errors.extend(await _read_own(solving, dependant, values))
    _inject(solving, dependant, values)
    return values, errors


def _overridden(solving: _Solving, declared: Dependant) -> Dependant:
    """The needs of what really runs: once any override exists, every dependency is analysed anew."""
    overrides = getattr(solving.overrides_provider, "dependency_overrides", None)
    if not overrides:
        return declared
    assert declared.call is not None and declared.path is not None  # set where the tree was built
    return get_dependant(
        path=declared.path,
        call=overrides.get(declared.call, declared.call),
        name=declared.name,
        parent_oauth_scopes=oauth_scopes(declared),
        scope=declared.scope,
        concurrency=declared.concurrency,
    )


async def _call(solving: _Solving, declared: Dependant, used: Dependant, arguments: dict[str, Any]) -> Any:
    call = used.call
    assert call is not None  # set where the tree was built
    kind = kind_of(call)
    if kind in ("generator", "async generator"):
        stack = solving.function_stack if declared.scope == "function" else solving.request_stack
        return await stack.enter_async_context(context_manager(solving.request.scope, used, kind, arguments))
    if used.concurrency is None:
        return await _run(call, kind, arguments)
    async with used.concurrency.get_semaphore():
        return await _run(call, kind, arguments)


async def _run(call: Any, kind: str, arguments: dict[str, Any]) -> Any:
    if kind == "coroutine":
        return await call(**arguments)
    return await run_in_threadpool(call, **arguments)


def context_manager(scope: Any, used: Dependant, kind: str, arguments: dict[str, Any]) -> Any:
    """The asynchronous context manager of a generator dependency."""
    call = cast(Any, used.call)
    cm: Any
    if kind == "generator":
        cm = contextmanager_in_threadpool(contextmanager(call)(**arguments))
    else:
        cm = shielded_exit(asynccontextmanager(call)(**arguments), cleanup_scope(scope))
    if used.concurrency is not None:
        cm = limited(cm, used.concurrency.get_semaphore())
    return cm


def cleanup_scope(scope: Any) -> CancelScope:
    """The cancel scope, one per request stack, that protects the exits of asynchronous generators."""
    scopes: dict[AsyncExitStack, CancelScope] = scope.setdefault(_CLEANUP_SCOPES, {})
    stack = cast(AsyncExitStack, scope[INNER_STACK])
    found = scopes.get(stack)
    if found is None:
        found = scopes[stack] = stack.enter_context(CancelScope())
        stack.callback(scopes.pop, stack)
    return found


async def _read_own(solving: _Solving, dependant: Dependant, values: dict[str, Any]) -> list[Any]:
    """Read the callable's own parameters into ``values``; returns the errors, by source."""
    request = solving.request
    errors: list[Any] = []
    for fields, attribute in (
        (dependant.path_params, "path_params"),
        (dependant.query_params, "query_params"),
        (dependant.header_params, "headers"),
        (dependant.cookie_params, "cookies"),
    ):
        if fields:
            found, failures = read_params(fields, getattr(request, attribute))
            values.update(found)
            errors.extend(failures)
    if dependant.body_params:
        found, failures = await request_body_to_args(
            body_fields=dependant.body_params,
            received_body=solving.body,
            embed_body_fields=solving.embed_body_fields,
        )
        values.update(found)
        errors.extend(failures)
    return errors


def _inject(solving: _Solving, dependant: Dependant, values: dict[str, Any]) -> None:
    request = solving.request
    if dependant.http_connection_param_name:
        values[dependant.http_connection_param_name] = request
    if dependant.request_param_name and isinstance(request, Request):
        values[dependant.request_param_name] = request
    elif dependant.websocket_param_name and isinstance(request, WebSocket):
        values[dependant.websocket_param_name] = request
    if dependant.background_tasks_param_name:
        if solving.background_tasks is None:
            solving.background_tasks = BackgroundTasks()
        values[dependant.background_tasks_param_name] = solving.background_tasks
    if dependant.response_param_name:
        values[dependant.response_param_name] = solving.response
    if dependant.security_scopes_param_name:
        values[dependant.security_scopes_param_name] = SecurityScopes(scopes=oauth_scopes(dependant))
