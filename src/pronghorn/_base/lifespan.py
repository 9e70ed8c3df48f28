"""The server's side of the ASGI lifespan protocol.

Lives here: telling an application that its server starts and stops; the native server and the RSGI
adapter do. Must not live here: what the application does then. Invariant: `start` and `stop` return only when the application has answered, or ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import MutableMapping
from typing import Any, Literal

logger = logging.getLogger("pronghorn.error")

Message = MutableMapping[str, Any]


class LifespanFailed(RuntimeError):
    """The application could not start, or could not stop as it should."""


class Lifespan:
    """The lifespan of one application on one event loop.

    Args:
        app: the ASGI application.
        mode: what it means when the application knows no lifespan protocol.

    Attributes:
        state: what the application put into the lifespan's state, for the scopes of its requests; None
            when it has no lifespan.
    """

    def __init__(self, app: Any, mode: Literal["auto", "on", "off"]) -> None:
        self._app = app
        self._mode = mode
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._answers: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._shared: dict[str, Any] = {}
        self.state: MutableMapping[str, Any] | None = None

    async def start(self) -> None:
        """Run the application's start-up.

        Raises:
            LifespanFailed: it says that it failed; or it raised, and `mode` is `on`.
        """
        if self._mode == "off":
            return
        self._task = asyncio.create_task(self._run(), name="lifespan")
        answer = await self._tell({"type": "lifespan.startup"})
        if answer is None:
            self._ended_early()
        elif answer["type"] == "lifespan.startup.failed":
            raise LifespanFailed(answer.get("message") or "the application failed to start")
        else:
            self.state = self._shared

    async def stop(self) -> None:
        """Run the application's shut-down.

        Raises:
            LifespanFailed: it says that it failed, or raised.
        """
        if self._task is None or self._task.done():
            return
        answer = await self._tell({"type": "lifespan.shutdown"})
        if answer is None:
            error = self._task.exception()
            if error is not None:
                raise LifespanFailed("the application raised while it stopped") from error
        elif answer["type"] == "lifespan.shutdown.failed":
            raise LifespanFailed(answer.get("message") or "the application failed to stop")
        await asyncio.wait([self._task])

    def _ended_early(self) -> None:
        assert self._task is not None
        error = self._task.exception()
        if self._mode == "on":
            raise LifespanFailed("the application ended its lifespan before it had started") from error
        logger.debug("The application has no lifespan protocol", exc_info=error)

    async def _run(self) -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self._shared,
        }
        await self._app(scope, self._inbox.get, self._answers.put)

    async def _tell(self, message: Message) -> Message | None:
        """Send `message` and wait for the answer; None when the application ended instead."""
        assert self._task is not None
        await self._inbox.put(message)
        answer = asyncio.ensure_future(self._answers.get())
        await asyncio.wait([answer, self._task], return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        answer.cancel()
        return None
