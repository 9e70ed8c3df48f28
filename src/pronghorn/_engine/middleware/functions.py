"""Running requests inside layers some of which run functions of the user's.

Lives here: the levels between such functions, from the server down to the path operation and back.
Must not live here: one function's view of a request (`passage`). Invariant: what comes out of a level is a
reply, or an ASGI application that still has to send; errors that no handler answers are raised outwards.
"""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine
from contextvars import Context
from functools import cached_property, partial
from typing import Any

from starlette.middleware.base import BaseHTTPMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn._compile.callables import traits
from pronghorn._compile.plan import EndpointPlan
from pronghorn._engine.asgi import AsgiExchange
from pronghorn._engine.dispatch import HANDLER_LAYERS, Dispatcher, deliver
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.lazy_scope import FUNCTION_STACK, INNER_STACK
from pronghorn._engine.middleware.handover import PassedResponse
from pronghorn._engine.middleware.inside import DispatcherInside
from pronghorn._engine.middleware.level import Level
from pronghorn._engine.middleware.passage import ENDED, Inner, Passage
from pronghorn._engine.middleware.passing import app_of
from pronghorn._engine.reply import AfterWork, Reply, reply_of
from pronghorn._engine.resumption import resumed
from pronghorn._engine.running import read_body, run_in_place, run_plan
from pronghorn._engine.runtime import make_request, prepare_scope
from pronghorn._engine.stacks import is_in_use, offer_stacks
from pronghorn._engine.stepping import result, within
from pronghorn._schema.errors import ErrorItems


class FunctionDispatcher(DispatcherInside):
    """Runs requests inside levels that are divided by function layers; see `Dispatcher`."""

    def handle(self, x: Exchange, plan: EndpointPlan) -> Reply | None:
        """Run the request in place, if nothing in it waits as a rule; else as a task, as its functions may wait."""
        if not self._is_direct(x, plan):
            x.spawn(self.run(x, plan))
            return None
        context = x.new_context()
        x.scope["app"] = x.target.app_items["app"]
        level = self._level
        outcome: Any = None
        try:
            if level.meets_all or x.method == "OPTIONS":
                outcome = level.enter(x)
            if outcome is None:
                passage = self._passage(level, x, is_direct=True)
                steps = passage.steps()
                waited = self._step(x, context, next, steps, ENDED)
                if waited is not ENDED:
                    x.spawn(within(context, self._send_out, x, self._resumed(x, passage, steps, waited)))
                    return None
                outcome = out(level, x, passage.take())
        except Exception as error:
            x.spawn(within(context, self._answer_server_error, x, error))
            return None
        return self._out_at_once(x, outcome, context)

    def _passage(self, level: Level, x: Exchange, *, is_direct: bool) -> Passage:
        is_direct = is_direct and x.target.max_body_size is None
        layer: Any = level.function
        return Passage(layer, self._insides[level], x, x.receive, is_direct)

    async def _resumed(self, x: Exchange, passage: Passage, steps: Any, waited: Any) -> Reply | ASGIApp:
        await resumed(steps, waited)
        return out(self._level, x, passage.take())

    def _out_at_once(self, x: Exchange, outcome: Reply | ASGIApp, context: Context) -> Reply | None:
        if not isinstance(outcome, Reply):
            x.spawn(within(context, self._send_out, x, result(outcome, None)))
            return None
        if outcome.after is not None:
            outcome.after = partial(within, context, self._work_after, x, outcome.after)
        return outcome

    async def _work_after(self, x: Exchange, after: AfterWork) -> None:
        try:
            await after()
        except Exception as error:
            await self._answer_server_error(x, error)

    def _is_direct(self, x: Exchange, plan: EndpointPlan) -> bool:
        return self.is_direct and _is_at_once(plan) and not (plan.needs_body and x.body is None)

    def serve(self, x: Exchange, plan: EndpointPlan) -> Coroutine[Any, Any, None]:
        """Serve a request whose task is there already; its scope says nothing of the route yet."""
        return self.run(x, plan)

    async def run(self, x: Exchange, plan: EndpointPlan) -> None:
        """Run the request through all levels and send what comes out."""
        x.scope["app"] = x.target.app_items["app"]
        await self._send_out(x, self.outcome(self._level, x, plan))

    async def _send_out(self, x: Exchange, running: Awaitable[Any]) -> None:
        try:
            outcome = await running
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
        if level.function is None:
            return out(level, x, await self._innermost(x, plan))
        passage = self._passage(level, x, is_direct=self._is_direct(x, plan))
        return out(level, x, await passage.run())

    @cached_property
    def is_direct(self) -> bool:
        """Whether no function waits for anything but `call_next`, so that none can give up waiting for it either."""
        return self._level.is_direct

    @cached_property
    def _insides(self) -> dict[Level, _Inside]:
        """What is inside of the function of each level."""
        level, levels = self._level, []
        while level.inner is not None:
            levels.append(level)
            level = level.inner
        insides: dict[Level, _Inside] = {}
        for outer in reversed(levels):
            insides[outer] = _Inside(self, level, insides.get(level))
            level = outer
        return insides

    @cached_property
    def _plain(self) -> Dispatcher:
        """Answers inside of all layers; what it cannot answer it raises."""
        return Dispatcher(self._find, self._status_handlers, self._exception_handlers, None)

    # --- the innermost part: exception handlers and the path operation

    async def _innermost(self, x: Exchange, plan: EndpointPlan) -> Reply | ASGIApp:
        offered = _prepare(x, plan)
        outcome, error = None, None
        try:
            if plan.needs_body and x.body is None:
                await read_body(x)
            outcome = await run_plan(x, plan)
        except Exception as caught:
            error = caught
        if offered and is_in_use(x):
            return self._completing(x, outcome, error)
        return self._settled(x, outcome) if error is None else await self._answered(x, error)

    def innermost_now(self, level: Level, x: Exchange, plan: EndpointPlan, context: Context) -> Any:
        """What comes out of the innermost level for a plan that is run in place.

        Returns:
            A reply, an ASGI application, or a coroutine for one of these.
        """
        reply = level.enter(x)
        if reply is not None:
            return reply
        offered = _prepare(x, plan)
        outcome, error = None, None
        try:
            outcome = context.run(run_in_place, plan, x)
        except Exception as caught:
            error = caught
        if offered and is_in_use(x):
            return out(level, x, self._completing(x, outcome, error))
        if error is not None:
            return self._answered_now(level, x, error, context)
        return out(level, x, self._settled(x, outcome))

    def _answered_now(self, level: Level, x: Exchange, error: Exception, context: Context) -> Any:
        handler = self._handler_for(error)
        if handler is None:
            raise error
        if not traits(handler).never_awaits:
            return _leaving(level, x, self._answered(x, error))
        try:
            response = _stepped(handler(make_request(x), error), context)
        except Exception as failure:
            return _leaving(level, x, self._answered(x, failure, HANDLER_LAYERS - 1))
        error.__traceback__ = None  # an instance that is raised again starts anew
        return out(level, x, self._settled(x, _required(response)))

    async def _answered(self, x: Exchange, error: Exception, layers: int = HANDLER_LAYERS) -> Reply | ASGIApp:
        """What the handler of an exception answers; an exception without one is raised."""
        for _ in range(layers):
            handler = self._handler_for(error)
            if handler is None:
                break
            try:
                response = await self._ask_handler(x, error, handler)
            except Exception as failure:
                error = failure
            else:
                error.__traceback__ = None  # an instance that is raised again starts anew
                return self._settled(x, _required(response))
        raise error

    def _settled(self, x: Exchange, outcome: Any) -> Reply | ASGIApp:
        if outcome is None or type(outcome) is ErrorItems:
            outcome = self._refuse(x, outcome)
        reply: Reply | None = outcome if type(outcome) is Reply else reply_of(outcome)
        if reply is None:
            return self._completing(x, outcome, None)
        if reply.after is not None:
            reply.after = partial(self._work, reply.after)
        return reply

    def _completing(self, x: Exchange, outcome: Any, error: Exception | None) -> ASGIApp:
        """Answers with what became of a plan, the general way: what streams, what fails, what has exits."""
        stacks = [x.scope[key] for key in (INNER_STACK, FUNCTION_STACK)] if is_in_use(x) else []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            again = AsgiExchange(scope, receive, send)
            again.target, again.path_params, again.body = x.target, x.path_params, x.body
            await self._plain.complete(again, outcome, error, stacks)

        return app


