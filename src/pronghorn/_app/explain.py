"""What an application consists of, told to people: its routes, and how each path operation runs.

Lives here: records and texts for tools. Must not live here: printing them (`cli`).
Invariant: the way of running that is told is the one that requests take, read off the same objects.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from starlette import routing
from starlette.routing import BaseRoute

from pronghorn._base.declaration import source_location
from pronghorn._base.sentinels import settled
from pronghorn._compile.graph import Step, ordered_steps
from pronghorn._compile.plan import EndpointPlan
from pronghorn._engine.target import Target
from pronghorn._routing.table import Entry, RouteTable
from pronghorn._schema.field import ModelField

_OURS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")

GENERAL = "general"
"""The way of a route that has no plan: the reference way answers it."""

_WAYS = {
    "in place": "in place: nothing in it can suspend, it is stepped where the request arrives",
    "thread": "thread: everything in it is synchronous, it runs in one trip to a worker thread",
    "relay": "relay: what is synchronous runs in a worker thread, the rest, which cannot suspend, where the request arrives",
    "task": "task: it awaits, so it runs as a task of its own",
    GENERAL: "general: the reference way answers it, as it has no compiled plan",
}
_SOURCES = ("path", "query", "header", "cookie", "body")


@dataclass(frozen=True)
class RouteDescription:
    """One route, as a line of a table.

    Attributes:
        method: its methods, `WEBSOCKET`, or `*` for any.
        path: its path with all prefixes.
        name: what `url_path_for` finds it by.
        endpoint: the function's name.
        location: `file:line` of the function; empty for ours and for what has no source.
        dependencies: the names of the callables that run before it, in order.
        way: `in place`, `thread`, `relay`, `task` or `general`.
    """

    method: str
    path: str
    name: str
    endpoint: str
    location: str
    dependencies: tuple[str, ...]
    way: str


@dataclass(frozen=True)
class Explanation:
    """One path operation.

    Attributes:
        text: what it reads, what runs in which order and where, and what it answers.
        source: the source compiled for it; empty where there is none.
    """

    text: str
    source: str


def describe_routes(app: Any) -> list[RouteDescription]:
    """Every route of an application, in the order in which they are tried."""
    return [_describe(*found) for found in app._fast.targets()]


def explain(app: Any, method: str, path: str) -> Explanation:
    """The path operation that answers a method and a path, given as declared or as requested.

    Raises:
        LookupError: no path operation does.
    """
    operations = [(_shown(route, effective), target) for route, effective, target in app._fast.targets()]
    found = _declared_as(operations, method, path) or _requested_by(operations, method, path)
    if found is None:
        raise LookupError(f"{method} {path}")
    shown, target = found
    plan = target.compile() if target is not None else None
    return Explanation("\n".join(_tell(shown, plan)), plan.source if plan is not None else "")


_Operation = tuple[Any, "Target | None"]


def _shown(route: BaseRoute, effective: Any) -> Any:
    """The route as it is seen from outside: with all prefixes."""
    return route if effective is None else effective.starlette_route or effective


def _declared_as(operations: list[_Operation], method: str, path: str) -> _Operation | None:
    return next(
        (one for one in operations if getattr(one[0], "path", None) == path and method in _methods(one[0])),
        None,
    )


def _requested_by(operations: list[_Operation], method: str, path: str) -> _Operation | None:
    entries = [Entry(one[0].path, frozenset(_methods(one[0])), one) for one in operations if _methods(one[0])]
    match = RouteTable(entries).match(path, method)
    found: _Operation | None = match[0] if match is not None else None
    return found


def _methods(shown: Any) -> set[str]:
    return set(getattr(shown, "methods", None) or ()) if hasattr(shown, "dependant") else set()


def _describe(route: BaseRoute, effective: Any, target: Target | None) -> RouteDescription:
    shown: Any = _shown(route, effective)
    call = getattr(shown, "endpoint", None) or getattr(route, "app", None)
    plan = target.compile() if target is not None else None
    dependant = getattr(shown, "dependant", None)
    steps = ordered_steps(dependant) if dependant is not None else []
    return RouteDescription(
        method=_method_text(route, shown),
        path=str(getattr(shown, "path", "") or getattr(route, "host", "")),
        name=str(getattr(shown, "name", "") or ""),
        endpoint=_name(call) if call is not None else "",
        location=_location(call) if call is not None else "",
        dependencies=tuple(_name(step.call) for step in steps[:-1]),
        way=plan.way if plan is not None else GENERAL,
    )


def _method_text(route: BaseRoute, shown: Any) -> str:
    if isinstance(route, routing.WebSocketRoute):
        return "WEBSOCKET"
    return ", ".join(sorted(getattr(shown, "methods", None) or ())) or "*"


def _tell(shown: Any, plan: EndpointPlan | None) -> Iterator[str]:
    steps = list(plan.steps) if plan is not None else ordered_steps(shown.dependant)
    yield f"{_method_text(shown, shown)} {shown.path}  ({shown.name})"
    yield ""
    yield f"runs      {_WAYS[plan.way if plan is not None else GENERAL]}"
    yield from _block("reads", [_read(source, field) for source, field in _fields(steps)])
    yield from _block("calls", [_call(number, step) for number, step in enumerate(steps, 1)])
    answer = settled(shown.response_class).__name__
    if shown.response_field is not None:
        answer += f" of {_type_name(shown.response_field)}"
    yield f"answers   {shown.status_code or 200}, {answer}"


def _block(title: str, lines: list[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"{title if number == 0 else '':<10}{line}"


def _fields(steps: list[Step]) -> Iterator[tuple[str, ModelField]]:
    for source in _SOURCES:
        for step in steps:
            for field in getattr(step.node, f"{source}_params"):
                yield source, field


def _read(source: str, field: ModelField) -> str:
    default = "" if field.field_info.is_required() else f" = {field.get_default()!r}"
    return f"{source:<7} {field.alias}: {_type_name(field)}{default}"


def _call(number: int, step: Step) -> str:
    kind = {"plain": "def", "coroutine": "async def"}.get(step.traits.kind, step.traits.kind)
    text = f"{number}. {_name(step.call)}  {kind}"
    if step.traits.never_awaits:
        text += " that never awaits"
    if step.is_generator:
        text += f", its exit {'after the call' if step.node.scope == 'function' else 'after the reply'}"
    place = _location(step.call)
    return f"{text}  ({place})" if place else text


def _type_name(field: ModelField) -> str:
    annotation: Any = field.field_info.annotation
    return annotation.__name__ if type(annotation) is type else str(annotation).replace("typing.", "")


def _name(call: Callable[..., Any]) -> str:
    return getattr(call, "__name__", None) or type(call).__name__


def _location(call: Callable[..., Any]) -> str:
    """Where the callable stands, from the working directory; nothing for functions of ours."""
    place = source_location(call) or ""
    return "" if place.startswith(_OURS) else place.removeprefix(os.path.join(os.getcwd(), ""))
