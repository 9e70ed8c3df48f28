"""Which event loop runs the server.

Lives here: the choice between uvloop and asyncio's own. Must not live here: what runs on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from pronghorn.server.config import LoopName


def loop_factory(name: LoopName) -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes the event loop.

    Raises:
        ImportError: uvloop was asked for by name and is not installed.
    """
    if name == "asyncio":
        return asyncio.new_event_loop
    try:
        import uvloop
    except ImportError:
        if name == "uvloop":
            raise
        return asyncio.new_event_loop
    new_loop: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return new_loop


def run_in_loop(main: Coroutine[Any, Any, int], name: LoopName) -> int:
    """Run `main` to its end on a new loop."""
    with asyncio.Runner(loop_factory=loop_factory(name)) as runner:
        return runner.run(main)
