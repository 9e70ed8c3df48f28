"""The ways of serving an application, for tests that have to hold for all of them.

Each way gives a client with the same interface: an httpx2 client with `websocket_connect`. Servers run in
threads of this process, on a free port of the loopback interface, and are shared by the tests of a
module that serve the same application object.
"""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    ExitStack,
    asynccontextmanager,
    contextmanager,
)
from typing import Any, Protocol

import httpx2
import uvicorn
import websockets
from granian.constants import Interfaces
from granian.server.embed import Server as GranianServer
from starlette.testclient import WebSocketDenialResponse
from starlette.types import ASGIApp
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from pronghorn.server import running
from pronghorn.testing import AsyncTestClient

__all__ = ["WAYS", "Client", "Hosts", "Serve", "Socket", "until"]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what a thread other than the test's has a part in.

    A server's thread is one: what a request leaves to do after its reply may come later than the reply.
    """
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


class Socket(Protocol):
    """The client's end of a WebSocket connection."""

    @property
    def subprotocol(self) -> str | None: ...
    @property
    def headers(self) -> httpx2.Headers: ...

    async def send_text(self, text: str) -> None: ...
    async def send_bytes(self, data: bytes) -> None: ...
    async def send_json(self, value: Any) -> None: ...
    async def receive_text(self) -> str: ...
    async def receive_bytes(self) -> bytes: ...
    async def receive_json(self) -> Any: ...
    async def close(self, code: int = 1000, reason: str = "") -> None: ...


class NetworkSocket:
    """`Socket` over a real connection."""

    def __init__(self, connection: ClientConnection) -> None:
        assert connection.response is not None
        self._connection = connection
        self.subprotocol: str | None = connection.subprotocol
        self.headers = httpx2.Headers(list(connection.response.headers.raw_items()))

    async def send_text(self, text: str) -> None:
        await self._connection.send(text, text=True)

    async def send_bytes(self, data: bytes) -> None:
        await self._connection.send(data, text=False)

    async def send_json(self, value: Any) -> None:
        await self.send_text(json.dumps(value))

    async def receive_text(self) -> str:
        message = await self._receive()
        assert isinstance(message, str)
        return message

    async def receive_bytes(self) -> bytes:
        message = await self._receive()
        assert isinstance(message, bytes)
        return message

    async def receive_json(self) -> Any:
        return json.loads(await self._receive())

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._connection.close(code, reason)

    async def _receive(self) -> str | bytes:
        try:
            return await self._connection.recv()
        except websockets.ConnectionClosed as closed:
            code = 1006 if closed.rcvd is None else closed.rcvd.code
            raise WebSocketDisconnect(code, "" if closed.rcvd is None else closed.rcvd.reason) from closed


class NetworkClient(httpx2.AsyncClient):
    """A client for a server at an address."""

    def __init__(self, url: str) -> None:
        super().__init__(base_url=url, trust_env=False, verify=False, follow_redirects=True, timeout=30)

    @asynccontextmanager
    async def websocket_connect(
        self, path: str, *, subprotocols: Iterable[str] = (), headers: Any = None
    ) -> AsyncIterator[NetworkSocket]:
        url = str(self.base_url).replace("http", "ws", 1).rstrip("/") + path
        try:
            connection = await websockets.connect(
                url,
                subprotocols=[Subprotocol(name) for name in subprotocols] or None,
                additional_headers=list((headers or {}).items()),
                proxy=None,
                compression=None,
            )
        except websockets.InvalidStatus as refused:
            response = refused.response
            raise WebSocketDenialResponse(
                status_code=response.status_code,
                headers=list(response.headers.raw_items()),
                content=bytes(response.body),
            ) from refused
        async with connection:
            yield NetworkSocket(connection)


Client = AsyncTestClient | NetworkClient
Serve = Callable[[ASGIApp], AbstractAsyncContextManager[Client]]


