"""The seam through which the stages of a request can be observed.

Code that runs a stage (solving dependencies, calling the endpoint, serialising, a background task) says so
with `operation(...)`; telemetry, once it is active, installs the one observer. This module must not know who
observes. Invariant: without an observer a stage costs one global read and one shared, reusable null context.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

OperationObserver = Callable[[str, Callable[..., Any] | None], AbstractContextManager[None]]
"""Given the stage's name and the function it is about, the context manager to run the stage in."""

UNOBSERVED: AbstractContextManager[None] = nullcontext()

_observer: OperationObserver | None = None


def operation(name: str, function: Callable[..., Any] | None = None) -> AbstractContextManager[None]:
    """The context manager that one stage of a request runs in.

    Args:
        name: the stage: `dependencies`, `endpoint`, `serialization` or `background_task`.
        function: the endpoint or task that the stage is about.

    >>> with operation("endpoint", print):
    ...     print("inside")
    inside
    """
    return UNOBSERVED if _observer is None else _observer(name, function)


def observe_operations(observer: OperationObserver | None) -> OperationObserver | None:
    """Install the observer of all stages (`None`: nobody observes). Returns the one it replaces."""
    global _observer
    replaced, _observer = _observer, observer
    return replaced
