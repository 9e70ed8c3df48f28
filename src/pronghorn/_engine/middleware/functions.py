"""Running requests inside layers some of which run functions of the user's.

Lives here: the levels between such functions, from the server down to the path operation and back.
Must not live here: one function's view of a request (`passage`). Invariant: what comes out of a level is a
reply, or an ASGI application that still has to send; errors that no handler answers are raised outwards.
"""

from __future__ import annotations

from collections.abc import Coroutine
from contextvars import Context, copy_context
from typing import Any

from starlette._exception_handler import wrap_app_handling_exceptions
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp

from pronghorn._base.workers import leave_async, run_in_worker
from pronghorn._compile.callables import traits
from pronghorn._compile.plan import EndpointPlan
from pronghorn._engine.dispatch import Dispatcher, Finder, deliver, reference_app
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.middleware.level import Level
from pronghorn._engine.middleware.passage import Passage
from pronghorn._engine.middleware.passing import app_of
from pronghorn._engine.reply import Reply, reply_of
from pronghorn._engine.runtime import make_request, prepare_scope


class FunctionDispatcher(Dispatcher):
    """Runs requests inside levels that are divided by function layers; see `Dispatcher`."""

    def __init__(
        self,
        level: Level,
        find: Finder,
        status_handlers: dict[int, Any],
        exception_handlers: dict[Any, Any],
        server_error: ServerErrorMiddleware,
    ) -> None:
        super().__init__(find, status_handlers, exception_handlers, server_error)
        self._level = level

    def answer_unrouted(self, x: Exchange) -> Reply | None:
        """Answer a preflight request, for which there need be no route."""
        return self._level.enter(x) if x.method == "OPTIONS" else None

    def handle(self, x: Exchange, plan: EndpointPlan) -> Reply | None:
        """Run the request as a task: its functions may wait."""
        x.spawn(self.run(x, plan))
        return None

    def serve(self, x: Exchange, plan: EndpointPlan) -> Coroutine[Any, Any, None]:
        """Serve a request whose task is there already; its scope says nothing of the route yet."""
        return self.run(x, plan)

    async def run(self, x: Exchange, plan: EndpointPlan) -> None:
        """Run the request through all levels and send what comes out."""
        try:
            x.scope["app"] = x.target.app_items["app"]
            outcome = await self.outcome(self._level, x, plan)
            if isinstance(outcome, Reply):
                await deliver(x, outcome)
            else:
                await outcome(x.scope, x.receive, x.send)
        except Exception as error:
            await self._answer_server_error(x, error)

    async def outcome(self, level: Level, x: Exchange, plan: EndpointPlan) -> Reply | ASGIApp:
        """What comes out of ``level``."""
        reply = level.enter(x)
        if reply is not None:
            return reply
        if level.function is None or level.inner is None:
            return out(level, x, await self._innermost(x, plan))
        passage = Passage(level.function, _Inside(self, level.inner), x)
        return out(level, x, await passage.run())

    # --- the innermost part: exception handlers and the path operation

    async def _innermost(self, x: Exchange, plan: EndpointPlan) -> Reply | ASGIApp:
        prepare_scope(x)
        try:
            if plan.needs_body and x.body is None:
                await x.read_body()
            if plan.way == "thread":
                outcome = await run_in_worker(leave_async(copy_context()), plan.function, x)
            elif plan.way == "task":
                outcome = await plan.function(x)
            else:
                outcome = plan.function(x)
        except Exception as error:
            return await self.answer(x, error)
        return self._settled(x, outcome)

    def innermost_now(self, level: Level, x: Exchange, plan: EndpointPlan, context: Context) -> Any:
        """What comes out of the innermost level for a plan that is run in place.

        Returns:
            A reply, an ASGI application, or a coroutine for one of these.
        """
        reply = level.enter(x)
        if reply is not None:
            return reply
        prepare_scope(x)
        try:
            outcome = self._settled(x, context.run(plan.function, x))
        except Exception as error:
            coroutine = self.answer(x, error)
            if not traits(self._handler_for(error) or _awaiting).never_awaits:
                return _leaving(level, x, coroutine)
            outcome = _stepped(coroutine, context)
        return out(level, x, outcome)

    async def answer(self, x: Exchange, error: Exception) -> Reply | ASGIApp:
        """What the handler of an exception answers; an exception without one is raised."""
        handler = self._handler_for(error)
        if handler is None:
            raise error
        response = await self._ask_handler(x, error, handler)
        error.__traceback__ = None  # an instance that is raised again starts anew
        if response is None:
            raise RuntimeError("No response returned.")
        return self._settled(x, response)

    def _settled(self, x: Exchange, outcome: Any) -> Reply | ASGIApp:
        if type(outcome) is Reply:
            return outcome
        if outcome is None:
            outcome = reference_app(x)
        reply = reply_of(outcome)
        return wrap_app_handling_exceptions(outcome, make_request(x)) if reply is None else reply


class _Inside:
    """What is inside of a function layer: one more level; see `passage.Inner`."""

    def __init__(self, dispatcher: FunctionDispatcher, level: Level) -> None:
        self._dispatcher = dispatcher
        self._level = level

    def plan_of(self, x: Exchange) -> EndpointPlan | None:
        plan = self._dispatcher.select(x)
        # Exits of dependencies come after the response: the general kind keeps them waiting for it.
        return None if plan is None or plan.uses_stacks else plan

    def is_quick(self, plan: EndpointPlan) -> bool:
        return plan.way == "in place" and self._level.function is None

    def at_once(self, x: Exchange, plan: EndpointPlan, context: Context) -> Any:
        return self._dispatcher.innermost_now(self._level, x, plan, context)

    def in_task(self, x: Exchange, plan: EndpointPlan) -> Coroutine[Any, Any, Any]:
        return self._dispatcher.outcome(self._level, x, plan)


def out(level: Level, x: Exchange, outcome: Reply | ASGIApp) -> Reply | ASGIApp:
    """Let something out of ``level``."""
    if isinstance(outcome, Reply):
        if len(outcome.body) < level.thread_minimum_size:
            return level.leave(x, outcome)
        outcome = app_of(outcome)
    return level.wrap(x, outcome)


async def _leaving(level: Level, x: Exchange, coroutine: Coroutine[Any, Any, Any]) -> Reply | ASGIApp:
    return out(level, x, await coroutine)


def _stepped(coroutine: Coroutine[Any, Any, Any], context: Context) -> Any:
    """The result of a coroutine that cannot suspend."""
    try:
        context.run(coroutine.send, None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise RuntimeError(f"{coroutine!r} suspended although nothing in it awaits")


async def _awaiting() -> None:
    """Never awaits: an exception without a handler is raised at once."""
