"""One request's way through one function layer: `dispatch(request, call_next)`.

Lives here: what the function gets (request, `call_next`), and what becomes of the response that it returns.
Must not live here: how the inner part is run. Invariant: as with `BaseHTTPMiddleware`, the inner part runs in
a copy of the function's context, outlives a function that no longer waits for it, and is cancelled when the
function raises; its background work follows the response.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Sequence
from contextvars import Context, copy_context
from types import CoroutineType, coroutine
from typing import Any, Protocol

from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pronghorn._compile.plan import EndpointPlan
from pronghorn._engine.asgi import AsgiExchange
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.middleware.bridge import Bridge
from pronghorn._engine.middleware.handover import PassedResponse, passed_on, request_for
from pronghorn._engine.middleware.parts import InnerTask, InnerWork, Part
from pronghorn._engine.reply import AfterWork, Reply, reply_of
from pronghorn._engine.resumption import resumed

#: What `next` gives at the end of `Passage.steps`.
ENDED: Any = object()


class InnerExchange(AsgiExchange):
    """The request as the inner part of a function layer meets it."""

    __slots__ = ()


class Inner(Protocol):
    """The part inside of a function layer."""

    #: The next function layer and what is inside of it; None where something else comes before it.
    following: tuple[BaseHTTPMiddleware, Inner] | None

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


class Passage:
    """One request in one function layer.

    Args:
        layer: the function layer.
        inner: what is inside of it.
        x: the request as it was routed: as it reaches the layer, but for what `receive` gives.
        receive: gives the function its messages.
        is_direct: whether functions and path operation of the request as it was routed are run in place.
    """

    __slots__ = (
        "_inner",
        "_is_direct",
        "_layer",
        "_outcome",
        "_parts",
        "_request",
        "_response",
        "_scope",
        "_sent",
        "_x",
    )

    def __init__(
        self, layer: BaseHTTPMiddleware, inner: Inner, x: Exchange, receive: Receive, is_direct: bool
    ) -> None:
        self._layer = layer
        self._inner = inner
        self._x = x
        self._is_direct = is_direct
        scope: Any = x._scope  # the application has been put into it
        self._scope: Scope = scope
        self._request = request_for(scope, receive, x.send)
        self._parts: Sequence[Part] = ()
        self._sent = False

    async def run(self) -> Any:
        """Call the function.

        Returns:
            A reply, or an ASGI application that sends the function's response.
        """
        dispatch: Callable[..., Any] = self._layer.dispatch_func
        try:
            response = await dispatch(self._request, self.call_next)
        except BaseException:
            await self._abandon()
            raise
        return self._left(response)

    @coroutine
    def steps(self) -> Generator[Any, Any, None]:
        """The same for an `async def`, its outcome put aside.

        PERF: `next` tells of the end by its default; a coroutine makes an exception for it. bench middleware
        """
        dispatch: Callable[..., Any] = self._layer.dispatch_func
        try:
            response = yield from dispatch(self._request, self.call_next)
        except BaseException:
            yield from self._abandon()
            raise
        self._outcome = self._left(response)

    def take(self) -> Any:
        """The outcome of `steps`, once: it leads back here, and a circle would be left for the collector."""
        outcome = self._outcome
        del self._outcome
        return outcome

    def _left(self, response: Any) -> Any:
        """What the function's response is for the outside."""
        if type(response) is PassedResponse:
            if not self._parts and response.background is None and response.is_intact():
                return response
            reply = response.as_reply()
        else:
            reply = reply_of(response)
        if reply is None:
            self._response = response
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
        context = copy_context()
        inner, receive = self._inner, self._receive
        following = inner.following if self._is_direct and not self._parts else None
        outcome: Any
        try:
            if following is not None and _is_as_routed(self._x, self._scope):
                # PERF: most functions are around another one, with nothing in between. bench middleware
                layer, inner = following
                passage = Passage(layer, inner, self._x, receive, True)
                steps: Any = passage.steps()
                waited = context.run(next, steps, ENDED)
                if waited is not ENDED:
                    await resumed(steps, waited, context.run)
                outcome = passage.take()
            else:
                x = InnerExchange(self._scope, receive, self._x.send)
                plan = None if self._parts else inner.plan_of(x, self._x)
                receive = x.receive
                if plan is None:
                    outcome, receive = self._layer.app, self._request.wrapped_receive
                elif plan.needs_body or not inner.is_quick(plan):
                    outcome = await self._ask(x, plan, context)
                else:
                    outcome = inner.at_once(x, plan, context)
                if type(outcome) is CoroutineType:
                    task = InnerTask(outcome, context, x)
                    self._add(task)
                    outcome = await task.outcome()
        except Exception as error:
            raise error from error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if type(outcome) is PassedResponse:
            return PassedResponse(outcome.content, outcome.status_code, outcome.raw_headers, outcome.written)
        if not isinstance(outcome, Reply):
            return await self._stream(outcome, context, receive)
        if outcome.after is not None:
            self._add(InnerWork(outcome.after, context))
        return passed_on(outcome)

    async def _ask(self, x: Exchange, plan: EndpointPlan, context: Context) -> Any:
        """What comes out of the inner part, or a coroutine for it."""
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
        return outcome

    async def _has_body(self, x: Exchange) -> bool:
        """Whether the body is there."""
        if self._x.body is None:
            return False
        try:
            await x.read_body()
        except ClientDisconnect:  # the function has seen it: where the plan runs it is met again
            return False
        return True

    async def _stream(self, app: ASGIApp, context: Context, receive: Receive) -> Response:
        """Let an ASGI application answer; what a plan has read of the body, `receive` gives it again."""
        bridge = Bridge(app, context, self._scope, receive, self._x.send)
        self._add(bridge)
        return await bridge.response()

    def _add(self, part: Part) -> None:
        self._parts = [*self._parts, part]

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
                await self._first_part().finish()
        except BaseException:
            await self._abandon()
            raise

    async def _abandon(self) -> None:
        while self._parts:
            await self._first_part().abandon()

    def _first_part(self) -> Part:
        first, *self._parts = self._parts
        return first


def _is_as_routed(x: Exchange, scope: Scope) -> bool:
    """Whether the scope says of a request what its route was found by; functions may change it, but seldom do."""
    try:
        return bool(
            scope["path"] == x.path and scope["method"] == x.method and scope["root_path"] == x.root_path
        )
    except KeyError:
        return False
