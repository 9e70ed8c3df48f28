"""What all dispatchers behind middleware have in common: the outermost level of adapters.

Lives here: holding the level, and what it answers alone. Must not live here: running plans inside it.
"""

from __future__ import annotations

from typing import Any

from starlette.middleware.errors import ServerErrorMiddleware

from pronghorn._engine.dispatch import Dispatcher, Finder
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.middleware.level import Level
from pronghorn._engine.reply import Reply


class DispatcherInside(Dispatcher):
    """Runs requests inside a level of adapters; see `Dispatcher` for the other arguments.

    Args:
        level: the outermost known layers.
    """

    def __init__(
        self,
        level: Level,
        find: Finder,
        status_handlers: dict[int, Any],
        exception_handlers: dict[Any, Any],
        server_error: ServerErrorMiddleware,
    ) -> None:
        super().__init__(find, status_handlers, exception_handlers, server_error)
        self._level = level

    def answer_unrouted(self, x: Exchange) -> Reply | None:
        """Answer a preflight request, for which there need be no route."""
        return self._level.enter(x) if x.method == "OPTIONS" else None

    def only_streams(self, x: Exchange) -> bool:
        """Never: the layers are around every response."""
        return False
