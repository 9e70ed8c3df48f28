"""Running requests the fast way: from the routing tree's answer to a finished reply.

Lives here: choosing how a plan is run (in place, in a thread, as a task) and what becomes of its outcome.
Must not live here: what plans do, what requests look like on a wire. Invariant: whatever the fast way cannot
finish is finished by the reference way, before any code of the user's ran, and only then.
"""

from __future__ import annotations

import copy
from asyncio import _enter_task, _leave_task
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from contextvars import Context
from functools import partial
from typing import Any

from starlette._utils import is_async_callable
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn._base.errors import FastAPIError
from pronghorn._base.exit_stack import MIDDLEWARE_STACK
from pronghorn._base.workers import leave_async, workers
from pronghorn._compile.callables import GENERATORS, kind_of, traits
from pronghorn._compile.plan import EndpointPlan
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.exits import IN_THREAD, NOT_AWAITED, ON_LOOP
from pronghorn._engine.files import sender_of
from pronghorn._engine.general import SWALLOWED, answer_without_exits
from pronghorn._engine.lazy_scope import FUNCTION_STACK, INNER_STACK
from pronghorn._engine.refusal import refuse
from pronghorn._engine.reply import AfterWork, Reply, reply_of
from pronghorn._engine.running import DONE, SUSPENDED, read_body, run_in_place, run_plan, run_with_exits
from pronghorn._engine.runtime import make_request, prepare_scope
from pronghorn._engine.stacks import close_stacks, has_opened, offer_stacks, unwind
from pronghorn._engine.stepping import Stepper, result, within
from pronghorn._engine.target import NOT_COMPILED, Target
from pronghorn._schema.errors import ErrorItems

#: The route's handlers of exceptions, and around it the application's: the same ones, asked again about what
#: the first ones raise.
HANDLER_LAYERS = 2

_TOO_LATE = "Caught handled exception, but response already started."

_NOTHING: Any = object()
"""What a handler returns who does not answer."""

Finder = Callable[[str, str], "tuple[Any, dict[str, Any]] | None"]


