"""What plans that are generators refer to: what they pause for, and the exits of their dependencies.

Must not live here: the order of exits (`_compile.exits`), resuming plans (`stepping`, `running`).
Invariant: an exit goes as `contextlib.contextmanager` makes it go.
"""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from pronghorn._base.errors import FastAPIError

NOT_AWAITED = (
    "Response not awaited. There's a high chance that the application code is raising an exception and a "
    "dependency with yield has a block with a bare except, or a block with except Exception, and is not "
    "raising the exception again. Read more about it in the docs: "
    "https://fastapi.tiangolo.com/tutorial/dependencies/dependencies-with-yield/"
    "#dependencies-with-yield-and-except"
)

SENDING, ON_LOOP, IN_THREAD, LEAVING = (object() for _ in range(4))
"""What plans yield: the answer is to be sent; go on on the event loop, in a thread, in a thread for exits."""


def not_awaited() -> FastAPIError:
    """The error of a request whose exception was swallowed by an exit."""
    return FastAPIError(NOT_AWAITED)


def throw(generator: Any, error: BaseException) -> Any:
    """Leave a generator with an exception; whether it swallowed it."""
    return contextmanager(lambda: generator)().__exit__(type(error), error, error.__traceback__)


def throw_async(generator: Any, error: BaseException) -> Coroutine[Any, Any, Any]:
    """The same for an asynchronous generator."""
    manager = asynccontextmanager(lambda: generator)()
    return manager.__aexit__(type(error), error, error.__traceback__)


def stop(generator: Any) -> None:
    """Complain of a generator that has yielded twice."""
    try:
        raise RuntimeError("generator didn't stop")
    finally:
        generator.close()


async def stop_async(generator: Any) -> None:
    """The same for an asynchronous generator."""
    try:
        raise RuntimeError("generator didn't stop")
    finally:
        await generator.aclose()


#: By the names that plan sources use.
EXITS: dict[str, Any] = {
    "IN_THREAD": IN_THREAD,
    "LEAVING": LEAVING,
    "ON_LOOP": ON_LOOP,
    "SENDING": SENDING,
    "not_awaited": not_awaited,
    "stop": stop,
    "stop_async": stop_async,
    "throw": throw,
    "throw_async": throw_async,
}
