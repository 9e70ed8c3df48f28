"""Running requests the fast way: from the routing tree's answer to a finished reply.

Lives here: choosing how a plan is run (in place, in a thread, as a task) and what becomes of its outcome.
Must not live here: what plans do, what requests look like on a wire. Invariant: whatever the fast way cannot
finish is finished by the reference way, before any code of the user's ran, and only then.
"""

from __future__ import annotations

import asyncio
import copy
from asyncio import _enter_task, _leave_task
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from contextvars import Context, copy_context
from functools import partial
from typing import Any

from starlette._utils import is_async_callable
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn._base.errors import FastAPIError
from pronghorn._base.workers import Mailbox, leave_async, run_in_worker, workers
from pronghorn._compile.callables import traits
from pronghorn._compile.plan import EndpointPlan
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.general import NOT_AWAITED
from pronghorn._engine.reference import FUNCTION_STACK, INNER_STACK, MIDDLEWARE_STACK
from pronghorn._engine.reply import Reply, reply_of
from pronghorn._engine.runtime import make_request, prepare_scope
from pronghorn._engine.target import Target

Finder = Callable[[str, str], "tuple[Any, dict[str, Any]] | None"]


class Dispatcher:
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
        self._find = find
        self._status_handlers = status_handlers
        self._exception_handlers = exception_handlers
        self._server_error = server_error
        self._loop: asyncio.AbstractEventLoop | None = None
        self._mailbox: Mailbox | None = None
        self._host: Any = None

    # --- choosing

    def select(self, x: Exchange) -> EndpointPlan | None:
        """The plan for a request; None when the reference way has to answer it."""
        path = x.path
        root_path = x.root_path
        if root_path and path.startswith(root_path):
            rest = path[len(root_path) :]
            if rest == "" or rest[0] == "/":
                path = rest
        try:
            found = self._find(path, x.method)
        except Exception:  # of a convertor: the reference way meets it where its handlers are
            return None
        if found is None or found[0] is None:
            return None
        x.target, x.path_params = found
        target: Target = x.target
        plan = target.plan
        if plan is None or not target.within_limit(x):
            return None
        return plan

    # --- running at once

    def handle(self, x: Exchange, plan: EndpointPlan) -> Reply | None:
        """Run ``plan`` from a server's callback; see `Pronghorn.handle_exchange`."""
        if plan.uses_stacks or plan.way == "task" or (plan.needs_body and x.body is None):
            x.spawn(self.run(x, plan))
            return None
        if plan.way == "thread":
            context = leave_async(x.new_context())
            done = partial(self._thread_done, x)
            workers.submit(self._own_mailbox(x), context, plan.function, (x,), done)
            return None
        return self._step(x, plan)

    def _step(self, x: Exchange, plan: EndpointPlan) -> Reply | None:
        """Run a plan that cannot suspend, here and now, in a context of its own."""
        loop = self._own_loop(x)
        context = x.new_context()
        coroutine = plan.function(x)
        # Libraries that look for the current task find one; it is nobody's to cancel.
        host = self._host
        try:
            _enter_task(loop, host)
        except RuntimeError:  # called from a task: that one will do
            host = None
        try:
            context.run(coroutine.send, None)
        except StopIteration as stop:
            return self._finish(x, stop.value)
        except Exception as error:
            return self._fail(x, error, context)
        finally:
            if host is not None:
                _leave_task(loop, host)
        coroutine.close()
        raise RuntimeError(f"{x.target.title} suspended although nothing in it awaits")

    def _own_loop(self, x: Exchange) -> asyncio.AbstractEventLoop:
        loop = x.loop or asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._mailbox = workers.mailbox(loop)
            self._host = _HostTask(loop)
        return loop

    def _own_mailbox(self, x: Exchange) -> Mailbox:
        self._own_loop(x)
        assert self._mailbox is not None
        return self._mailbox

    def _thread_done(self, x: Exchange, outcome: Any, error: BaseException | None) -> None:
        if error is not None:
            reply = self._fail(x, error, copy_context())
        else:
            reply = self._finish(x, outcome)
        if reply is not None:
            self._respond(x, reply)

    def _finish(self, x: Exchange, outcome: Any) -> Reply | None:
        """What becomes of a plan's outcome, from a server's callback."""
        if type(outcome) is Reply:
            return outcome
        if outcome is None:
            x.spawn(self.answer_by_reference(x))
            return None
        reply = reply_of(outcome)
        if reply is None:
            x.spawn(self._send(x, outcome))
        return reply

    def _fail(self, x: Exchange, error: BaseException, context: Context) -> Reply | None:
        """Answer an exception, at once where its handler cannot suspend."""
        if not isinstance(error, Exception):
            raise error
        handler = self._handler_for(error)
        if handler is not None and traits(handler).never_awaits:
            coroutine = handler(make_request(x), error)
            try:
                context.run(coroutine.send, None)
            except StopIteration as stop:
                reply = reply_of(stop.value)
                if reply is not None:
                    error.__traceback__ = None  # an instance that is raised again starts anew
                    return reply
                x.spawn(self._send(x, stop.value))
                return None
            except Exception as failure:
                error = failure
                handler = None
        x.spawn(self._answer_error(x, error, handler))
        return None

    def answer_unrouted(self, x: Exchange) -> Reply | None:
        """Answer a request that has no plan, if that can be done without one."""
        return None

    # --- running in the request's own task

    def serve(self, x: Exchange, plan: EndpointPlan) -> Coroutine[Any, Any, None]:
        """Serve a request whose task is there already, as an ASGI server's is."""
        return self.run(x, plan)

    async def run(self, x: Exchange, plan: EndpointPlan) -> None:
        """Run ``plan`` and answer, in the request's own task."""
        try:
            if plan.needs_body and x.body is None:
                await x.read_body()
            if plan.uses_stacks:
                await self._run_with_exits(x, plan)
                return
            if plan.way == "thread":
                outcome = await run_in_worker(leave_async(copy_context()), plan.function, x)
            else:
                outcome = await plan.function(x)
            await self._answer(x, outcome)
        except Exception as error:
            await self._answer_error(x, error, self._handler_for(error))

    async def _run_with_exits(self, x: Exchange, plan: EndpointPlan) -> None:
        """Run a plan whose dependencies have exits: the function's before, the request's after the answer."""
        scope = prepare_scope(x)
        finished = False
        async with AsyncExitStack() as request_stack:
            scope[INNER_STACK] = request_stack
            async with AsyncExitStack() as function_stack:
                scope[FUNCTION_STACK] = function_stack
                outcome = await plan.function(x, request_stack, function_stack)
            if outcome is not None:
                await self._answer(x, outcome)
            finished = True
        if not finished:  # a dependency's exit swallowed the exception
            raise FastAPIError(NOT_AWAITED)
        if outcome is None:
            await self.answer_by_reference(x)

    async def _answer(self, x: Exchange, outcome: Any) -> None:
        if type(outcome) is Reply:
            await self._deliver(x, outcome)
        elif outcome is None:
            await self.answer_by_reference(x)
        else:
            await self._send_response(x, outcome)

    async def _send(self, x: Exchange, response: Any) -> None:
        try:
            await self._send_response(x, response)
        except Exception as error:
            await self._answer_error(x, error, self._handler_for(error))

    async def _send_response(self, x: Exchange, response: Any) -> None:
        if response is None:
            return
        reply = reply_of(response)
        if reply is not None:
            await self._deliver(x, reply)
        else:
            prepare_scope(x)
            await self._send_by_asgi(x, response)

    async def answer_by_reference(self, x: Exchange) -> None:
        """Answer a request for which a target was found by the reference way."""
        try:
            await self._send_by_asgi(x, reference_app(x))
        except Exception as error:
            await self._answer_error(x, error, None)

    # --- the way out: layers of middleware put themselves here

    def _respond(self, x: Exchange, reply: Reply) -> None:
        """Hand over a reply from a server's callback."""
        x.respond(reply)

    async def _deliver(self, x: Exchange, reply: Reply) -> None:
        """Hand over a reply from the request's task."""
        await deliver(x, reply)

    async def _send_by_asgi(self, x: Exchange, app: ASGIApp) -> None:
        """Let an ASGI application send what is no plain reply."""
        await app(x.scope, x.receive, x.send)

    def _has_begun(self, x: Exchange) -> bool:
        """Whether it is too late for another response."""
        return x.started

    # --- errors

    def _handler_for(self, error: BaseException) -> Any:
        """The exception handler, by status code, then by the nearest class; None without one."""
        if isinstance(error, HTTPException):
            handler = self._status_handlers.get(error.status_code)
            if handler is not None:
                return handler
        handlers = self._exception_handlers
        return next((handlers[kind] for kind in type(error).__mro__ if kind in handlers), None)

    async def _answer_error(self, x: Exchange, error: Exception, handler: Any) -> None:
        """Answer an exception with its handler, else as a server error, which is raised further."""
        if handler is None:
            await self._answer_server_error(x, error)
            return
        if self._has_begun(x):
            late = RuntimeError("Caught handled exception, but response already started.")
            late.__cause__ = error
            await self._answer_server_error(x, late)
            return
        try:
            await self._send_response(x, await self._ask_handler(x, error, handler))
        except Exception as failure:
            await self._answer_server_error(x, failure)
            return
        error.__traceback__ = None  # an instance that is raised again starts anew

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