def _prepare(x: Exchange, plan: EndpointPlan) -> bool:
    """Let the scope show what a request led to; whether user code may find exit stacks in it."""
    prepare_scope(x)
    if plan.uses_request:
        offer_stacks(x)
    return plan.uses_request


def _required(response: Any) -> Any:
    if response is None:
        raise RuntimeError("No response returned.")
    return response


def _is_at_once(plan: EndpointPlan) -> bool:
    """Whether a plan gives its outcome in one step."""
    return plan.in_place and not plan.holds_exits


class _Inside:
    """What is inside of a function layer: one more level; see `passage.Inner`.

    Args:
        dispatcher: runs it.
        level: the level.
        inside: what is inside of the function of that level, if it has one.
    """

    def __init__(self, dispatcher: FunctionDispatcher, level: Level, inside: _Inside | None) -> None:
        self._dispatcher = dispatcher
        self._level = level
        self.following: tuple[BaseHTTPMiddleware, Inner] | None = None
        if not level.adapters and level.function is not None and inside is not None:
            self.following = level.function, inside

    def plan_of(self, x: Exchange, outer: Exchange) -> EndpointPlan | None:
        target = outer.target
        if (
            target.max_body_size is None
            and x.path == outer.path
            and x.method == outer.method
            and x.root_path == outer.root_path
        ):  # a function may have changed what routes are found by, but seldom does
            x.target, x.path_params = target, outer.path_params
            plan: EndpointPlan | None = target.plan
        else:
            plan = self._dispatcher.select(x)
        # Exits of dependencies come after the response: the general kind keeps them waiting for it.
        return None if plan is None or plan.uses_stacks or plan.holds_exits else plan

    def is_quick(self, plan: EndpointPlan) -> bool:
        return plan.way == "in place" and self._level.function is None

    def is_direct(self, plan: EndpointPlan) -> bool:
        return self._dispatcher.is_direct and _is_at_once(plan)

    def at_once(self, x: Exchange, plan: EndpointPlan, context: Context) -> Any:
        return self._dispatcher.innermost_now(self._level, x, plan, context)

    def in_task(self, x: Exchange, plan: EndpointPlan) -> Coroutine[Any, Any, Any]:
        if self.following is not None:
            # PERF: nothing else is between two functions as a rule; `outcome` comes to the same.
            return Passage(*self.following, x, x.receive, False).run()
        return self._dispatcher.outcome(self._level, x, plan)


def out(level: Level, x: Exchange, outcome: Reply | ASGIApp) -> Reply | ASGIApp:
    """Let something out of ``level``."""
    if isinstance(outcome, PassedResponse):
        outcome = outcome.as_reply() or outcome
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
