"""The ASGI middleware that sees exceptions on their way out of the application."""

from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn._engine.telemetry.record import exception_seen


class ExceptionTelemetryMiddleware:
    """Notes exceptions before the outermost handler turns them into a 500, and lets them through.

    It stands directly inside `ServerErrorMiddleware`. Without it an exception whose handler answers would be
    known to the span by its status alone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as the inner application does."""
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            exception_seen(scope, error)
            raise