def reference_app(x: Exchange) -> ASGIApp:
    """The ASGI application that answers a request for which a target was found, by the reference way."""
    prepare_scope(x)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as files:
            if not x.nested:
                scope[MIDDLEWARE_STACK] = files
            await x.target.app(scope, receive, send)

    return app


async def deliver(x: Exchange, reply: Reply) -> None:
    """Hand over a reply, then do what was left for afterwards, in the same task."""
    after, reply.after = reply.after, None
    await x.deliver(reply)
    if after is not None:
        await after()


async def _ignore(message: Any) -> None:
    """Take a message that comes too late."""


class _HostTask:
    """Stands for the current task while a plan is stepped in place: it can be asked, not awaited."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The event loop."""
        return self._loop

    def get_name(self) -> str:
        """A name for logs."""
        return "request in place"

    def done(self) -> bool:
        """Never, from the point of view of what it runs."""
        return False

    def cancelled(self) -> bool:
        """Never."""
        return False

    def cancelling(self) -> int:
        """Nobody asks it to stop."""
        return 0

    def cancel(self, msg: Any = None) -> bool:
        """There is nothing that could be interrupted."""
        return False

    def uncancel(self) -> int:
        """See `cancelling`."""
        return 0

    def get_coro(self) -> Any:
        """There is no coroutine to be seen."""
        return None

    def get_stack(self, *, limit: int | None = None) -> list[Any]:
        """There is no frame to be seen."""
        return []

    def add_done_callback(self, callback: Any, *, context: Any = None) -> None:
        """It never ends."""