class Dispatcher(Stepper):
    """Runs the requests of one application.

    Args:
        find: from path and method to a `Target` (or None) and the path parameters.
        status_handlers: exception handlers by status code.
        exception_handlers: exception handlers by class.
        server_error: the outermost layer, which answers what nobody else did.
    """

    def __init__(
        self,
        find: Finder,
        status_handlers: dict[int, Any],
        exception_handlers: dict[Any, Any],
        server_error: ServerErrorMiddleware | None,
    ) -> None:
        super().__init__()
        self._find = find
        self._status_handlers = status_handlers
        self._exception_handlers = exception_handlers
        self._server_error = server_error

    # --- choosing

    def select(self, x: Exchange) -> EndpointPlan | None:
        """The plan for a request; None when the reference way has to answer it."""
        root_path = x.root_path
        try:
            found = self._find(_below(root_path, x.path) if root_path else x.path, x.method)
        except Exception:  # of a convertor: the reference way meets it where its handlers are
            return None
        if found is None:
            return None
        target: Target | None
        target, x.path_params = found
        if target is None:
            return None
        x.target = target
        plan = target.plan
        if plan is NOT_COMPILED:
            plan = target.compile()
        if plan is None or (target.max_body_size is not None and not target.within_limit(x)):
            return None
        return plan

    # --- running at once

    def handle(self, x: Exchange, plan: EndpointPlan) -> Reply | None:
        """Run ``plan`` from a server's callback; see `Pronghorn.handle_exchange`."""
        if not plan.in_place or (plan.needs_body and x.body is None):
            return self._handle_later(x, plan)
        loop = x.loop
        if loop is not self._loop:
            self._settle_on(loop)
        context = x.new_context()
        # Libraries that look for the current task find one; it is nobody's to cancel.
        host = self._host
        try:
            _enter_task(loop, host)
        except RuntimeError:  # called from a task: that one will do
            host = None
        run = plan.function(x)
        try:
            paused = context.run(next, run, DONE)
        except Exception as error:
            return self._fail(x, error, context)
        finally:
            if host is not None:
                _leave_task(loop, host)
        if paused is not DONE:
            self._follow(x, run, context, paused)
            return None
        outcome = x.outcome
        if type(outcome) is Reply and outcome.after is None and (plan.is_direct or x._scope is None):
            return outcome
        return self._finish(x, outcome, context)

    def _answer_in_place(self, x: Exchange, context: Context) -> Reply | None:
        """Answer by the reference way what nothing was done for, where that cannot suspend."""
        answering = answer_without_exits(x.target.spec, make_request(x))
        try:
            self._step(x, context, answering.send, None)
        except StopIteration as stop:
            return self._finish(x, stop.value, context)
        except Exception as error:
            return self._fail(x, error, context)
        answering.close()
        raise RuntimeError(SUSPENDED)

    def _handle_later(self, x: Exchange, plan: EndpointPlan) -> Reply | None:
        """Run a plan that cannot be run here and now: in a worker thread, or as a task."""
        if plan.way == "task" or (plan.needs_body and x.body is None):
            x.spawn(self.run(x, plan))
        elif plan.way == "thread" and not plan.holds_exits:
            context = leave_async(x.new_context())
            done = partial(self._thread_done, x)
            workers.submit(self._mailbox_of(x), context, plan.function, (x,), done)
        else:
            place = IN_THREAD if plan.way == "thread" else ON_LOOP
            self._follow(x, plan.function(x), x.new_context(), place)
        return None

    def _thread_done(self, x: Exchange, outcome: Any, error: BaseException | None) -> None:
        # What synchronous code has set in context variables ended with its thread.
        context = x.new_context()
        if error is not None:
            reply = self._fail(x, error, context)
        else:
            reply = self._finish(x, outcome, context)
        if reply is not None:
            self._respond(x, reply)

    def _finish(self, x: Exchange, outcome: Any, context: Context) -> Reply | None:
        """What becomes of a plan's outcome, from a server's callback."""
        x.request = None  # the request knows the exchange: a circle would be left for the collector
        if has_opened(x):
            x.spawn(within(context, self._complete, x, self._settle(x, outcome, None)))
            return None
        if outcome is None or type(outcome) is ErrorItems:
            outcome = context.run(self._refuse, x, outcome)
        if outcome is None and x.target.plan.in_place and not x.target.plan.holds_exits:
            return self._answer_in_place(x, context)
        if outcome is None:
            x.spawn(self.answer_by_reference(x))
            return None
        reply: Reply | None = outcome if type(outcome) is Reply else reply_of(outcome)
        if reply is None:
            x.spawn(within(context, self._send, x, outcome))
        elif reply.after is not None:
            reply.after = partial(within, context, self._work, reply.after)
        return reply

    def _fail(self, x: Exchange, error: BaseException, context: Context) -> Reply | None:
        """Answer an exception, at once where its handler cannot suspend."""
        if not isinstance(error, Exception):
            raise error
        if has_opened(x):
            x.spawn(within(context, self._complete, x, self._settle(x, None, error)))
            return None
        handler = self._handler_for(error)
        layers = HANDLER_LAYERS
        if handler is not None and traits(handler).never_awaits:
            coroutine = handler(make_request(x), error)
            try:
                self._step(x, context, coroutine.send, None)
            except StopIteration as stop:
                error.__traceback__ = None  # an instance that is raised again starts anew
                return self._finish(x, _NOTHING if stop.value is None else stop.value, context)
            except Exception as failure:
                error = failure
                layers -= 1
        x.spawn(within(context, self._answer_error, x, error, layers))
        return None

    def answer_unrouted(self, x: Exchange) -> Reply | None:
        """Answer a request that has no plan, if that can be done without one."""
        return None

    def only_streams(self, x: Exchange) -> bool:
        """Whether a request without a plan is for a stream, and need not pass layers that notice pieces."""
        target: Target | None = getattr(x, "target", None)
        if target is None or target.plan is not None or target.max_body_size is not None:
            return False
        spec = target.spec
        return spec.is_sse_stream or spec.is_json_stream or kind_of(spec.call) in GENERATORS

    # --- running in the request's own task

    def serve(self, x: Exchange, plan: EndpointPlan) -> Coroutine[Any, Any, None]:
        """Serve a request whose task is there already, as an ASGI server's is."""
        prepare_scope(x)  # whoever gave the scope may look at it afterwards
        return self.run(x, plan)

    async def run(self, x: Exchange, plan: EndpointPlan) -> None:
        """Run ``plan`` and answer, in the request's own task."""
        if not plan.is_direct or (plan.needs_body and x.body is None):
            await self._complete(x, self._run_plan(x, plan))
            return
        # PERF: the usual case of `_complete`, without the ends of what nobody can have begun. bench await-one
        outcome = failure = None
        try:
            outcome = run_in_place(plan, x) if plan.in_place else await plan.function(x)
            if type(outcome) is Reply and outcome.after is None and not has_opened(x):
                await self._deliver(x, outcome)
                return
        except Exception as error:
            failure = error
        await self._complete(x, self._settle(x, outcome, failure))

    async def _complete(self, x: Exchange, answering: Awaitable[bool]) -> None:
        """Answer: by the plan, if that fails by a handler, if it did nothing by the reference way."""
        try:
            try:
                is_answered = await answering
            except Exception as error:
                await self._answer_error(x, error)
                return
            if not is_answered:
                await self.answer_by_reference(x)
        finally:
            x.request = None
            await close_stacks(x, MIDDLEWARE_STACK)

    async def complete(
        self, x: Exchange, outcome: Any, error: Exception | None, stacks: Sequence[AsyncExitStack] = ()
    ) -> None:
        """Answer with what became of a plan that was run elsewhere.

        Args:
            x: the exchange.
            outcome: what the plan gave.
            error: what it raised.
            stacks: the request's and the function's exit stacks, if there is something on them.
        """
        if stacks and not has_opened(x):
            answering = self._run_with_exits(x, partial(_resumed, stacks, outcome, error))
        else:
            answering = self._settle(x, outcome, error)
        await self._complete(x, answering)

    async def _run_plan(self, x: Exchange, plan: EndpointPlan) -> bool:
        """Run ``plan``; whether it has answered."""
        if plan.needs_body and x.body is None:
            await read_body(x)
        if plan.holds_exits:
            return await run_with_exits(x, plan, self._answer)
        if plan.exits_alone and x._scope is None:
            return await self._run_with_one_exit(x, plan)
        if plan.uses_stacks or (plan.uses_request and offer_stacks(x)):
            return await self._run_with_exits(x, partial(run_plan, x, plan))
        outcome, error = None, None
        try:
            outcome = await run_plan(x, plan)
        except Exception as caught:
            error = caught
        return await self._settle(x, outcome, error)

    async def _settle(self, x: Exchange, outcome: Any, error: Exception | None) -> bool:
        """Answer with what became of a plan, inside of the exit stacks if user code has asked for some."""
        if has_opened(x):
            return await self._run_with_exits(x, partial(result, outcome, error))
        return await self._answer(x, await result(outcome, error))

    async def _run_with_exits(self, x: Exchange, call: Callable[..., Awaitable[Any]]) -> bool:
        """Run a plan with exits: the function's before, the request's after the answer."""
        scope = prepare_scope(x)
        if not has_opened(x):
            scope[INNER_STACK], scope[FUNCTION_STACK] = AsyncExitStack(), AsyncExitStack()
        async with scope[INNER_STACK] as request_stack:
            outcome = SWALLOWED
            async with scope[FUNCTION_STACK] as function_stack:
                outcome = await call(request_stack, function_stack)
            if outcome is SWALLOWED:  # an exit swallowed the exception, here before the request's exits
                raise FastAPIError(NOT_AWAITED)
            return await self._answer(x, outcome)
        # A dependency's exit swallowed the exception.
        raise FastAPIError(NOT_AWAITED)

    async def _run_with_one_exit(self, x: Exchange, plan: EndpointPlan) -> bool:
        """The same for a plan whose one exit nobody else can see: without a scope, and with one stack."""
        async with AsyncExitStack() as stack:
            return await self._answer(x, await plan.function(x, stack, stack))
        raise FastAPIError(NOT_AWAITED)

    async def _answer(self, x: Exchange, outcome: Any) -> bool:
        """Send what a plan gave; whether it gave anything."""
        if outcome is None or type(outcome) is ErrorItems:
            outcome = self._refuse(x, outcome)
        if type(outcome) is Reply:
            await self._deliver(x, outcome)
        elif outcome is not None:
            await self._send_response(x, outcome)
        return outcome is not None

    def _refuse(self, x: Exchange, items: ErrorItems | None) -> Reply | None:
        """The answer to a request for which the plan did nothing, if what is wrong with it can be told at once."""
        return refuse(x, items, self._exception_handlers)

    async def _send(self, x: Exchange, response: Any) -> None:
        await self._complete(x, self._answer(x, response))

    async def _send_response(self, x: Exchange, response: Any) -> None:
        if response is None or response is _NOTHING:
            return
        reply = reply_of(response)
        if reply is not None:
            await self._deliver(x, reply)
        else:
            prepare_scope(x)
            await self._send_by_asgi(x, sender_of(response))

    async def answer_by_reference(self, x: Exchange) -> None:
        """Answer a request for which a target was found by the reference way."""
        try:
            await self._send_by_asgi(x, reference_app(x))
        except Exception as error:
            await self._answer_error(x, error, HANDLER_LAYERS - 1)

    # --- the way out: layers of middleware put themselves here

    def _deliver(self, x: Exchange, reply: Reply) -> Awaitable[None]:
        """Hand over a reply from the request's task."""
        return deliver(x, reply)

    async def _send_by_asgi(self, x: Exchange, app: ASGIApp) -> None:
        """Let an ASGI application send what is no plain reply."""
        await app(x.scope, x.receive, x.send)

    def _has_begun(self, x: Exchange) -> bool:
        """Whether it is too late for another response."""
        return x.started

    async def _work(self, after: AfterWork) -> None:
        """Do what was left for after the reply; an exception that has a handler comes too late for it."""
        try:
            await after()
        except Exception as error:
            if self._handler_for(error) is None:
                raise
            raise RuntimeError(_TOO_LATE) from error

    # --- errors

    def _handler_for(self, error: BaseException) -> Any:
        """The exception handler, by status code, then by the nearest class; None without one."""
        if isinstance(error, HTTPException):
            handler = self._status_handlers.get(error.status_code)
            if handler is not None:
                return handler
        handlers = self._exception_handlers
        return next((handlers[kind] for kind in type(error).__mro__ if kind in handlers), None)

    async def _answer_error(self, x: Exchange, error: Exception, layers: int = HANDLER_LAYERS) -> None:
        """Answer an exception with its handler, else as a server error, which is raised further.

        Args:
            x: the exchange.
            error: the exception.
            layers: how many layers of handlers it has yet to pass; what a handler of one raises is for the
                next, of which a request that is nested has one inside of the router only.
        """
        for _ in range(layers - x.nested):
            try:
                if await self._has_handled(x, error):
                    return
            except Exception as failure:
                error = failure
            error = await unwind(x, error)
        await self._answer_server_error(x, error)

    async def _has_handled(self, x: Exchange, error: Exception) -> bool:
        """Whether there is a handler for an exception, which has answered it."""
        handler = self._handler_for(error)
        if handler is None:
            return False
        if self._has_begun(x):
            raise RuntimeError(_TOO_LATE) from error
        await self._send_response(x, await self._ask_handler(x, error, handler))
        error.__traceback__ = None  # an instance that is raised again starts anew
        return True

    async def _ask_handler(self, x: Exchange, error: BaseException, handler: Any) -> Any:
        """What an exception handler answers."""
        request = make_request(x)
        if is_async_callable(handler):
            return await handler(request, error)
        return await run_in_threadpool(handler, request, error)

    async def _answer_server_error(self, x: Exchange, error: Exception) -> None:
        """Let the outermost layer answer 500 and raise the error further, for the server to log."""
        if self._server_error is None:
            raise error

        async def raising(scope: Scope, receive: Receive, send: Send) -> None:
            raise error

        layer = copy.copy(self._server_error)
        layer.app = raising
        send: Send = _ignore if x.started else x.send
        await layer(prepare_scope(x), x.receive, send)


