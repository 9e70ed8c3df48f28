"""One request's way through one function layer: `dispatch(request, call_next)`.

Lives here: what the function gets (request, `call_next`), and what becomes of the response that it returns.
Must not live here: how the inner part is run. Invariant: as with `BaseHTTPMiddleware`, the inner part runs in
a copy of the function's context, outlives a function that no longer waits for it, and is cancelled when the
function raises; its background work follows the response.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextvars import Context, copy_context
from types import CoroutineType, coroutine
from typing import Any, Protocol

from starlette.middleware.base import BaseHTTPMiddleware, _CachedRequest, _StreamingResponse
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pronghorn._compile.plan import EndpointPlan
from pronghorn._engine.asgi import AsgiExchange
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.middleware.bridge import Bridge
from pronghorn._engine.middleware.parts import InnerTask, InnerWork, Part
from pronghorn._engine.middleware.passing import StreamedReply
from pronghorn._engine.reply import AfterWork, Reply, reply_of


class InnerExchange(AsgiExchange):
    """The request as the inner part of a function layer meets it."""

    __slots__ = ()


class Inner(Protocol):
    """The part inside of a function layer."""

    def plan_of(self, x: Exchange, outer: Exchange) -> EndpointPlan | None:
        """What the request leads to that was ``outer`` around the function; None where the inner application of the general kind has to answer."""

    def is_quick(self, plan: EndpointPlan) -> bool:
        """Whether `at_once` may be asked."""
        raise NotImplementedError

    def is_direct(self, plan: EndpointPlan) -> bool:
        """Whether nobody can give up waiting for the inner part."""
        raise NotImplementedError

    def at_once(self, x: Exchange, plan: EndpointPlan, context: Context) -> Any:
        """A reply, an ASGI application that sends the response, or a coroutine for one of these."""

    def in_task(self, x: Exchange, plan: EndpointPlan) -> Coroutine[Any, Any, Any]:
        """A coroutine for a reply or an ASGI application."""
        raise NotImplementedError


@coroutine
def resumed(
    running: Coroutine[Any, Any, Any], waited: Any, run: Callable[..., Any] | None = None
) -> Generator[Any, Any, Any]:
    """The result of a coroutine that waits for something already: this waits for it in its stead.

    Args:
        running: the coroutine.
        waited: what it waits for.
        run: calls a function where the coroutine has to run, if not here.
    """
    try:
        while True:
            function, argument = running.send, None
            try:
                argument = yield waited
            except BaseException as error:
                function, argument = running.throw, error
            waited = function(argument) if run is None else run(function, argument)
    except StopIteration as stop:
        return stop.value


class PassedResponse(_StreamingResponse):
    """What `call_next` gives for a finished reply: a streaming response of one piece."""

    def __init__(self, reply: Reply) -> None:
        self.content = reply.body
        self.taken = False
        self.whole = self.body_iterator = self._pieces()
        self.status_code = reply.status
        self.raw_headers = reply.raw_headers()
        self._first = self.raw_headers[:2] if reply.media_type is not None else [(b"", b"")]
        self.info = None
        self.media_type = None
        self.background = None

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        self.taken = True
        if self.content:
            yield self.content

    def as_reply(self) -> Reply | None:
        """The reply again; None when the body was replaced or looked at."""
        if self.taken or self.body_iterator is not self.whole:
            return None
        headers, media_type = self.raw_headers, None
        if headers[:2] == self._first:  # as the server would write them itself
            headers, media_type = headers[2:], self._first[1][1]
        return StreamedReply(self.status_code, self.content, media_type, headers, self.background)


class Passage:
    """One request in one function layer.

    Args:
        layer: the function layer.
        inner: what is inside of it.
        x: the request as it reaches the layer.
    """

    def __init__(self, layer: BaseHTTPMiddleware, inner: Inner, x: Exchange) -> None:
        self._layer = layer
        self._inner = inner
        self._x = x
        self._scope = x.scope
        self._request = _CachedRequest(self._scope, x.receive, x.send)
        self._parts: list[Part] = []
        self._response: Any = None
        self._sent = False

    async def run(self) -> Any:
        """Call the function.

        Returns:
            A reply, or this passage: an ASGI application that sends the function's response.
        """
        dispatch: Callable[..., Any] = self._layer.dispatch_func
        try:
            response = self._response = await dispatch(self._request, self.call_next)
        except BaseException:
            await self._abandon()
            raise
        reply = response.as_reply() if type(response) is PassedResponse else reply_of(response)
        if reply is None:
            return self
        if self._parts:
            reply.after = self._finish_after(reply.after)
        return reply

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the function's response, which is no plain reply."""
        try:
            await self._response(self._scope, self._request.wrapped_receive, send)
        except BaseException:
            await self._abandon()
            raise
        await self._finish()

    async def call_next(self, request: Request) -> Response:
        """Ask the inner part; see Starlette's `BaseHTTPMiddleware`, which does not look at ``request`` either."""
        x = InnerExchange(self._scope, self._receive, self._x.send)
        plan = None if self._parts else self._inner.plan_of(x, self._x)
        if plan is None:
            return await self._stream(self._layer.app, copy_context(), self._request.wrapped_receive)
        context = copy_context()
        try:
            has_body = not plan.needs_body or await self._has_body(x)
            if has_body and self._inner.is_quick(plan):
                outcome = self._inner.at_once(x, plan, context)
            elif has_body and self._inner.is_direct(plan):
                running = self._inner.in_task(x, plan)
                try:
                    waited = context.run(running.send, None)
                except StopIteration as stop:
                    outcome = stop.value
                else:
                    outcome = await resumed(running, waited, context.run)
            else:
                outcome = self._inner.in_task(x, plan)
            if type(outcome) is CoroutineType:
                task = InnerTask(outcome, context, x)
                self._parts.append(task)
                outcome = await task.outcome()
        except Exception as error:
            raise error from error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return await self._response_of(outcome, context, x.receive)

    async def _has_body(self, x: Exchange) -> bool:
        """Whether the body is there."""
        if self._x.body is None:
            return False
        try:
            await x.read_body()
        except ClientDisconnect:  # the function has seen it: where the plan runs it is met again
            return False
        return True

    async def _response_of(self, outcome: Any, context: Context, receive: Receive) -> Response:
        if not isinstance(outcome, Reply):
            return await self._stream(outcome, context, receive)
        if outcome.after is not None:
            self._parts.append(InnerWork(outcome.after, context))
        return PassedResponse(outcome)

    async def _stream(self, app: ASGIApp, context: Context, receive: Receive) -> Response:
        """Let an ASGI application answer; what a plan has read of the body, `receive` gives it again."""
        bridge = Bridge(app, context, self._scope, receive, self._x.send)
        self._parts.append(bridge)
        return await bridge.response()

    async def _receive(self) -> Message:
        if self._sent:
            return {"type": "http.disconnect"}
        return await self._request.wrapped_receive()

    # --- the end

    def _finish_after(self, background: AfterWork | None) -> AfterWork:
        async def after() -> None:
            try:
                if background is not None:
                    await background()
            except BaseException:
                await self._abandon()
                raise
            await self._finish()

        return after

    async def _finish(self) -> None:
        self._sent = True
        try:
            while self._parts:
                await self._parts.pop(0).finish()
        except BaseException:
            await self._abandon()
            raise

    async def _abandon(self) -> None:
        while self._parts:
            await self._parts.pop(0).abandon()
