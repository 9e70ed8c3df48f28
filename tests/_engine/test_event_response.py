"""Events that are sent by the task that makes them, in place of the one that answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack
from contextvars import ContextVar
from typing import Any

import pytest
from starlette.responses import StreamingResponse

from pronghorn._engine.event_response import EventStreamResponse
from pronghorn._engine.exchange import Exchange, Message
from pronghorn._engine.streams import event_stream

pytestmark = pytest.mark.anyio

WHO: ContextVar[str] = ContextVar("WHO", default="nobody")


def to_event(item: Any) -> bytes:
    return f"{item};".encode()


class Peer:
    """Takes messages, and notes who they came from."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.senders: list[Any] = []
        self.seen: list[str] = []

    async def send(self, message: Message) -> None:
        self.messages.append(message)
        self.senders.append(asyncio.current_task())
        self.seen.append(WHO.get())

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)


async def respond(
    endpoint: Callable[[], Any],
    send: Any,
    change: Callable[[EventStreamResponse], None] = lambda response: None,
) -> EventStreamResponse:
    async with AsyncExitStack() as stack:
        events, relay = await event_stream(endpoint, endpoint(), to_event, stack)
        assert relay is not None
        response = EventStreamResponse(events, relay, media_type="text/event-stream")
        change(response)
        await response.stream_response(send)
    return response


async def numbers() -> AsyncGenerator[int, None]:
    for number in range(5):
        yield number
        await asyncio.sleep(0)


async def test_events_are_messages_of_one_response() -> None:
    peer = Peer()
    await respond(numbers, peer.send)
    assert [message["type"] for message in peer.messages] == ["http.response.start"] + [
        "http.response.body"
    ] * 6
    assert [message.get("more_body") for message in peer.messages] == [None, *[True] * 5, False]
    assert peer.body == b"0;1;2;3;4;"


async def test_who_makes_an_event_sends_it() -> None:
    peer = Peer()
    await respond(numbers, peer.send)
    answering = asyncio.current_task()
    assert [sender is answering for sender in peer.senders[2:-1]] == [False] * (len(peer.senders) - 3)
    assert peer.senders[0] is peer.senders[-1] is answering


async def test_what_the_generator_sets_is_its_own() -> None:
    """A function around `send` finds what the request had set; so does what comes after the response."""

    async def setting() -> AsyncIterator[str]:
        for _ in range(3):
            yield WHO.get()
            WHO.set("generator")
            await asyncio.sleep(0)

    peer = Peer()
    WHO.set("request")
    await respond(setting, peer.send)
    assert peer.body == b"request;generator;generator;"
    assert (set(peer.seen), WHO.get()) == ({"request"}, "request")


async def test_what_a_sender_sets_lasts() -> None:
    seen: list[str] = []

    async def counting(message: Message) -> None:
        seen.append(WHO.get())
        WHO.set(f"{message['type'][14:]} {len(seen)}")

    WHO.set("request")
    await respond(numbers, counting)
    # The first event may come from the task that answers.
    assert seen[:2] == ["request", "start 1"]
    assert seen[3:6] == ["body 3", "body 4", "body 5"]


async def test_events_may_be_replaced() -> None:
    async def loud(events: Any) -> AsyncIterator[bytes]:
        async for event in events:
            yield event.replace(b";", b"!")

    def change(response: EventStreamResponse) -> None:
        response.body_iterator = loud(response.body_iterator)

    peer = Peer()
    await respond(numbers, peer.send, change)
    assert peer.body == b"0!1!2!3!4!"


async def test_a_replaced_method_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []

    async def own(self: StreamingResponse, send: Any) -> None:
        called.append(self)

    monkeypatch.setattr(StreamingResponse, "stream_response", own)
    response = await respond(numbers, Peer().send)
    assert called == [response]


async def test_any_awaitable_may_come_of_sending() -> None:
    class Sending:
        def __init__(self, message: Message) -> None:
            self._message = message

        def __await__(self) -> Generator[Any, Any, None]:
            yield from asyncio.sleep(0).__await__()
            return (yield from peer.send(self._message).__await__())

    peer = Peer()
    await respond(numbers, Sending)
    assert peer.body == b"0;1;2;3;4;"


async def test_an_error_of_sending_comes_from_the_response() -> None:
    async def failing(message: Message) -> None:
        if message.get("body") == b"3;":
            raise OSError("gone")

    with pytest.raises(ExceptionGroup) as raised:  # of the task group in which events are made
        await respond(numbers, failing)
    assert [repr(error) for error in raised.value.exceptions] == ["OSError('gone')"]


class Direct(Exchange):
    """A server that takes pieces."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.pieces: list[bytes] = []

    async def send(self, message: Message) -> None:
        await self.peer.send(message)

    def send_piece(self, data: bytes) -> Awaitable[None] | None:
        self.pieces.append(data)
        return asyncio.sleep(0) if len(self.pieces) % 2 else None


async def test_pieces_go_to_the_server_directly() -> None:
    peer = Peer()
    x = Direct(peer)

    def change(response: EventStreamResponse) -> None:
        response.exchange = x

    await respond(numbers, peer.send, change)
    assert (peer.body, b"".join(x.pieces)) in [(b"0;", b"1;2;3;4;"), (b"", b"0;1;2;3;4;")]


async def test_a_fast_producer_leaves_others_their_turn() -> None:
    async def endless() -> AsyncIterator[int]:
        while True:
            yield 1

    def change(response: EventStreamResponse) -> None:
        response.exchange = Direct(Peer())

    async def answer() -> None:
        await respond(endless, Peer().send, change)

    answering = asyncio.create_task(answer())
    for _ in range(20):
        await asyncio.sleep(0)
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering
