"""Applications as hypothesis makes them up: path operations with any mix of what can be declared.

What a callable does is decided when it is drawn (`Conduct`): what it raises, sets and returns. Whatever
its code sees and does goes to the log of `ways`, by which ways are compared.
"""

import asyncio
import functools
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from inspect import Parameter, Signature
from typing import Any, Literal

from hypothesis import reject
from hypothesis import strategies as st
from starlette.background import BackgroundTasks as StarletteBackgroundTasks

from pronghorn import APIRouter, BackgroundTasks, Depends, FastAPI, HTTPException, Request, Response, Security
from pronghorn.exceptions import DependencyScopeError
from pronghorn.requests import HTTPConnection
from pronghorn.responses import HTMLResponse, JSONResponse, PlainTextResponse
from pronghorn.security import SecurityScopes
from tests.differential.answers import RESPONSE_MODELS, RETURNED
from tests.differential.parameters import PATHS, Declared, body_parameters, parameters
from tests.differential.ways import LOG

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
            value.cookies, value.client, getattr(scope.get("route"), "path", None), type(scope.get("app")).__name__,
            getattr(scope.get("fastapi", {}).get("effective_route_context"), "path", None),
        )  # fmt: skip
    if isinstance(value, Response):
        return "Response", value.status_code, value.headers.raw
    if isinstance(value, StarletteBackgroundTasks):
        return type(value).__name__, len(value.tasks)
    if isinstance(value, SecurityScopes):
        return "SecurityScopes", value.scopes, value.scope_str
    return repr(value)


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
        return {name: value for name, value in arguments.items() if name.startswith("p")} | {"of": self.name}

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

INJECTED = {
    "request": Request,
    "connection": HTTPConnection,
    "response": Response,
    "background": BackgroundTasks,
    "scopes": SecurityScopes,
}


@dataclass
class Drawing:
    """What the callables of one application share."""

    draw: st.DrawFn
    made: list[Any] = field(default_factory=list)
    names: list[Declared] = field(default_factory=list)

    def chance(self, one_in: int) -> bool:
        return self.draw(st.integers(1, one_in)) == one_in

    def raising(self, one_in: int) -> str | None:
        return self.draw(st.sampled_from(sorted(RAISED))) if self.chance(one_in) else None

    def conduct(self, name: str, *, returns: bool = False) -> Conduct:
        return Conduct(
            name,
            raises=self.raising(25),
            raises_after=self.raising(15),
            swallows=self.chance(12),
            sets=not self.chance(4),
            reads_body=self.chance(3),
            returns=self.draw(st.sampled_from(sorted(RETURNED))) if returns and not self.chance(3) else None,
        )

    def sign(self, call: Any, depth: int, path: str, *, with_body: bool) -> Any:
        """Give ``call`` a signature of its own."""
        wanted: list[Parameter] = []

        def add(name: str, annotation: Any, default: Any = Parameter.empty) -> None:
            wanted.append(Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default))

        for number in range(self.draw(st.integers(0, 2)) if depth else 0):
            add(f"d{number}", Any, self.dependency(depth - 1, path))
        drawn = self.draw(parameters(path))
        if with_body:
            drawn += self.draw(body_parameters())
        for declared in drawn:
            self.names.append(declared)
            add(declared.name, declared.annotation, declared.default)
        for name, annotation in INJECTED.items():
            if self.chance(5):
                add(name, annotation)
        if isinstance(call, (type, functools.partial)) or hasattr(call, "__code__"):
            setattr(call, "__signature__", Signature(wanted))  # noqa: B010 - no checker knows it
        else:
            method: Any = type(call).__call__
            itself = Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)
            method.__signature__ = Signature([itself, *wanted])
        return call

    def dependency(self, depth: int, path: str) -> Any:
        if self.made and self.chance(3):
            call, kind = self.draw(st.sampled_from(self.made))
        else:
            kind = self.draw(st.sampled_from(sorted(KINDS)))
            call = KINDS[kind](self.conduct(f"dep{len(self.made)}"))
            self.rename(call)
            # Known by others only when it is whole, so that there are no circles.
            self.sign(call, depth, path, with_body=self.chance(12))
            self.made.append((call, kind))
        use_cache = not self.chance(4)
        if self.chance(5):
            return Security(
                call, scopes=self.draw(st.sampled_from([[], ["a"], ["b", "a"]])), use_cache=use_cache
            )
        scopes: list[Literal["function", "request"]] = ["function", "request"]
        scope = self.draw(st.sampled_from(scopes)) if "generator" in kind else None
        if scope and self.chance(3):
            scope = None
        return Depends(call, use_cache=use_cache, scope=scope)

    def rename(self, call: Any) -> None:
        if hasattr(call, "__code__") and self.chance(2):
            call.__name__ = self.draw(st.sampled_from(NAMES))


