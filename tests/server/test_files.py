"""Files on a transport in memory: the pace of the peer, threads, ends."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pronghorn._engine.exchange import Exchange
from pronghorn._engine.reply import FilePart, FileReply
from pronghorn.server import files
from tests.server.line import GET, Line, settle, spawning
from tests.serving import until

pytestmark = pytest.mark.anyio

CONTENT = bytes(number * 7 % 256 for number in range(700_000))


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    descriptor = os.open(path, os.O_RDWR)
    yield descriptor
    os.close(descriptor)


def file_of(descriptor: int, *parts: FilePart, status: int = 200) -> FileReply:
    reply = FileReply(status, [], descriptor, parts or [(0, len(CONTENT))])
    reply.headers.append((b"content-length", b"%d" % reply.size))
    return reply


class Sent:
    """A connection that answers a request with a file, and what becomes of the handler."""

    def __init__(self, reply: FileReply, **options: Any) -> None:
        self.error: BaseException | None = None
        self.over = False

        async def work(exchange: Exchange) -> None:
            try:
                await exchange.send_file(reply)
            except BaseException as error:
                self.error = error
                raise
            finally:
                self.over = True

        self.line = Line(spawning(work), **options)

    async def ask(self, request: bytes = GET) -> None:
        self.line.say(request)
        await settle()

    def body(self) -> bytes:
        return self.line.heard.partition(b"\r\n\r\n")[2]


async def test_a_file_is_sent_and_the_connection_stays(descriptor: int) -> None:
    sent = Sent(file_of(descriptor, b"<", (10, 200_000), b"|", (5, 6), b">"))
    for _ in range(2):
        await sent.ask()
        await until(lambda: sent.over)
        assert sent.body() == b"<" + CONTENT[10:200_000] + b"|" + CONTENT[5:6] + b">"
        sent.over = False
    assert not sent.line.transport.ended


async def test_a_file_is_sent_in_the_pace_of_the_peer(descriptor: int) -> None:
    sent = Sent(file_of(descriptor))
    transport = sent.line.transport
    transport.capacity = 0
    await sent.ask()
    assert transport.pending <= 3 * 64 * 1024
    got = 0
    while not sent.over:
        got = len(transport.written)
        transport.take(transport.pending)
        sent.line.connection.resume_writing()
        await settle()
        assert len(transport.written) - got <= 3 * 64 * 1024
    assert sent.body() == CONTENT


async def test_a_peer_that_takes_nothing_is_given_up(descriptor: int) -> None:
    sent = Sent(file_of(descriptor), write_timeout=5)
    sent.line.transport.capacity = 0
    await sent.ask()
    assert sent.line.after(4) == ""
    assert sent.line.after(3) == "aborted"
    sent.line.connection.connection_lost(None)
    await until(lambda: sent.over)
    assert sent.error is None


async def test_what_is_not_in_memory_is_read_in_threads(
    descriptor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "is_cached", lambda *_: False)
    sent = Sent(file_of(descriptor))
    await sent.ask()
    await until(lambda: sent.over)
    assert sent.body() == CONTENT


async def test_a_peer_that_leaves_during_a_thread_ends_the_sending(
    descriptor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    results: list[Any] = []
    take = files.FileSending._has_read

    def noting(sending: files.FileSending, data: Any, error: BaseException | None) -> None:
        take(sending, data, error)
        results.append(data)

    monkeypatch.setattr(files, "is_cached", lambda *_: False)
    monkeypatch.setattr(files.FileSending, "_has_read", noting)
    sent = Sent(file_of(descriptor))
    await sent.ask()
    sent.line.connection.connection_lost(None)
    before = bytes(sent.line.transport.written)
    await until(lambda: sent.over and bool(results))
    assert sent.error is None
    assert bytes(sent.line.transport.written) == before


async def test_after_some_of_it_other_connections_have_a_turn(
    descriptor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_TURN", 1)
    sent = Sent(file_of(descriptor))
    await sent.ask()
    before = len(sent.line.transport.written)
    assert 0 < before < len(CONTENT)
    sent.line.connection.resume_writing()  # it is not the turn of this one yet
    assert len(sent.line.transport.written) == before
    await until(lambda: sent.over)
    assert sent.body() == CONTENT


@pytest.mark.parametrize("in_memory", [True, False])
async def test_a_file_that_shrinks_ends_the_connection(
    descriptor: int, monkeypatch: pytest.MonkeyPatch, in_memory: bool
) -> None:
    monkeypatch.setattr(files, "is_cached", lambda *_: in_memory)
    sent = Sent(file_of(descriptor))
    os.ftruncate(descriptor, 300_000)
    await sent.ask()
    await until(lambda: sent.over)
    await settle()
    assert isinstance(sent.error, RuntimeError)
    assert sent.line.transport.ended == "aborted"
    assert sent.body() == CONTENT[:300_000]


async def test_nothing_is_written_to_a_connection_that_closes(descriptor: int) -> None:
    sent = Sent(file_of(descriptor))
    transport = sent.line.transport
    transport.capacity = 0
    await sent.ask()
    transport.abort()
    before = len(transport.written)
    sent.line.connection.resume_writing()
    assert len(transport.written) == before
    sent.line.connection.connection_lost(None)
    await until(lambda: sent.over)
    assert sent.error is None


@pytest.mark.parametrize("status", [204, 304])
async def test_a_status_without_a_body_has_none(descriptor: int, status: int) -> None:
    sent = Sent(file_of(descriptor, status=status))
    await sent.ask()
    assert sent.over
    assert sent.body() == b""


async def test_a_second_response_is_an_error(descriptor: int) -> None:
    errors: list[Exception] = []

    async def work(exchange: Exchange) -> None:
        await exchange.send_file(file_of(descriptor))
        try:
            await exchange.send_file(file_of(descriptor))
        except RuntimeError as error:
            errors.append(error)

    line = Line(spawning(work))
    line.say(GET)
    await until(lambda: bool(errors))
    assert line.heard.partition(b"\r\n\r\n")[2] == CONTENT


async def test_nobody_is_sent_nothing(descriptor: int) -> None:
    gone = asyncio.Event()
    over = asyncio.Event()

    async def work(exchange: Exchange) -> None:
        await exchange.receive()
        gone.set()
        await exchange.receive()
        await exchange.send_file(file_of(descriptor))
        over.set()

    line = Line(spawning(work))
    line.say(GET)
    await gone.wait()
    await settle()
    line.connection.connection_lost(None)
    await over.wait()
    assert line.heard == b""


async def test_a_cancelled_handler_ends_the_connection(descriptor: int) -> None:
    sent = Sent(file_of(descriptor))
    sent.line.transport.capacity = 0
    await sent.ask()
    await sent.line.site.tasks.cancel()
    await settle()
    assert sent.over
    assert sent.line.transport.ended == "aborted"