class _Uvicorn(uvicorn.Server):
    """Tells other threads when it has started."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@contextmanager
def serve_with_uvicorn(app: ASGIApp) -> Iterator[str]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, ws="websockets-sansio", lifespan="on", log_config=None, access_log=False)
    server = _Uvicorn(config)

    def run() -> None:
        try:
            server.run(sockets=[listener])
        finally:
            server.ready.set()

    thread = threading.Thread(target=run, name="uvicorn", daemon=True)
    thread.start()
    server.ready.wait()
    if not server.started:
        raise RuntimeError("uvicorn has not started; its log says why")
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@contextmanager
def serve_natively(app: ASGIApp) -> Iterator[str]:
    # As everywhere else: the limit for bodies is the application's affair.
    with running(app, max_body_size=None) as server:
        yield f"http://127.0.0.1:{server.port}"


class _RequestsOnly:
    """An application whose start and stop Granian leaves alone: embedded, it would call them too late."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        await self._app.__rsgi__(scope, protocol)


class _Granian(threading.Thread):
    """Granian's embedded server, on an event loop of its own, speaking RSGI with the application."""

    def __init__(self, app: Any) -> None:
        super().__init__(name="granian", daemon=True)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._server = GranianServer(
            _RequestsOnly(app), port=self.port, interface=Interfaces.RSGI, log_enabled=False
        )
        self._ready = threading.Event()
        self._failure: BaseException | None = None

    def run(self) -> None:
        try:
            # In the order of Granian's workers: before the loop runs, while it does, afterwards.
            self._app.__rsgi_init__(self._loop)
            self._loop.run_until_complete(self._serve())
            self._app.__rsgi_del__(self._loop)
        except BaseException as error:  # handed to the thread that waits
            self._failure = error
        finally:
            self._ready.set()
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    async def _serve(self) -> None:
        serving = asyncio.create_task(self._server.serve())
        await self._wait_listening(serving)
        standing = asyncio.all_tasks()
        self._ready.set()
        await serving
        # The server ends when all is sent; what comes after that, exits and background tasks, may still run.
        requests = asyncio.all_tasks() - standing
        if requests:
            await asyncio.wait(requests, timeout=10)

    async def _wait_listening(self, serving: asyncio.Task[None]) -> None:
        """It tells nobody when it listens: knock until the door opens."""
        while not serving.done():
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except ConnectionRefusedError:
                continue
            writer.close()
            await writer.wait_closed()
            return

    def wait_ready(self) -> None:
        self._ready.wait()
        self._raise_failure()

    def stop(self) -> None:
        if self.is_alive():
            self._loop.call_soon_threadsafe(self._server.stop)
        self.join()
        self._raise_failure()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


@contextmanager
def serve_over_rsgi(app: Any) -> Iterator[str]:
    thread = _Granian(app)
    thread.start()
    thread.wait_ready()
    try:
        yield f"http://127.0.0.1:{thread.port}"
    finally:
        thread.stop()


_SERVERS: dict[str, Callable[[ASGIApp], AbstractContextManager[str]]] = {
    "native": serve_natively,
    "uvicorn": serve_with_uvicorn,
    "rsgi": serve_over_rsgi,
}

WAYS = ("inprocess", *_SERVERS)


class Hosts:
    """The servers of one test module: one per application and way, all stopped at the end."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, int], str] = {}
        self._stack = ExitStack()

    def __enter__(self) -> "Hosts":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @asynccontextmanager
    async def serve(self, way: str, app: ASGIApp) -> AsyncIterator[Client]:
        """A client for the application, served that way.

        In process, the application is started for this client alone; servers go on running.
        """
        if way == "inprocess":
            async with AsyncTestClient(app, raise_server_exceptions=False) as client:
                yield client
            return
        async with NetworkClient(self._url(way, app)) as client:
            yield client

    @asynccontextmanager
    async def serve_once(self, way: str, app: ASGIApp) -> AsyncIterator[Client]:
        """As `serve`, but the application is stopped, however it is served, when the block ends."""
        if way == "inprocess":
            async with self.serve(way, app) as client:
                yield client
            return
        with _SERVERS[way](app) as url:
            async with NetworkClient(url) as client:
                yield client

    def _url(self, way: str, app: ASGIApp) -> str:
        key = way, id(app)
        if key not in self._running:
            # The server keeps the application alive, so that its id stays its own.
            self._running[key] = self._stack.enter_context(_SERVERS[way](app))
        return self._running[key]
