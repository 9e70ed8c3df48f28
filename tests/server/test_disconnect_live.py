"""What becomes of a handler when its client goes."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from pronghorn import APIRouter, Depends, FastAPI, Request
from pronghorn.concurrency import uninterrupted
from pronghorn.responses import StreamingResponse
from pronghorn.server import running
from tests.server.peer import connected


class Log:
    """What handlers went through, told across threads."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._told = threading.Condition()

    def add(self, word: str) -> None:
        with self._told:
            self.words.append(word)
            self._told.notify_all()

    def wait(self, *words: str) -> None:
        with self._told:
            assert self._told.wait_for(lambda: set(words) <= set(self.words), 10), self.words


def application(log: Log) -> FastAPI:
    app, router = FastAPI(), APIRouter()

    async def resource() -> Any:
        try:
            yield "resource"
        finally:
            log.add("released")

    async def work() -> None:
        log.add("begun")
        try:
            await anyio.sleep(0.3)
        except BaseException:
            log.add("cancelled")
            raise
        log.add("finished")

    @app.get("/plain")
    async def plain(resource: Any = Depends(resource)) -> None:
        await work()

    @app.get("/general")
    async def general(request: Request, items: frozenset[int] = frozenset()) -> StreamingResponse:
        await work()
        return StreamingResponse(iter(()))

    @router.get("/promised")
    @uninterrupted
    async def promised() -> None:
        await work()

    @app.get("/listens")
    async def listens(request: Request) -> None:
        log.add("begun")
        await request.receive()
        message = await request.receive()
        log.add(message["type"])

    @app.post("/json")
    async def json(items: list[int]) -> None:
        log.add("called")

    app.include_router(router)
    return app


@pytest.fixture
def log() -> Log:
    return Log()


@contextlib.contextmanager
def left(log: Log, path: str, **options: Any) -> Iterator[None]:
    """A server whose only client asks for `path`, and goes when the handler has begun."""
    with running(application(log), **options) as server:
        with connected(server) as peer:
            peer.say(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            log.wait("begun")
        yield


@pytest.mark.parametrize("path", ["/plain", "/general"])
def test_a_handler_whose_client_has_gone_is_cancelled(path: str, log: Log) -> None:
    with left(log, path):
        log.wait("cancelled")
    assert "finished" not in log.words


def test_the_dependencies_of_a_cancelled_handler_are_left(log: Log) -> None:
    with left(log, "/plain"):
        log.wait("cancelled", "released")


@pytest.mark.parametrize(
    ("path", "options"), [("/promised", {}), ("/plain", {"cancel_on_disconnect": False})]
)
def test_a_handler_may_finish_without_its_client(path: str, options: dict[str, Any], log: Log) -> None:
    with left(log, path, **options):
        log.wait("finished")
    assert "cancelled" not in log.words


def test_a_handler_that_listens_is_told(log: Log) -> None:
    with left(log, "/listens"):
        log.wait("http.disconnect")


def test_a_body_that_breaks_off_against_the_rules_is_no_error_of_the_application(
    log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    with running(application(log)) as server, connected(server) as peer:
        fields = "Content-Type: application/json\r\nTransfer-Encoding: chunked"
        peer.say(f"POST /json HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n1\r\n[\r\n".encode())
        assert peer.get("/plain", "X: y").status == 400  # no chunk begins like that
    assert log.words == []
    assert caplog.records == []
