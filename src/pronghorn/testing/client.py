"""The asynchronous test client.

Here lives the client that tests use; requests are `transport`'s business, WebSockets `websocket`'s.

Invariant: the application has started before the first request, and all of its tasks have ended
when the client is closed.
"""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Any, Self

import anyio
import httpx2
from anyio.abc import TaskGroup
from starlette.types import ASGIApp

from pronghorn.testing.lifespan import Lifespan
from pronghorn.testing.transport import ApplicationTransport, connection_scope
from pronghorn.testing.websocket import WebSocketSession, connect

__all__ = ["AsyncTestClient"]


class AsyncTestClient(httpx2.AsyncClient):
    """An httpx2 client whose requests go straight into an application.

    Use it as a context manager: entering starts the application (its lifespan), leaving stops it.
    Responses stream: a request returns when the head has been sent, `client.stream` reads what
    comes while the application still produces it, and a complete read waits for background tasks.

    Args:
        app: the application; any ASGI application will do.
        base_url: what relative URLs are relative to.
        raise_server_exceptions: whether exceptions that the application does not handle are raised by
            the request that met them. If not, there is a 500 reply, as from a server.
        root_path: the prefix of a proxy in front of the application.
        client: address and port that the requests seem to come from.
        lifespan: whether to start and stop the application.
        options: further arguments of `httpx2.AsyncClient`.

    Example:
        >>> async def test_hello():
        ...     async with AsyncTestClient(app) as client:
        ...         response = await client.get("/")
        ...     assert response.json() == {"hello": "world"}
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        base_url: str = "http://testserver",
        raise_server_exceptions: bool = True,
        root_path: str = "",
        client: tuple[str, int] = ("testclient", 50000),
        lifespan: bool = True,
        **options: Any,
    ) -> None:
        options.setdefault("follow_redirects", True)
        # No request leaves the process, so that certificates need not be read.
        super().__init__(base_url=base_url, transport=_NotStarted(), trust_env=False, verify=False, **options)
        self.app = app
        self._raise_server_exceptions = raise_server_exceptions
        self._runs_lifespan = lifespan
        self._lifespan_state: dict[str, Any] = {}
        self._connection = {"client": client, "root_path": root_path, "state": self._lifespan_state}
        self._tasks: TaskGroup | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            if self._runs_lifespan:
                await stack.enter_async_context(Lifespan(self.app, self._lifespan_state))
            tasks = await stack.enter_async_context(anyio.create_task_group())
            # A response that nobody reads to its end would keep its task for ever.
            stack.callback(tasks.cancel_scope.cancel)
            self._stack = stack.pop_all()
        self._tasks = tasks
        self._transport = ApplicationTransport(
            self.app, tasks, self._connection, raise_app_exceptions=self._raise_server_exceptions
        )
        return await super().__aenter__()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        try:
            await super().__aexit__(exc_type, exc_value, traceback)
        finally:
            # Task groups would wrap the exception of the test in a group.
            await self._stack.aclose()

    def websocket_connect(
        self, path: str, *, subprotocols: Iterable[str] = (), headers: Any = None
    ) -> AbstractAsyncContextManager[WebSocketSession]:
        """Open a WebSocket connection, closed at the end of the block.

        Args:
            path: relative to the client's base URL, with its query.
            subprotocols: what the client offers.
            headers: in addition to the client's own.

        Raises:
            starlette.websockets.WebSocketDisconnect: the application closed the connection instead
                of accepting it.
            starlette.testclient.WebSocketDenialResponse: it answered with an HTTP response.

        Example:
            >>> async with client.websocket_connect("/echo") as websocket:
            ...     await websocket.send_text("hello")
            ...     assert await websocket.receive_text() == "hello"
        """
        if self._tasks is None:
            raise _not_started(path)
        offered = list(subprotocols)
        request = self.build_request("GET", path, headers=headers)
        request.headers.update(
            {
                "connection": "upgrade",
                "upgrade": "websocket",
                "sec-websocket-version": "13",
                "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
            }
        )
        if offered:
            request.headers["sec-websocket-protocol"] = ", ".join(offered)
        scope = connection_scope("websocket", request, self._connection)
        scope["scheme"] = {"http": "ws", "https": "wss"}.get(scope["scheme"], scope["scheme"])
        return connect(self.app, self._tasks, scope, offered)


class _NotStarted(httpx2.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        raise _not_started(str(request.url))


def _not_started(url: str) -> RuntimeError:
    return RuntimeError(
        f"{url} was requested before the application was started. "
        "Write `async with AsyncTestClient(app) as client:` around the requests."
    )
