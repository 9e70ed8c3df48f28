"""Connections and dependencies for the tests of the security schemes."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import HTTPConnection

Value = TypeVar("Value")


def connection(query: str = "", kind: str = "http", **headers: str) -> HTTPConnection:
    """A connection that carries these headers; `_` stands for `-` in their names."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": kind, "query_string": query.encode(), "headers": raw})


def step(coroutine: Coroutine[Any, Any, Value]) -> Value:
    """Run a coroutine that never awaits; one that does fails the test."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        value: Value = end.value
        return value
    raise AssertionError("the coroutine awaited something")
