"""Callables as hypothesis makes them up, of every kind that can be an endpoint or a dependency.

What a callable does is decided when it is drawn (`Conduct`): what it raises, sets and returns. Whatever
its code sees and does goes to the log of `outcomes`, by which ways are compared.
"""

import asyncio
import functools
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from starlette.background import BackgroundTasks as StarletteBackgroundTasks
from starlette.datastructures import UploadFile

from pronghorn import FastAPI, HTTPException, Request, Response
from pronghorn.requests import HTTPConnection
from pronghorn.security import SecurityScopes
from tests.differential.answers import RETURNED
from tests.differential.outcomes import LOG

SEEN: ContextVar[str] = ContextVar("SEEN", default="nobody")


class Handled(Exception):
    """Has a handler that never awaits."""


class HandledLate(Exception):
    """Has a handler that awaits."""


class HandledInThread(Exception):
    """Has a synchronous handler."""


class HandledBadly(Exception):
    """Has a handler that raises `Handled`."""


RAISED: dict[str, Callable[[], Exception]] = {
    "http": lambda: HTTPException(418, {"why": "teapot"}, headers={"x-why": "tea"}),
    "http by status": lambda: HTTPException(499),
    "value": lambda: ValueError("told"),
    "handled": lambda: Handled("now"),
    "handled late": lambda: HandledLate("later"),
    "handled in a thread": lambda: HandledInThread("there"),
    "handled badly": lambda: HandledBadly("again"),
}


def note(name: str, event: str, *more: Any) -> None:
    """Write down what happens, where and in which context."""
    on_loop = asyncio._get_running_loop() is not None
    LOG.append((name, event, "loop" if on_loop else "thread", SEEN.get(), *more))


def shown(value: Any) -> Any:
    """What of an argument can be compared between ways."""
    if isinstance(value, (Request, HTTPConnection)):
        scope = value.scope
        seen = {
            key: scope.get(key) for key in ("path", "root_path", "method", "path_params", "endpoint", "state")
        }
        seen["state"] = sorted(scope.get("state", {}).items(), key=repr)
        return (
            type(value).__name__, repr(seen), str(value.url), repr(value.query_params), repr(value.headers),
            value.cookies, value.client, getattr(scope.get("route"), "path", None), isinstance(scope.get("app"), FastAPI),
            getattr(scope.get("fastapi", {}).get("effective_route_context"), "path", None),
        )  # fmt: skip
    if isinstance(value, Response):
        return "Response", value.status_code, value.headers.raw
    if isinstance(value, StarletteBackgroundTasks):
        return type(value).__name__, len(value.tasks)
    if isinstance(value, SecurityScopes):
        return "SecurityScopes", value.scopes, value.scope_str
    return repr(value)


def sendable(value: Any) -> Any:
    """An argument as an endpoint may return it."""
    if isinstance(value, UploadFile):
        return value.filename, value.size, value.content_type, value.file.read().decode("latin-1")
    if isinstance(value, (list, tuple)) and any(isinstance(one, UploadFile) for one in value):
        return [sendable(one) for one in value]
    return value


@dataclass(frozen=True)
class Conduct:
    """What one callable does when it is called.

    Attributes:
        name: its name.
        raises: a key of `RAISED`; before anything else.
        raises_after: the same, of a generator after its ``yield``.
        swallows: whether a generator takes exceptions for itself.
        sets: whether it sets a context variable.
        reads_body: whether it reads the request's body, if it has the request and may wait.
        returns: a key of `RETURNED`; None for its arguments.
    """

    name: str
    raises: str | None = None
    raises_after: str | None = None
    swallows: bool = False
    sets: bool = True
    reads_body: bool = False
    returns: str | None = None

    def begin(self, arguments: dict[str, Any]) -> None:
        note(self.name, "called", sorted((name, shown(value)) for name, value in arguments.items()))
        if self.sets:
            SEEN.set(self.name)
        for value in arguments.values():
            if isinstance(value, Response):
                value.headers.append("x-seen", self.name)
                if self.name.endswith("1"):
                    value.status_code = 202
            elif isinstance(value, StarletteBackgroundTasks):
                value.add_task(note, self.name, "later")
                value.add_task(later, self.name)
            elif isinstance(value, Request):
                setattr(value.state, self.name, True)
        if self.raises is not None:
            raise RAISED[self.raises]()

    def end(self, arguments: dict[str, Any]) -> Any:
        if self.returns is not None:
            return RETURNED[self.returns]()
        given = {name: sendable(value) for name, value in arguments.items() if name.startswith("p")}
        return given | {"of": self.name}

    def leave(self, error: BaseException | None) -> None:
        note(self.name, "left", type(error).__name__)
        if self.raises_after is not None:
            raise RAISED[self.raises_after]()


async def later(name: str) -> None:
    await asyncio.sleep(0)
    note(name, "later still")


async def read(conduct: Conduct, arguments: dict[str, Any]) -> None:
    await asyncio.sleep(0)
    for value in arguments.values():
        if conduct.reads_body and isinstance(value, Request):
            note(conduct.name, "read", await value.body())


def make_plain(conduct: Conduct) -> Any:
    def call(**arguments: Any) -> Any:
        conduct.begin(arguments)
        return conduct.end(arguments)

    return call


def make_coroutine(conduct: Conduct) -> Any:
    async def call(**arguments: Any) -> Any:
        conduct.begin(arguments)
        return conduct.end(arguments)

    return call


def make_waiting(conduct: Conduct) -> Any:
    async def call(**arguments: Any) -> Any:
        await read(conduct, arguments)
        conduct.begin(arguments)
        return conduct.end(arguments)

    return call


def make_generator(conduct: Conduct) -> Any:
    def call(**arguments: Any) -> Any:
        conduct.begin(arguments)
        error = None
        try:
            yield conduct.end(arguments)
        except Exception as caught:
            error = caught
            if not conduct.swallows:
                raise
        finally:
            conduct.leave(error)

    return call


def make_async_generator(conduct: Conduct) -> Any:
    async def call(**arguments: Any) -> Any:
        conduct.begin(arguments)
        error = None
        try:
            yield conduct.end(arguments)
        except Exception as caught:
            error = caught
            if not conduct.swallows:
                raise
        finally:
            conduct.leave(error)

    return call


def make_class(conduct: Conduct) -> Any:
    class Made:
        def __init__(self, **arguments: Any) -> None:
            conduct.begin(arguments)

        def __repr__(self) -> str:
            return f"Made {conduct.name}"

    return Made


def make_instance(conduct: Conduct) -> Any:
    class Callable:
        async def __call__(self, **arguments: Any) -> Any:
            conduct.begin(arguments)
            return conduct.end(arguments)

    return Callable()


def make_partial(conduct: Conduct) -> Any:
    return functools.partial(make_coroutine(conduct))


#: The names that plans use for themselves must do for callables too.
NAMES = (
    "x",
    "query",
    "path",
    "headers",
    "content",
    "response",
    "request",
    "r0",
    "background",
    "read_headers",
    "header",
    "name",
)

KINDS: dict[str, Callable[[Conduct], Any]] = {
    "plain": make_plain,
    "coroutine": make_coroutine,
    "waiting": make_waiting,
    "generator": make_generator,
    "async generator": make_async_generator,
    "class": make_class,
    "instance": make_instance,
    "partial": make_partial,
}
ENDPOINT_KINDS = ("plain", "coroutine", "coroutine", "waiting", "instance", "partial")
