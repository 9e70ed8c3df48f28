from collections.abc import Iterable
from typing import Any

import pytest

from pronghorn._engine.asgi import AsgiExchange, NestedExchange
from pronghorn._engine.exchange import Message
from pronghorn._engine.reply import Reply

pytestmark = pytest.mark.anyio


class Peer:
    """The other end of an exchange."""

    def __init__(self, *parts: bytes, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.coming: list[Message] = [
            {"type": "http.request", "body": part, "more_body": index < len(parts) - 1}
            for index, part in enumerate(parts)
        ]
        self.sent: list[Message] = []
        self.scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/", "headers": headers}

    async def receive(self) -> Message:
        return self.coming.pop(0) if self.coming else {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def exchange(self, kind: type[AsgiExchange] = AsgiExchange) -> AsgiExchange:
        return kind(self.scope, self.receive, self.send)


def test_it_is_what_the_scope_says() -> None:
    peer = Peer()
    x = peer.exchange()

    assert (x.method, x.path, x.query, x.root_path, x.body, x.started) == ("POST", "/", b"", "", None, False)
    assert x.scope is peer.scope
    assert not x.nested
    assert peer.exchange(NestedExchange).nested


def test_headers_may_be_anything_that_is_read_once() -> None:
    peer = Peer(headers=iter([(b"a", b"1")]))

    x = peer.exchange()

    assert x.headers == [(b"a", b"1")]
    assert peer.scope["headers"] is x.headers


async def test_a_body_that_the_engine_has_read_is_received_again_by_others() -> None:
    x = Peer(b"a", b"b").exchange()

    assert await x.read_body() == b"ab"
    assert await x.receive() == {"type": "http.request", "body": b"ab", "more_body": False}
    assert await x.receive() == {"type": "http.disconnect"}


async def test_a_reply_becomes_two_messages() -> None:
    peer = Peer()
    x = peer.exchange()

    await x.deliver(Reply(201, b"1", b"text/plain"))

    assert x.started
    assert peer.sent == [
        {
            "type": "http.response.start",
            "status": 201,
            "headers": [(b"content-length", b"1"), (b"content-type", b"text/plain")],
        },
        {"type": "http.response.body", "body": b"1"},
    ]


async def test_messages_are_passed_on() -> None:
    peer = Peer()
    x = peer.exchange()
    start: Message = {"type": "http.response.start", "status": 200, "headers": []}

    await x.send({"type": "http.response.debug"})
    assert not x.started
    await x.send(start)
    assert x.started
    assert peer.sent[1] is start


async def test_there_is_no_second_task() -> None:
    async def nothing() -> None: ...

    coroutine = nothing()
    with pytest.raises(RuntimeError, match="the task that its server made"):
        Peer().exchange().spawn(coroutine)
    coroutine.close()
