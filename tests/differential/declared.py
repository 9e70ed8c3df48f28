"""Applications as hypothesis makes them up: path operations with any mix of what can be declared."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from inspect import Parameter, Signature
from typing import Any, Literal

from hypothesis import reject
from hypothesis import strategies as st

from pronghorn import APIRouter, BackgroundTasks, Depends, FastAPI, Request, Response, Security
from pronghorn.exceptions import DependencyScopeError, FastAPIError
from pronghorn.requests import HTTPConnection
from pronghorn.responses import HTMLResponse, JSONResponse, PlainTextResponse
from pronghorn.security import SecurityScopes
from tests.differential.answers import RESPONSE_MODELS, RETURNED
from tests.differential.conduct import (
    ENDPOINT_KINDS,
    KINDS,
    NAMES,
    RAISED,
    Conduct,
    Handled,
    HandledBadly,
    HandledInThread,
    HandledLate,
    note,
    shown,
)
from tests.differential.documented import INCLUDING, OPERATION, documentation
from tests.differential.forms import form_parameters
from tests.differential.parameters import PATHS, Declared, body_parameters, parameters
from tests.differential.schemes import security_schemes

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

    def sign(
        self, call: Any, depth: int, path: str, *, with_body: bool, returns: Any = Signature.empty
    ) -> Any:
        """Give ``call`` a signature of its own."""
        wanted: list[Parameter] = []

        def add(name: str, annotation: Any, default: Any = Parameter.empty) -> None:
            wanted.append(Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default))

        for number in range(self.draw(st.integers(0, 2)) if depth else 0):
            add(f"d{number}", Any, self.dependency(depth - 1, path))
        if self.chance(8):
            scheme, credentials = self.draw(security_schemes())
            self.names.append(credentials)
            add("credentials", Any, Security(scheme, scopes=["a"]) if self.chance(3) else Depends(scheme))
        drawn = self.draw(parameters(path))
        if with_body:
            drawn += self.draw(form_parameters() if self.chance(3) else body_parameters())
        for declared in drawn:
            self.names.append(declared)
            add(declared.name, declared.annotation, declared.default)
        for name, annotation in INJECTED.items():
            if self.chance(5):
                add(name, annotation)
        if isinstance(call, (type, functools.partial)) or hasattr(call, "__code__"):
            signature = Signature(wanted, return_annotation=returns)
            setattr(call, "__signature__", signature)  # noqa: B010 - no checker knows it
        else:
            method: Any = type(call).__call__
            itself = Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)
            method.__signature__ = Signature([itself, *wanted], return_annotation=returns)
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


#: What an endpoint may be annotated to return; nothing, most often.
RETURN_TYPES = (*[Signature.empty] * 10, *RESPONSE_MODELS, Response, JSONResponse, None)
PREFIXES = ("", "", "/in", "/v1", "/of/{outer}")


@st.composite
def applications(draw: st.DrawFn) -> Made:
    drawing = Drawing(draw)
    handlers = dict(HANDLERS)
    if drawing.chance(3):
        handlers[Exception] = handle_rest
    if drawing.chance(6):
        handlers[ValueError] = handle_in_thread
    app = FastAPI(
        exception_handlers=handlers,
        strict_content_type=not drawing.chance(4),
        separate_input_output_schemas=not drawing.chance(4),
    )
    paths: list[tuple[str, str]] = []
    for number in range(draw(st.integers(1, 3))):
        method = draw(st.sampled_from(["GET", "POST", "POST", "PUT", "HEAD"]))
        template = f"/{number}{draw(st.sampled_from(PATHS))}"
        call = endpoint(drawing, number, template, method)
        try:
            path = add_operation(drawing, app, template, method, call)
        except (DependencyScopeError, AssertionError, FastAPIError):  # what was drawn does not go together
            continue
        paths.append((method, path))
    if not paths:
        reject()
    return Made(app, paths, drawing.names)


def endpoint(drawing: Drawing, number: int, path: str, method: str) -> Any:
    kind = drawing.draw(st.sampled_from(ENDPOINT_KINDS))
    call = KINDS[kind](drawing.conduct(f"end{number}", returns=True))
    drawing.rename(call)
    with_body = method in ("POST", "PUT") and not drawing.chance(3)
    return drawing.sign(
        call, 3, path, with_body=with_body, returns=drawing.draw(st.sampled_from(RETURN_TYPES))
    )


def add_operation(drawing: Drawing, app: FastAPI, path: str, method: str, call: Any) -> str:
    """Add an operation to the application or a router in it; return its full path."""
    draw = drawing.draw
    options: dict[str, Any] = {"methods": [method], **draw(documentation(OPERATION))}
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
    if not drawing.chance(3):
        app.add_api_route(path, call, **options)
        return path
    own = draw(st.sampled_from(PREFIXES))
    router = APIRouter(prefix=own, **shared_options(drawing, path))
    router.add_api_route(path, call, **options)
    return include(drawing, app, router, own + path)


def include(drawing: Drawing, app: FastAPI, router: APIRouter, path: str) -> str:
    """Include a router, directly or in another one; return the full path."""
    parents: Sequence[FastAPI | APIRouter] = [app]
    if drawing.chance(3):
        parents = [APIRouter(**shared_options(drawing, path)), app]
    for parent in parents:
        prefix = drawing.draw(st.sampled_from(PREFIXES))
        prefix = "" if "{outer}" in path else prefix
        parent.include_router(router, prefix=prefix, **shared_options(drawing, path))
        path = prefix + path
        if isinstance(parent, APIRouter):
            router = parent
    return path


def shared_options(drawing: Drawing, path: str) -> dict[str, Any]:
    """What routers and inclusions add to operations."""
    options: dict[str, Any] = drawing.draw(documentation(INCLUDING)) if drawing.chance(2) else {}
    if drawing.chance(3):
        options["dependencies"] = [drawing.dependency(0, path)]
    if drawing.chance(5):
        options["default_response_class"] = drawing.draw(st.sampled_from(RESPONSE_CLASSES))
    return options
