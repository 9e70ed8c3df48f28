from collections.abc import Coroutine, Sequence
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from pronghorn._engine.exchange import Exchange, Message
from pronghorn._engine.reply import Reply

pytestmark = pytest.mark.anyio


class Received(Exchange):
    """An exchange of a request that arrives in these messages."""

    __slots__ = ("messages", "replies")

    def __init__(self, messages: Sequence[Message] = (), state: Any = None) -> None:
        self._scope = None
        self.method = "POST"
        self.path = "/ä"
        self.raw_path = b"/%C3%A4"
        self.query = b"q=1"
        self.headers = [(b"host", b"example.org")]
        self.http_version = "1.1"
        self.scheme = "https"
        self.client = ("10.0.0.1", 1234)
        self.server = ("example.org", 443)
        self.root_path = "/root"
        self.state = state
        self.body = None
        self.messages = list(messages)
        self.replies: list[Reply] = []

    async def receive(self) -> Message:
        return self.messages.pop(0)

    def respond(self, reply: Reply) -> None:
        self.replies.append(reply)


def part(body: bytes, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def test_the_scope_is_that_of_asgi() -> None:
    assert Received().scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "server": ("example.org", 443),
        "client": ("10.0.0.1", 1234),
        "scheme": "https",
        "method": "POST",
        "root_path": "/root",
        "path": "/ä",
        "raw_path": b"/%C3%A4",
        "query_string": b"q=1",
        "headers": [(b"host", b"example.org")],
    }


def test_the_scope_is_built_once() -> None:
    exchange = Received()

    assert exchange.scope is exchange.scope


def test_what_the_lifespan_yielded_is_copied_for_every_request() -> None:
    state = {"pool": object()}

    scope = Received(state=state).scope

    assert scope["state"] == state
    assert scope["state"] is not state


async def test_a_body_is_joined_and_kept() -> None:
    exchange = Received(
        [part(b"one ", True), {"type": "http.request", "more_body": True}, part(b"two", False)]
    )

    assert await exchange.read_body() == b"one two"
    assert await exchange.read_body() == b"one two"


async def test_a_body_may_have_arrived_already() -> None:
    exchange = Received()
    exchange.body = b"all"

    assert await exchange.read_body() == b"all"


async def test_a_peer_that_goes_away_has_sent_no_body() -> None:
    with pytest.raises(ClientDisconnect):
        await Received([part(b"one", True), {"type": "http.disconnect"}]).read_body()


async def test_a_reply_is_delivered_by_responding() -> None:
    exchange, reply = Received(), Reply(200, b"")

    await exchange.deliver(reply)

    assert exchange.replies == [reply]


async def nothing() -> None: ...


async def test_a_server_says_how_it_sends_and_receives() -> None:
    exchange = Exchange()
    task: Coroutine[Any, Any, None] = nothing()

    with pytest.raises(NotImplementedError):
        await exchange.receive()
    with pytest.raises(NotImplementedError):
        await exchange.send({})
    with pytest.raises(NotImplementedError):
        exchange.respond(Reply(200, b""))
    with pytest.raises(NotImplementedError):
        exchange.spawn(task)
    task.close()