async def handle_at_once(request: Request, error: Exception) -> Response:
    note("handler", "at once", str(error), shown(request))
    return JSONResponse({"at once": str(error)}, status_code=461)


async def handle_waiting(request: Request, error: Exception) -> Response:
    note("handler", "waiting", str(error), await request.body())
    return JSONResponse({"waiting": str(error)}, status_code=462)


def handle_in_thread(request: Request, error: Exception) -> Response:
    note("handler", "in a thread", str(error), shown(request))
    return PlainTextResponse(str(error), status_code=463)


async def handle_badly(request: Request, error: Exception) -> Response:
    note("handler", "badly", str(error))
    raise Handled("by the handler")


async def handle_rest(request: Request, error: Exception) -> Response:
    note("handler", "rest", type(error).__name__, str(error))
    return PlainTextResponse("rest", status_code=500)


HANDLERS: dict[Any, Any] = {
    Handled: handle_at_once,
    HandledLate: handle_waiting,
    HandledInThread: handle_in_thread,
    HandledBadly: handle_badly,
    499: handle_waiting,
}

RESPONSE_CLASSES = (JSONResponse, HTMLResponse, PlainTextResponse)


@dataclass
class Made:
    """An application, and what may be sent to it."""

    app: FastAPI
    paths: list[tuple[str, str]]
    declared: list[Declared]


@st.composite
def applications(draw: st.DrawFn) -> Made:
    drawing = Drawing(draw)
    handlers = dict(HANDLERS)
    if drawing.chance(3):
        handlers[Exception] = handle_rest
    if drawing.chance(6):
        handlers[ValueError] = handle_in_thread
    app = FastAPI(openapi_url=None, exception_handlers=handlers, strict_content_type=not drawing.chance(4))
    paths: list[tuple[str, str]] = []
    for number in range(draw(st.integers(1, 2))):
        template = draw(st.sampled_from(PATHS))
        path = f"/{number}{template}"
        method = draw(st.sampled_from(["GET", "POST", "POST", "PUT", "HEAD"]))
        kind = draw(st.sampled_from(ENDPOINT_KINDS))
        call = KINDS[kind](drawing.conduct(f"end{number}", returns=True))
        drawing.rename(call)
        drawing.sign(call, 3, path, with_body=method in ("POST", "PUT") and not drawing.chance(3))
        try:
            add_operation(drawing, app, path, method, call)
        except DependencyScopeError:  # a longer-lived one may not need one that ends earlier
            reject()
        paths.append((method, path))
    return Made(app, paths, drawing.names)


def add_operation(drawing: Drawing, app: FastAPI, path: str, method: str, call: Any) -> None:
    draw = drawing.draw
    options: dict[str, Any] = {"methods": [method]}
    if drawing.chance(3):
        options["status_code"] = draw(st.sampled_from([200, 201, 202, 204, 205, 304]))
    if drawing.chance(4):
        options["response_class"] = draw(st.sampled_from(RESPONSE_CLASSES))
    if drawing.chance(2) and options.get("status_code") not in (204, 205, 304):
        options["response_model"] = draw(st.sampled_from(RESPONSE_MODELS))
        for name in ("exclude_none", "exclude_unset", "exclude_defaults"):
            if drawing.chance(4):
                options[f"response_model_{name}"] = True
        if drawing.chance(4):
            options["response_model_by_alias"] = False
    if drawing.chance(3):
        options["dependencies"] = [drawing.dependency(1, path)]
    if drawing.chance(3):
        router = APIRouter(dependencies=[drawing.dependency(0, path)] if drawing.chance(2) else None)
        router.add_api_route(path, call, **options)
        app.include_router(router)
    else:
        app.add_api_route(path, call, **options)
