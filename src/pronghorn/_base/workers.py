"""Worker threads for synchronous code, with results brought back in batches.

Lives here: threads, their queue, and one mailbox per event loop.
Must not live here: what runs in them. Invariant: a result reaches its callback on the loop it was asked for
on, exactly once; several results that are ready together cost the loop one wake-up.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from typing import Any
from weakref import WeakKeyDictionary, ref

import anyio.to_thread
from anyio import CancelScope
from anyio._core._eventloop import set_current_async_library, threadlocals
from anyio.lowlevel import EventLoopToken

Callback = Callable[[Any, BaseException | None], None]

#: As many as anyio's default limiter allows; read from it where it can be.
DEFAULT_LIMIT = 40
_IDLE_SECONDS = 10.0


class Mailbox:
    """Where threads leave results for one event loop.

    Attributes:
        token: what `anyio.from_thread` needs in a worker to find its way back.
        called: the pools that will be called when the loop has done what is ready now.
    """

    __slots__ = ("__weakref__", "_loop", "_results", "_scheduled", "called", "token")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = ref(loop)
        self._results: deque[tuple[Callback, Any, BaseException | None]] = deque()
        self._scheduled = False
        self.called: set[Workers] = set()
        self.token = _anyio_token(loop)

    def call_soon(self, pool: Workers) -> None:
        """Have a thread of ``pool`` look for jobs when the loop has done what is ready now; to be called on it."""
        loop = self._loop()
        if loop is not None:
            self.called.add(pool)
            loop.call_soon(pool.call, self)

    def post(self, callback: Callback, result: Any, error: BaseException | None) -> None:
        """Leave a result; called in a worker thread."""
        self._results.append((callback, result, error))
        if self._scheduled:
            return
        self._scheduled = True
        loop = self._loop()
        if loop is None:
            return
        try:
            loop.call_soon_threadsafe(self._deliver)
        except RuntimeError:  # the loop was closed: nobody waits any more
            self._results.clear()

    def _deliver(self) -> None:
        # Before taking anything: what is posted from here on schedules a delivery of its own.
        self._scheduled = False
        results = self._results
        while results:
            callback, result, error = results.popleft()
            try:
                callback(result, error)
            except Exception as failure:
                loop = self._loop()
                if loop is not None:
                    loop.call_exception_handler(
                        {"message": "A worker's callback failed", "exception": failure}
                    )


def _anyio_token(loop: asyncio.AbstractEventLoop) -> EventLoopToken:
    """What `anyio.from_thread` needs in a worker to find its way back."""
    from anyio._backends._asyncio import AsyncIOBackend

    return EventLoopToken(AsyncIOBackend, loop)


Job = tuple[Context, Callable[..., Any], tuple[Any, ...], Callback, Mailbox]


class Workers:
    """A pool of threads, shared by all event loops of the process.

    Threads are started as they are needed, up to ``limit``, and end when they were idle for some seconds.
    While jobs wait, one more thread is on its way, or no other can be had.

    PERF: a thread is called when the loop has nothing else to do, and calls the next one if it leaves jobs behind.
    Were each job to wake a thread, that and the loop would take Python's lock from each other with every job: a
    third of the time went into switching. bench: def
    """

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self.limit = limit
        self._jobs: deque[Job] = deque()
        self._lock = threading.Lock()
        self._threads = 0
        self._idle: list[threading.Lock] = []
        """What idle threads wait for, the latest last: its memory is still at hand."""
        self._coming = False
        """Whether a thread was called that has not looked for a job yet."""
        self._mailboxes: WeakKeyDictionary[asyncio.AbstractEventLoop, Mailbox] = WeakKeyDictionary()

    def mailbox(self, loop: asyncio.AbstractEventLoop) -> Mailbox:
        """The mailbox of ``loop``."""
        found = self._mailboxes.get(loop)
        if found is None:
            found = self._mailboxes[loop] = Mailbox(loop)
        return found

    def submit(
        self,
        mailbox: Mailbox,
        context: Context,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        callback: Callback,
    ) -> None:
        """Run ``function(*arguments)`` in ``context`` in a thread; ``callback(result, error)`` on the loop.

        To be called on the loop of ``mailbox``. Where there is no thread and none can be started, the error is a
        `RuntimeError`.
        """
        self._jobs.append((context, function, arguments, callback, mailbox))
        if not self._coming and self not in mailbox.called:  # else who is coming finds this job too
            mailbox.call_soon(self)

    def call(self, mailbox: Mailbox) -> None:
        """Have a thread look for jobs, if there are any, as was asked for by ``mailbox``."""
        mailbox.called.discard(self)
        with self._lock:
            try:
                if self._jobs:
                    self._call_thread()
            except RuntimeError as error:
                while self._jobs and not self._threads:
                    _, _, _, callback, asking = self._jobs.popleft()
                    asking.post(callback, None, error)

    def _call_thread(self) -> None:
        """Have one more thread look for a job, unless one is on its way; the lock is held."""
        if self._coming:
            return
        if self._idle:
            self._coming = True
            self._idle.pop().release()
        elif self._threads < self.limit:
            thread = threading.Thread(target=self._work, name="pronghorn worker", daemon=True)
            thread.start()
            self._coming = True
            self._threads += 1

    def _work(self) -> None:
        bell = threading.Lock()
        bell.acquire()
        is_called = True
        while True:
            with self._lock:
                if is_called:
                    self._coming = False
                job = self._take(bell)
            is_called = job is None
            if job is not None:
                self._run(job)
                del job
            elif not bell.acquire(timeout=_IDLE_SECONDS) and self._may_end(bell):
                return

    def _take(self, bell: threading.Lock) -> Job | None:
        """The next job; None when there is none, and the thread is noted as idle. The lock is held."""
        if not self._jobs:
            self._idle.append(bell)
            return None
        job = self._jobs.popleft()
        if self._jobs:
            with suppress(RuntimeError):  # no thread can be started: this one will do
                self._call_thread()
        return job

    def _may_end(self, bell: threading.Lock) -> bool:
        """Whether nobody has called an idle thread; it is not counted any more then."""
        with self._lock:
            if bell in self._idle:
                self._idle.remove(bell)
                self._threads -= 1
                return True
        bell.acquire()  # it was called just now
        return False

    def _run(self, job: Job) -> None:
        context, function, arguments, callback, mailbox = job
        threadlocals.current_token = mailbox.token
        threadlocals.current_cancel_scope = None
        result: Any = None
        error: BaseException | None = None
        try:
            result = context.run(function, *arguments)
        except StopIteration as stop:
            error = RuntimeError("coroutine raised StopIteration")
            error.__cause__ = stop
        except BaseException as failure:
            error = failure
        mailbox.post(callback, result, error)


workers = Workers()
#: For the exits of dependencies. Were they to wait for the others, endpoints that hold every thread while they
#: wait for a resource could never get it back.
exit_workers = Workers(sys.maxsize)


def _start_anew() -> None:
    """A forked child has none of its parent's threads."""
    for pool in (workers, exit_workers):
        pool.__init__(pool.limit)  # type: ignore[misc]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)


def use_anyio_limit() -> None:
    """Allow as many threads as anyio's default limiter does now; call it from a coroutine."""
    tokens = anyio.to_thread.current_default_thread_limiter().total_tokens
    workers.limit = max(1, int(min(tokens, 10_000)))


def leave_async(context: Context) -> Context:
    """Mark ``context`` as one of a thread: code in it may start an event loop of its own."""
    context.run(set_current_async_library, None)
    return context


async def run_in_worker(
    context: Context, function: Callable[..., Any], *arguments: Any, pool: Workers = workers
) -> Any:
    """Run ``function`` in a worker thread and wait for it; a thread, once started, is waited for to its end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    waiters: list[asyncio.Future[None]] = []
    pending = True

    def done(result: Any, error: BaseException | None) -> None:
        nonlocal pending
        pending = False
        for waiter in waiters:
            waiter.set_result(None)
        if future.cancelled():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    pool.submit(workers.mailbox(loop), context, function, arguments, done)
    try:
        return await future
    except asyncio.CancelledError:
        if pending:
            waiters.append(loop.create_future())
            with CancelScope(shield=True):
                await waiters[0]
        raise
