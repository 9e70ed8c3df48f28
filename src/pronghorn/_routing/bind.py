"""From a path that has been walked to the parameters of the pattern it led to.

Here live the functions that pick values out of the segments of a path. Which of them a pattern needs
is chosen once, so that the usual one costs no more than the dict it returns.

Invariant: for a path without a newline whose literal segments and non-empty plain segments agree
with the pattern, the result is that of `PathPattern.match`, None included.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from pronghorn._routing.pattern import Parameter, PathPattern

__all__ = ["Bind", "choose_bind"]

Bind = Callable[[str, list[str]], "dict[str, Any] | None"]
"""Takes a path and `path.split("/")`; gives its parameters, or None when an expression, which the
walk leaves unchecked, does not match after all."""


class _Step(NamedTuple):
    """One parameter that fills a segment: its place, what must match, how the text is converted."""

    name: str
    position: int
    test: Callable[[str], object] | None
    conversion: Callable[[str], Any] | None


def choose_bind(pattern: PathPattern) -> Bind:
    """The cheapest function that binds the pattern's parameters."""
    steps = _read_steps(pattern)
    if steps is None:
        return lambda path, _: pattern.match(path)
    as_text = all(step.test is None and step.conversion is None for step in steps)
    rest = pattern.catch_all
    if rest is not None:
        if not steps and rest.conversion is None:
            offset = sum(len(segment.literal or "") + 1 for segment in pattern.segments)
            return lambda path, _: {rest.name: path[offset:]}
        return _bind_rest(_bind_steps(steps), rest, len(pattern.segments))
    if as_text and len(steps) <= 3:
        return _bind_text([(step.name, step.position) for step in steps])
    return _bind_one(steps[0]) if len(steps) == 1 else _bind_steps(steps)


def _read_steps(pattern: PathPattern) -> list[_Step] | None:
    """The parameters segment by segment; None if they do not tell the whole story."""
    if pattern.spans and pattern.catch_all is None:
        return None
    steps = []
    for position, segment in enumerate(pattern.segments):
        if segment.literal is not None:
            continue
        if segment.parameter is None:
            return None
        test = None if segment.expression is None else re.compile(segment.expression).fullmatch
        steps.append(_Step(segment.parameter.name, position, test, segment.parameter.conversion))
    return steps


def _bind_text(places: list[tuple[str, int]]) -> Bind:
    # PERF: written out by number of parameters, a loop takes twice as long; bench/routing.py
    match places:
        case []:
            return lambda _, segments: {}
        case [(a, i)]:
            return lambda _, segments: {a: segments[i]}
        case [(a, i), (b, j)]:
            return lambda _, segments: {a: segments[i], b: segments[j]}
    (a, i), (b, j), (c, k) = places
    return lambda _, segments: {a: segments[i], b: segments[j], c: segments[k]}


def _bind_one(step: _Step) -> Bind:
    name, position, test, conversion = step
    if conversion is int:
        # PERF: the same question as the expression's, at a third of its cost; bench/routing.py
        return lambda _, segments: (
            {name: int(text)} if (text := segments[position]).isdigit() and text.isascii() else None
        )

    def bind(_: str, segments: list[str]) -> dict[str, Any] | None:
        text = segments[position]
        if test is not None and test(text) is None:
            return None
        return {name: text if conversion is None else conversion(text)}

    return bind


def _bind_steps(steps: list[_Step]) -> Bind:
    def bind(_: str, segments: list[str]) -> dict[str, Any] | None:
        values: dict[str, Any] = {}
        for name, position, test, conversion in steps:
            text = segments[position]
            if test is not None and test(text) is None:
                return None
            values[name] = text if conversion is None else conversion(text)
        return values

    return bind


def _bind_rest(bind_steps: Bind, rest: Parameter, depth: int) -> Bind:
    name, conversion = rest.name, rest.conversion

    def bind(path: str, segments: list[str]) -> dict[str, Any] | None:
        values = bind_steps(path, segments)
        if values is not None:
            text = path.split("/", depth)[depth]
            values[name] = text if conversion is None else conversion(text)
        return values

    return bind
