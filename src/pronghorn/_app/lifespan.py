"""Start-up and shutdown: lifespans of routers nested, and plain event handlers.

Must not live here: the ASGI lifespan protocol (Starlette's router speaks it).
Invariant: what was started last is ended first; on a key clash the outer router's state counts.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Generator, Mapping
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


def merged_lifespan(outer: LifespanContext, inner: LifespanContext) -> LifespanContext:
    """Both lifespans, ``inner`` inside; their states joined."""

    @asynccontextmanager
    async def merged(app: Any) -> AsyncIterator[Mapping[str, Any] | None]:
        async with outer(app) as outer_state, inner(app) as inner_state:
            if outer_state is None and inner_state is None:
                yield None
            else:
                yield {**(inner_state or {}), **(outer_state or {})}

    return merged


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


async def run_handlers(handlers: list[Callable[[], Any]]) -> None:
    """Run event handlers in order."""
    for handler in handlers:
        if is_async_callable(handler):
            await handler()
        else:
            handler()
