"""Streams out of generator endpoints: raw, JSON Lines and Server-Sent Events.

Must not live here: solving dependencies. Invariant: control goes back to the event loop after every item,
so that a fast producer can be cancelled.
"""

from __future__ import annotations

import json
from asyncio import _get_running_loop
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from types import AsyncGeneratorType
from typing import Any

import anyio
import anyio.lowlevel
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from starlette.concurrency import iterate_in_threadpool

from pronghorn._base import sse
from pronghorn._base.errors import EndpointContext, ResponseValidationError
from pronghorn._compile.callables import is_async_generator_callable
from pronghorn._compile.handler_spec import HandlerSpec
from pronghorn._engine.event_relay import EventRelay
from pronghorn._engine.runtime import NotPlain, refuse
from pronghorn._schema.encoder import jsonable_encoder, normalize_non_finite


def item_serializer(spec: HandlerSpec, context: EndpointContext) -> Callable[[Any], bytes]:
    """The function that makes JSON of one yielded item, validated where its type is declared."""
    field = spec.stream_item_field
    if field is None:
        return plain_json
    options = spec.dump_options

    def serialize(item: Any) -> bytes:
        value, errors = field.validate(item, {}, loc=("response",))
        if errors:
            raise ResponseValidationError(errors=errors, body=item, endpoint_ctx=context)
        return field.serialize_json(value, **options)

    return serialize


def plain_json(item: Any) -> bytes:
    """JSON of any value; NaN and infinities become null."""
    return _plain_text(item).encode()


def _plain_text(item: Any) -> str:
    """The same as text, which is ASCII and one line."""
    if _dump_plain is not None:
        try:
            text = "".join(_dump_plain(item, 0))
        except (NotPlain, ValueError, TypeError, RecursionError):
            pass
        else:
            # Keys that begin with `_sa` are SQLAlchemy's and left out; seldom enough to look twice.
            if '"_sa' not in text:
                return text
    return json.dumps(normalize_non_finite(jsonable_encoder(item)))


#: PERF: data of JSON's own types is written at once, without the encoder's walk. bench: events
_dump_plain: Callable[[Any, int], Any] | None = (
    json.encoder.c_make_encoder(  # type: ignore[attr-defined]
        None, refuse, json.encoder.encode_basestring_ascii, None, ": ", ", ", False, False, False
    )
    if getattr(json.encoder, "c_make_encoder", None) is not None
    else None
)


async def _with_checkpoints(items: AsyncIterator[Any], convert: Callable[[Any], Any]) -> AsyncIterator[Any]:
    async for item in items:
        yield convert(item)
        await anyio.lowlevel.checkpoint()


def raw_stream(generator: Any) -> Any:
    """The chunks of a generator endpoint as they are."""
    return _with_checkpoints(generator, lambda chunk: chunk) if hasattr(generator, "__aiter__") else generator


def json_lines(generator: Any, serialize: Callable[[Any], bytes]) -> AsyncIterator[bytes] | Iterator[bytes]:
    """One line of JSON per item."""
    if hasattr(generator, "__aiter__"):
        return _with_checkpoints(generator, lambda item: serialize(item) + b"\n")
    return (serialize(item) + b"\n" for item in generator)


_NO_OTHERS = (None,) * 5
_WITHOUT_METHODS = frozenset({dict, list, str, int, float, bool})
"""Types of data that has no JSON of its own."""


def event_serializer(serialize: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """The function that makes the wire form of one event of one yielded item."""

    def to_event(item: Any) -> bytes:
        if not isinstance(item, sse.ServerSentEvent):
            return _data_only(serialize(item))
        if type(item) is sse.ServerSentEvent:
            # PERF: looking up an attribute of a model takes several times as long as in its dictionary, and so does
            # asking data for a method that it has not. bench: events
            fields = vars(item)
            data = fields["data"]
            others = (fields["raw_data"], fields["event"], fields["id"], fields["retry"], fields["comment"])
            if others == _NO_OTHERS and data is not None:
                if type(data) in _WITHOUT_METHODS:
                    return f"data: {_plain_text(data)}\n\n".encode()
                return _data_only(_json_of(data))
        return sse.format_sse_event(
            data_str=_event_data(item), event=item.event, id=item.id, retry=item.retry, comment=item.comment
        )

    return to_event


def _data_only(data: bytes) -> bytes:
    """An event of nothing but data."""
    if b"\n" in data or b"\r" in data:
        return sse.format_sse_event(data_str=data.decode())
    return b"data: %b\n\n" % data


def _event_data(event: sse.ServerSentEvent) -> str | None:
    if event.raw_data is not None:
        return event.raw_data
    return None if event.data is None else _json_of(event.data).decode()


def _json_of(data: Any) -> bytes:
    if hasattr(data, "model_dump_json"):
        return str(data.model_dump_json()).encode()
    return plain_json(data)


async def event_stream(
    endpoint: Any, generator: Any, to_event: Callable[[Any], bytes], stack: AsyncExitStack
) -> tuple[AsyncIterator[bytes], EventRelay | None]:
    """The events of a generator endpoint, with a comment whenever nothing was sent for a while.

    The producer runs in a task of its own, which ``stack`` ends.

    Returns:
        The events, and on asyncio the relay that they come from, to be used instead of them.
    """
    items = (
        generator.__aiter__() if is_async_generator_callable(endpoint) else iterate_in_threadpool(generator)
    )
    loop = _get_running_loop()
    if loop is None:
        received = await stack.enter_async_context(_produced(items, to_event))
        stack.push_async_callback(received.aclose)
        return _with_checkpoints(received, lambda event: event), None
    relay = EventRelay(loop, items if type(items) is AsyncGeneratorType else _each(items), to_event)
    await stack.enter_async_context(_running(relay.produce))
    events = relay.events()
    stack.push_async_callback(events.aclose)
    return events, relay


async def _each(items: AsyncIterator[Any]) -> AsyncGenerator[Any, None]:
    async for item in items:
        yield item


@asynccontextmanager
async def _running(function: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(function)
        yield
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def _produced(
    items: AsyncIterator[Any], to_event: Callable[[Any], bytes]
) -> AsyncIterator[ObjectReceiveStream[bytes]]:
    produced, to_relay = anyio.create_memory_object_stream[bytes](max_buffer_size=1)
    relayed, to_send = anyio.create_memory_object_stream[bytes](max_buffer_size=1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_produce, items, to_event, produced)
        tasks.start_soon(_relay_with_pings, to_relay, relayed)
        yield to_send
        tasks.cancel_scope.cancel()


async def _produce(
    items: AsyncIterator[Any], to_event: Callable[[Any], bytes], target: ObjectSendStream[bytes]
) -> None:
    async with target:
        async for item in items:
            await target.send(to_event(item))


async def _relay_with_pings(source: ObjectReceiveStream[bytes], target: ObjectSendStream[bytes]) -> None:
    async with target, source:
        while (event := await _event_or_ping(source)) is not None:
            await target.send(event)


async def _event_or_ping(source: ObjectReceiveStream[bytes]) -> bytes | None:
    """The next event, or a ping where it takes too long; None at the end."""
    try:
        with anyio.fail_after(sse.PING_INTERVAL):
            return await source.receive()
    except TimeoutError:
        return sse.KEEPALIVE_COMMENT
    except anyio.EndOfStream:
        return None
