"""Running requests inside known layers, none of which runs a function of the user's.

Lives here: where requests and replies of a `Dispatcher` pass their layers. Must not live here: what layers do.
Invariant: whatever leaves the application passes the layers once; what the outermost layer answers, none.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pronghorn._compile.plan import EndpointPlan
from pronghorn._engine.dispatch import deliver
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.middleware.inside import DispatcherInside
from pronghorn._engine.middleware.passing import app_of
from pronghorn._engine.reply import Reply

#: In the scope of a request: a response was begun inside of the layers, which may hold it back.
_BEGUN = "pronghorn.response_begun"


class LayeredDispatcher(DispatcherInside):
    """Runs requests inside one level of adapters; see `Dispatcher`."""

    def handle(self, x: Exchange, plan: EndpointPlan) -> Reply | None:
        """Run ``plan`` from a server's callback, inside the layers."""
        if self._level.meets_all or x.method == "OPTIONS":
            try:
                reply = self._level.enter(x)
            except Exception as error:
                x.spawn(self._answer_server_error(x, error))
                return None
            if reply is not None:
                return reply
        reply = super().handle(x, plan)
        return None if reply is None else self._let_out(x, reply)

    async def serve(self, x: Exchange, plan: EndpointPlan) -> None:
        """Run ``plan`` in the request's own task, inside the layers."""
        try:
            reply = self._level.enter(x)
        except Exception as error:
            await self._answer_server_error(x, error)
            return
        if reply is not None:
            await deliver(x, reply)
        else:
            await super().serve(x, plan)

    def _let_out(self, x: Exchange, reply: Reply) -> Reply | None:
        """Let a reply out at once; None when that takes a task."""
        try:
            passed = self._passed(x, reply)
        except Exception as error:
            x.spawn(self._answer_error(x, error))
            return None
        if passed is None:
            x.spawn(self._send(x, app_of(reply)))
        return passed

    def _passed(self, x: Exchange, reply: Reply) -> Reply | None:
        level = self._level
        if len(reply.body) >= level.thread_minimum_size:
            return None
        try:
            for after in level.afters:
                reply = after(x, reply)
        except Exception:
            x.scope[_BEGUN] = True  # what fails outside of the exception handlers is not for them
            raise
        return reply

    def _respond(self, x: Exchange, reply: Reply) -> None:
        left = self._let_out(x, reply)
        if left is not None:
            x.respond(left)

    async def _deliver(self, x: Exchange, reply: Reply) -> None:
        level = self._level
        if len(reply.body) >= level.thread_minimum_size:
            await self._send_by_asgi(x, app_of(reply))
            return
        try:
            left = level.leave(x, reply)
        except Exception:
            x.scope[_BEGUN] = True
            raise
        await deliver(x, left)

    async def _send_by_asgi(self, x: Exchange, app: ASGIApp) -> None:
        async def noting(scope: Scope, receive: Receive, send: Send) -> None:
            async def noting_send(message: Message) -> None:
                scope[_BEGUN] = True
                await send(message)

            await app(scope, receive, noting_send)

        await self._level.wrap(x, noting)(x.scope, x.receive, x.send)

    def _has_begun(self, x: Exchange) -> bool:
        return x.started or _BEGUN in x.scope
