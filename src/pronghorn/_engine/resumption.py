"""Going on with a coroutine whose first step somebody else has made, to see whether it has to wait at all.

Must not live here: making that step. Invariant: whoever waits for the coroutine hands on everything, cancellation
included.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from types import coroutine
from typing import Any


@coroutine
def resumed(running: Any, waited: Any, run: Callable[..., Any] | None = None) -> Generator[Any, Any, Any]:
    """The result of a coroutine that waits for something already: this waits for it in its stead.

    Args:
        running: the coroutine, or what an async generator's `__anext__` gives.
        waited: what it waits for.
        run: calls a function where the coroutine has to run, if not here.
    """
    try:
        while True:
            function, argument = running.send, None
            try:
                argument = yield waited
            except BaseException as error:
                function, argument = running.throw, error
            waited = function(argument) if run is None else run(function, argument)
    except StopIteration as stop:
        return stop.value