def _below(root_path: str, path: str) -> str:
    """The part of ``path`` that routes are about."""
    rest = path[len(root_path) :]
    return rest if path.startswith(root_path) and (rest == "" or rest[0] == "/") else path


async def _resumed(
    stacks: Sequence[AsyncExitStack], outcome: Any, error: Exception | None, *entered: AsyncExitStack
) -> Any:
    """What became of a plan, its exit stacks put onto those that are entered now."""
    for stack, outer in zip(stacks, entered, strict=True):
        outer.push_async_exit(stack)
    return await result(outcome, error)


def reference_app(x: Exchange) -> ASGIApp:
    """The ASGI application that answers a request for which a target was found, by the reference way."""
    prepare_scope(x)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as files:
            if not x.nested:
                scope[MIDDLEWARE_STACK] = files
            await x.target.app(scope, receive, send)

    return app


def deliver(x: Exchange, reply: Reply) -> Awaitable[None]:
    """Hand over a reply, then do what was left for afterwards, in the same task."""
    return x.deliver(reply) if reply.after is None else _deliver_and_work(x, reply, reply.after)


async def _deliver_and_work(x: Exchange, reply: Reply, after: AfterWork) -> None:
    reply.after = None
    await x.deliver(reply)
    await after()


async def _ignore(message: Any) -> None:
    """Take a message that comes too late."""
