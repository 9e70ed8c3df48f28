"""An ASGI middleware that gives each request a stack of things to close when it is over.

Must not live here: what is put on the stack. Invariant: the stack outlives every inner layer, so files
of forms can still be read by background tasks and exception handlers.
"""

from __future__ import annotations

from contextlib import AsyncExitStack

from starlette.types import ASGIApp, Receive, Scope, Send

MIDDLEWARE_STACK = "fastapi_middleware_astack"
"""The key of the stack in the ASGI scope; packages look it up there."""


class AsyncExitStackMiddleware:
    """Put an open `AsyncExitStack` into the scope and close it when the inner application returns.

    Args:
        app: the inner application.
        context_name: the key in the scope.
    """

    def __init__(self, app: ASGIApp, context_name: str = MIDDLEWARE_STACK) -> None:
        self.app = app
        self.context_name = context_name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as stack:
            scope[self.context_name] = stack
            await self.app(scope, receive, send)
