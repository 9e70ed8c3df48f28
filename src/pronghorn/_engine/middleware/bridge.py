"""An inner application that streams, kept going while a function around it works on its response.

Lives here: the real machinery of `BaseHTTPMiddleware` around the inner application, held open from outside.
Must not live here: the user's function, which runs elsewhere. Invariant: the machinery ends with the request:
released when its response was sent, cancelled when there is none.
"""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import Any

from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn._engine.middleware.parts import end, start


class Bridge:
    """One run of an inner application whose response is handed to somebody else.

    Args:
        app: the inner application.
        context: the context to run it in.
        scope: of the request.
        receive: gives the inner application its messages.
        send: takes what is no response: early hints.
    """

    def __init__(self, app: ASGIApp, context: Context, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        self._head: asyncio.Future[Response] = loop.create_future()
        self._released: asyncio.Future[None] = loop.create_future()
        machinery: Any = BaseHTTPMiddleware(app, dispatch=self._hold)
        self._task = start(machinery(scope, receive, send), context)

    async def response(self) -> Response:
        """Wait for the head of the inner response.

        Raises:
            Exception: what the inner application raised before it.
        """
        return await self._head

    async def finish(self) -> None:
        """The request's response was sent: let the inner application end, whatever it still has to do."""
        self._released.set_result(None)
        await self._task

    async def abandon(self) -> None:
        """There is no response: cancel the inner application."""
        await end(self._task)

    async def _hold(self, request: Request, call_next: RequestResponseEndpoint) -> Any:
        asking: Any = asyncio.ensure_future(call_next(request))
        try:
            await asyncio.wait({asking, self._released}, return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                self._tell(asking)
            await self._released
        finally:
            asking.cancel()
        return _sent

    def _tell(self, asking: Any) -> None:
        error = asking.exception()
        if self._head.cancelled():  # nobody waits any more: an error is one of the machinery
            asking.result()
        elif error is None:
            self._head.set_result(asking.result())
        else:
            self._head.set_exception(error)


async def _sent(scope: Scope, receive: Receive, send: Send) -> None:
    """The response was sent already."""
