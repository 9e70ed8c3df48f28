"""Starting and stopping an ASGI application, as a server does (ASGI lifespan 2.0).

Invariant: what the application raises at start or stop reaches whoever runs the lifespan, unchanged;
what is raised in between as well.
"""

from types import TracebackType
from typing import Any

import anyio
from starlette.types import ASGIApp, Message

__all__ = ["Lifespan"]


class Lifespan:
    """Starts the application on entering, stops it on leaving.

    Args:
        app: any ASGI application that speaks the lifespan protocol.
        state: filled by the application; belongs, copied, into the scope of each request.

    Raises:
        Exception: what the application raised while it started or stopped.
    """

    def __init__(self, app: ASGIApp, state: dict[str, Any]) -> None:
        self._app = app
        self._state = state
        self._started = anyio.Event()
        self._stopping = anyio.Event()
        self._finished = anyio.Event()
        self._failure: Exception | None = None
        self._asked = False

    async def __aenter__(self) -> None:
        self._tasks = await anyio.create_task_group().__aenter__()
        self._tasks.start_soon(self._run)
        await self._started.wait()
        if self._failure is not None:
            await self.__aexit__(None, None, None)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        with anyio.CancelScope(shield=True):
            await self._finished.wait()
        # The group never learns of exceptions: it would wrap them.
        await self._tasks.__aexit__(None, None, None)
        if self._failure is not None and exc_value is None:
            raise self._failure

    async def _run(self) -> None:
        version = {"version": "3.0", "spec_version": "2.0"}
        scope = {"type": "lifespan", "asgi": version, "state": self._state}
        try:
            await self._app(scope, self._receive, self._send)
        except Exception as error:
            self._failure = error
        finally:
            self._started.set()
            self._finished.set()

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "lifespan.startup"}
        await self._stopping.wait()
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: Message) -> None:
        if message["type"].endswith(".failed"):
            # Starlette raises the cause right after; others only send its text.
            self._failure = RuntimeError(message.get("message") or f"The application sent {message['type']}.")
        self._started.set()
