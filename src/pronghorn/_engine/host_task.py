"""What libraries find when they ask for the current task, while a plan is run in place.

Must not live here: running plans (`dispatch`). Invariant: it answers every question about itself as a task that
runs and that nobody has asked to stop.
"""

from __future__ import annotations

import asyncio
from typing import Any


class HostTask:
    """Stands for the current task while a plan is stepped in place: it can be asked, not awaited.

    Args:
        loop: the event loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """The event loop."""
        return self._loop

    def get_name(self) -> str:
        """A name for logs."""
        return "request in place"

    def done(self) -> bool:
        """Never, from the point of view of what it runs."""
        return False

    def cancelled(self) -> bool:
        """Never."""
        return False

    def cancelling(self) -> int:
        """Nobody asks it to stop."""
        return 0

    def cancel(self, msg: Any = None) -> bool:
        """There is nothing that could be interrupted."""
        return False

    def uncancel(self) -> int:
        """See `cancelling`."""
        return 0

    def get_coro(self) -> Any:
        """There is no coroutine to be seen."""
        return None

    def get_stack(self, *, limit: int | None = None) -> list[Any]:
        """There is no frame to be seen."""
        return []

    def add_done_callback(self, callback: Any, *, context: Any = None) -> None:
        """It never ends."""
