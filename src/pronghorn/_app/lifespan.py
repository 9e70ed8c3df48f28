"""Start-up and shutdown: lifespans of routers nested, and plain event handlers.

Must not live here: the ASGI lifespan protocol (Starlette's router speaks it).
Invariant: what was started last is ended first; on a key clash the outer router's state counts.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, TypeVar

from starlette._utils import is_async_callable

T = TypeVar("T")
LifespanContext = Callable[[Any], AbstractAsyncContextManager[Any]]


def lifespan_context(lifespan: Any, default: LifespanContext) -> LifespanContext:
    """The context manager factory of a lifespan given as one, as a generator function, or not at all."""
    if lifespan is None:
        return default
    if inspect.isasyncgenfunction(lifespan):
        return asynccontextmanager(lifespan)
    if inspect.isgeneratorfunction(lifespan):
        return _of_generator(lifespan)
    context: LifespanContext = lifespan
    return context


class _Lifted(AbstractAsyncContextManager[T]):
    """A synchronous context manager, entered and left in place, as an asynchronous one."""

    def __init__(self, cm: AbstractContextManager[T]) -> None:
        self._cm = cm

    async def __aenter__(self) -> T:
        return self._cm.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._cm.__exit__(kind, error, trace)


def _of_generator(lifespan: Callable[[Any], Generator[Any, Any, Any]]) -> LifespanContext:
    make = contextlib.contextmanager(lifespan)

    @functools.wraps(make)
    def context(app: Any) -> AbstractAsyncContextManager[Any]:
        return _Lifted(make(app))

    return context


class MergedLifespan:
    """Two lifespans, ``inner`` inside; their states joined."""

    def __init__(self, outer: LifespanContext, inner: LifespanContext) -> None:
        self.outer = outer
        self._inner = inner

    @asynccontextmanager
    async def __call__(self, app: Any) -> AsyncIterator[Any]:
        async with self.outer(app) as outer_state, self._inner(app) as inner_state:
            if outer_state is None and inner_state is None:
                yield None
            else:
                yield {**(inner_state or {}), **(outer_state or {})}


class EventHandlerLifespan:
    """The lifespan of a router without one: its start-up handlers, then its shutdown handlers."""

    def __init__(self, router: Any) -> None:
        self._router = router

    def __call__(self, app: object) -> EventHandlerLifespan:
        return self

    async def __aenter__(self) -> None:
        await run_handlers(self._router.on_startup)

    async def __aexit__(self, *error: object) -> None:
        await run_handlers(self._router.on_shutdown)


def runs_event_handlers(context: LifespanContext) -> bool:
    """Whether a router's lifespan, with those of included routers around or without, runs its handlers."""
    while isinstance(context, MergedLifespan):
        context = context.outer
    return isinstance(context, EventHandlerLifespan)


async def run_handlers(handlers: list[Callable[[], Any]]) -> None:
    """Run event handlers in order."""
    for handler in handlers:
        if is_async_callable(handler):
            await handler()
        else:
            handler()
