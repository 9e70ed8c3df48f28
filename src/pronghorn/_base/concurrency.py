"""Context managers and caps around dependencies: threads, shielded exits, concurrency limits.

Must not live here: solving dependencies. Invariant: once a context was entered its exit runs, whatever
is cancelled meanwhile.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from types import TracebackType
from typing import TypeVar
from weakref import WeakKeyDictionary

import anyio.to_thread
from anyio import CancelScope, CapacityLimiter, Semaphore
from anyio.lowlevel import RunVar, checkpoint_if_cancelled
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool, run_until_first_complete

_T = TypeVar("_T")

_semaphores: RunVar[WeakKeyDictionary[DependencyConcurrency, Semaphore]] = RunVar(
    "pronghorn_dependency_semaphores"
)


class DependencyConcurrency:
    """A cap on how many uses of one declared dependency run at once, per event loop.

    Args:
        max_concurrency: the cap, at least 1.
    """

    def __init__(self, max_concurrency: int) -> None:
        self.max_concurrency = max_concurrency

    def get_semaphore(self) -> Semaphore:
        """The semaphore of the running event loop."""
        semaphores = _semaphores.get(None)
        if semaphores is None:
            _semaphores.set(semaphores := WeakKeyDictionary())
        semaphore = semaphores.get(self)
        if semaphore is None:
            semaphore = semaphores[self] = Semaphore(self.max_concurrency)
        return semaphore


@asynccontextmanager
async def contextmanager_in_threadpool(cm: AbstractContextManager[_T]) -> AsyncGenerator[_T, None]:
    """Enter and leave a synchronous context manager in worker threads.

    Leaving has a thread token of its own: were it to wait for the common pool, endpoints that hold
    every token while they wait for a resource could never get it back.
    """
    limiter = CapacityLimiter(1)

    async def leave(
        kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        swallowed: bool | None = None
        with CancelScope(shield=True):
            swallowed = await anyio.to_thread.run_sync(cm.__exit__, kind, error, trace, limiter=limiter)
        return bool(swallowed)

    value = await run_in_threadpool(cm.__enter__)
    try:
        yield value
    except BaseException as error:
        if not await leave(type(error), error, error.__traceback__):
            raise
    else:
        await leave(None, None, None)


@asynccontextmanager
async def shielded_exit(
    cm: AbstractAsyncContextManager[_T], cleanup_scope: CancelScope
) -> AsyncGenerator[_T, None]:
    """Run ``cm`` with its exit protected from cancellation by ``cleanup_scope``."""
    before = cleanup_scope.shield
    try:
        async with cm as value:
            try:
                yield value
            finally:
                cleanup_scope.shield = True
    finally:
        cleanup_scope.shield = before
    await checkpoint_if_cancelled()


@asynccontextmanager
async def limited(cm: AbstractAsyncContextManager[_T], semaphore: Semaphore) -> AsyncGenerator[_T, None]:
    """Hold ``semaphore`` for as long as ``cm`` is entered."""
    async with semaphore, cm as value:
        yield value


__all__ = [
    "DependencyConcurrency",
    "asynccontextmanager",
    "contextmanager_in_threadpool",
    "iterate_in_threadpool",
    "limited",
    "run_in_threadpool",
    "run_until_first_complete",
    "shielded_exit",
]
