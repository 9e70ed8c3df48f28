"""Limits on the size of request bodies, as ASGI layers around applications and routes.

Must not live here: the values of limits (`_declare.limits`). Invariant: an inner limit replaces an outer one
for what it wraps, even when it is larger; a declared length over the limit is refused before anything runs.
"""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.middleware import body_limit
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY, RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pronghorn._engine.exception_handlers import http_exception_handler

# The two signals that Starlette's limit raises through whatever reads the body.
_RESPONSE_SENT: Any = getattr(body_limit, "_RequestBodyLimitResponseSent", ())
_SIGNALS: Any = tuple(
    signal for signal in (getattr(body_limit, "_RequestBodyTooLarge", None), _RESPONSE_SENT) if signal
)


def body_limit_error(error: Exception) -> Exception | None:
    """The limit's signal that ``error`` is, or that a group consists of; None for anything else."""
    if isinstance(error, ExceptionGroup):
        matching, rest = error.split(_SIGNALS)
        if rest is not None or matching is None:
            return None
        error = matching.subgroup(_RESPONSE_SENT) or matching
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
    return error if isinstance(error, _SIGNALS) else None


def is_limited(scope: Scope) -> bool:
    """Whether a limit is in force for this request."""
    return MAX_BODY_SIZE_SCOPE_KEY in scope


def wrap_app_with_body_limit(app: ASGIApp, max_body_size: int | None) -> ASGIApp:
    """``app`` behind a limit of ``max_body_size`` bytes; ``app`` itself without one."""
    if max_body_size is None:
        return app
    return RequestBodyLimitMiddleware(_Ungrouped(app), max_body_size=max_body_size)


def unlimited(app: Any) -> Any:
    """What `wrap_app_with_body_limit` wrapped; ``app`` itself when it is no limit."""
    if isinstance(app, RequestBodyLimitMiddleware) and isinstance(app.app, _Ungrouped):
        return app.app.app
    return app


class _Ungrouped:
    """Takes the limit's signal out of exception groups, in which task groups wrap it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except ExceptionGroup as group:
            signal = body_limit_error(group) if scope["type"] == "http" else None
            if signal is None:
                raise
            raise signal from group


class AppBodyLimitMiddleware:
    """The application's own limit, and the answer for a limit that was hit outside of any route."""

    def __init__(self, app: ASGIApp, max_body_size: int | None) -> None:
        self.app = wrap_app_with_body_limit(app, max_body_size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_limited(scope):
            await self.app(scope, receive, send)
            return
        started = False

        async def noting_send(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, noting_send)
        except Exception as error:
            signal = body_limit_error(error)
            if started or not isinstance(signal, HTTPException):
                raise
            response = await http_exception_handler(Request(scope, receive), signal)
            await response(scope, receive, send)
