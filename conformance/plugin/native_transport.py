"""A pytest plugin: Starlette's `TestClient` reaches Pronghorn applications through the native server.

Loaded into the suite's own pytest with `-p native_transport`. A plain HTTP request of a client without
a lifespan goes over a socket to a server on the loopback interface; everything else (WebSockets, other
kinds of applications, lifespans, which live on the client's own event loop) stays in process. How many
took which way is written to the file that the environment variable `CONFORMANCE_WAYS` names.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from http import HTTPMethod
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette import testclient

from pronghorn import Pronghorn
from pronghorn.server import Server, ServerConfig, running

_OPEN_SERVERS = 4
_PATIENCE = 15.0
_CONNECTION_FIELDS = {"connection", "date", "keep-alive", "transfer-encoding"}
"""What a server says about the connection, which no application has said."""
_CLIENT = ("testclient", 50000)
_PARSED_METHODS = {method.value for method in HTTPMethod} - {"CONNECT"}
"""The parser refuses made-up methods, and CONNECT asks for a tunnel."""

_transport: Any = testclient._TestClientTransport
_in_process = _transport.handle_request
_ways: Counter[str] = Counter()


class Observed:
    """An application that tells when a request has come to its end, and with which error."""

    def __init__(self, app: Pronghorn) -> None:
        self._app = app
        self._changed = threading.Condition()
        self._open = 0
        self._errors: list[BaseException] = []

    def __call__(self, *arguments: Any) -> Any:
        """The ASGI protocol, as the application speaks it."""
        return self._app(*arguments)

    def handle_exchange(self, exchange: Any) -> Any:
        """The engine's own protocol: everything that is left for later is waited for."""
        exchange.connection.client = _CLIENT  # as the suite expects it
        spawn, respond, hold = exchange.spawn, exchange.respond, exchange.hold
        exchange.spawn = lambda coroutine: spawn(self._watched(coroutine))
        exchange.respond = lambda reply: self._ending(respond)(self._with_watched_after(reply))
        exchange.hold = lambda: self._ending(hold())
        try:
            reply = self._app.handle_exchange(exchange)
        except BaseException as error:
            self._errors.append(error)
            raise
        return None if reply is None else self._with_watched_after(reply)

    def end(self) -> BaseException | None:
        """Wait until nothing is under way; the first error since the last call."""
        with self._changed:
            self._changed.wait_for(lambda: self._open == 0, _PATIENCE)
            errors, self._errors = self._errors, []
        return errors[0] if errors else None

    def _with_watched_after(self, reply: Any) -> Any:
        after = reply.after
        if after is not None:
            reply.after = lambda: self._watched(after())
        return reply

    def _ending(self, function: Callable[..., None]) -> Callable[..., None]:
        """Count a request as under way until `function` was called, and what follows on that at once was begun."""
        with self._changed:
            self._open += 1

        def call(*arguments: Any) -> None:
            asyncio.get_running_loop().call_soon(self._ended)
            function(*arguments)

        return call

    def _ended(self) -> None:
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    def _watched(self, coroutine: Coroutine[Any, Any, Any]) -> Coroutine[Any, Any, Any]:
        with self._changed:
            self._open += 1
        return self._run(coroutine)

    async def _run(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        try:
            await coroutine
        except BaseException as error:
            self._errors.append(error)
            raise
        finally:
            self._ended()


class Servers:
    """The servers of the last few applications."""

    def __init__(self) -> None:
        self._open: OrderedDict[int, tuple[Pronghorn, Observed, Server, ExitStack]] = OrderedDict()

    def of(self, app: Pronghorn) -> tuple[Observed, Server]:
        """A server for `app`, started unless there is one."""
        found = self._open.pop(id(app), None)
        if found is None:
            observed, stack = Observed(app), ExitStack()
            config = ServerConfig(
                port=0, access_log=False, lifespan="off", graceful_timeout=0.1, max_body_size=None
            )
            found = app, observed, stack.enter_context(running(observed, config)), stack
        self._open[id(app)] = found
        while len(self._open) > _OPEN_SERVERS:
            self._open.popitem(last=False)[1][3].close()
        return found[1], found[2]

    def close(self) -> None:
        """Stop all of them."""
        while self._open:
            self._open.popitem()[1][3].close()


_servers = Servers()


def _handle_request(transport: Any, request: httpx2.Request) -> httpx2.Response:
    """What `_TestClientTransport.handle_request` does, over a socket where that is possible."""
    if not _is_plain(transport, request):
        _ways["in process"] += 1
        return _in_process(transport, request)  # type: ignore[no-any-return]
    _ways["native"] += 1
    observed, server = _servers.of(transport.app)
    failure: Exception | None = None
    response = None
    try:
        response = _exchange(server.port, request)
    except Exception as error:
        failure = error
    raised = observed.end()
    if raised is not None and transport.raise_server_exceptions:
        raise raised
    if response is None:
        raise failure or RuntimeError("no response")
    return response


def _is_plain(transport: Any, request: httpx2.Request) -> bool:
    client = transport.portal_factory.__self__
    return (
        isinstance(transport.app, Pronghorn)
        and request.url.scheme == "http"
        and not transport.root_path
        and client.portal is None
        and client.async_backend["backend"] == "asyncio"
        and transport.client == _CLIENT
        and request.method in _PARSED_METHODS
    )


def _exchange(port: int, request: httpx2.Request) -> httpx2.Response:
    connection = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        body = request.read()
        target = request.url.raw_path.decode("ascii")
        connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        chunked = request.headers.get("transfer-encoding") == "chunked"
        for name, value in request.headers.raw:
            connection.putheader(name.decode("ascii"), value)
        connection.endheaders(body if body else None, encode_chunked=chunked)
        reply = connection.getresponse()
        try:
            content = reply.read()
        except IncompleteRead as broken_off:  # an error after the start of the response
            content = broken_off.partial
        fields = [
            (name, value) for name, value in reply.getheaders() if name.lower() not in _CONNECTION_FIELDS
        ]
        return httpx2.Response(
            reply.status, headers=fields, stream=httpx2.ByteStream(content), request=request
        )
    finally:
        connection.close()


def pytest_configure() -> None:
    """Put the transport in place."""
    _transport.handle_request = _handle_request


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the servers; write how many requests took which way."""
    _servers.close()
    folder = os.environ.get("CONFORMANCE_WAYS")
    if folder:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "controller")
        Path(folder, f"{worker}.json").write_text(json.dumps(_ways))
