import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import anyio
import pytest
from anyio import CancelScope
from pydantic import BaseModel

from pronghorn._base import sse
from pronghorn._compile.dependant import Dependant
from pronghorn._compile.handler_spec import HandlerSpec
from pronghorn._engine import streams
from pronghorn._engine.streams import (
    event_serializer,
    event_stream,
    item_serializer,
    json_lines,
    plain_json,
    raw_stream,
)
from pronghorn._schema.encoder import jsonable_encoder, normalize_non_finite
from pronghorn._schema.field import create_model_field
from pronghorn.exceptions import EndpointContext, ResponseValidationError
from pronghorn.sse import ServerSentEvent

pytestmark = pytest.mark.anyio

CONTEXT = EndpointContext(function="endpoint", path="GET /")


class Item(BaseModel):
    name: str
    note: str | None = None


class Pretty(Item):
    def model_dump_json(self, **options: Any) -> str:
        return super().model_dump_json(**{**options, "indent": 2})


async def numbers() -> AsyncIterator[int]:
    yield 1
    yield 2


def sync_numbers() -> Iterator[int]:
    yield 1
    yield 2


async def collected(stream: Any) -> list[Any]:
    return [item async for item in stream]


# --- items


def serializer_for(type_: Any, **options: Any) -> Callable[[Any], bytes]:
    field = None if type_ is None else create_model_field(name="item", type_=type_, mode="serialization")
    return item_serializer(HandlerSpec(Dependant(), stream_item_field=field, **options), CONTEXT)


def test_items_without_a_type_are_encoded() -> None:
    assert serializer_for(None)({"item": Item(name="é")}) == b'{"item": {"name": "\\u00e9", "note": null}}'


def test_items_of_a_type_are_validated_and_serialised() -> None:
    serialize = serializer_for(Item, response_model_exclude_none=True)

    assert serialize({"name": "é"}) == '{"name":"é"}'.encode()


def test_an_item_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(ResponseValidationError) as raised:
        serializer_for(Item)({"nome": "a"})

    assert [error["loc"] for error in raised.value.errors()] == [("response", "name")]
    assert (raised.value.body, raised.value.endpoint_function) == ({"nome": "a"}, "endpoint")


@pytest.mark.parametrize(
    "item",
    [
        {"a": [1, 1.5, "é", None, True, "\x7f\u2028"], "b": {}},
        {1: 2, None: 3, False: 4},
        (1, 2),
        {"_sa_state": 1, "a": 2},
        {1, 2},
        Item(name="a"),
        "é",
    ],
)
def test_plain_data_is_written_as_the_encoder_writes_it(item: Any) -> None:
    expected = json.dumps(normalize_non_finite(jsonable_encoder(item))).encode()
    assert plain_json(item) == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_does_not_know_are_null(value: float) -> None:
    assert plain_json({"n": [value, 1.5]}) == b'{"n": [null, 1.5]}'


# --- lines and raw


async def test_each_item_is_a_line() -> None:
    assert await collected(json_lines(numbers(), plain_json)) == [b"1\n", b"2\n"]


def test_items_of_a_plain_generator_are_lines() -> None:
    lines: Any = json_lines(sync_numbers(), plain_json)

    assert list(lines) == [b"1\n", b"2\n"]


async def test_raw_pieces_are_left_alone() -> None:
    plain = sync_numbers()

    assert await collected(raw_stream(numbers())) == [1, 2]
    assert raw_stream(plain) is plain


@pytest.mark.parametrize("make", [raw_stream, lambda items: json_lines(items, plain_json)])
async def test_a_fast_producer_can_be_cancelled(make: Callable[[Any], Any]) -> None:
    async def endless() -> AsyncIterator[int]:
        while True:
            yield 1

    received = 0
    with CancelScope() as scope:
        async for _ in make(endless()):
            received += 1
            if received == 3:
                scope.cancel()

    assert received == 3


# --- events


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"n": 1}, 'data: {"n": 1}\n\n'),
        (ServerSentEvent(data={"n": 1}, event="tick"), 'event: tick\ndata: {"n": 1}\n\n'),
        (ServerSentEvent(data=Item(name="é")), 'data: {"name":"é","note":null}\n\n'),
        (ServerSentEvent(raw_data="a\nb", id="1", retry=3), "data: a\ndata: b\nid: 1\nretry: 3\n\n"),
        (ServerSentEvent(comment="quiet"), ": quiet\n\n"),
        (ServerSentEvent(data=0), "data: 0\n\n"),
        (
            ServerSentEvent(data=Pretty(name="é")),
            'data: {\ndata:   "name": "é",\ndata:   "note": null\ndata: }\n\n',
        ),
        (ServerSentEvent(data=float("nan")), "data: null\n\n"),
    ],
)
def test_an_item_becomes_an_event(item: Any, expected: str) -> None:
    assert event_serializer(plain_json)(item) == expected.encode()


def to_event(item: Any) -> bytes:
    return json.dumps(item).encode()


def without_a_loop() -> None:
    """No asyncio loop is found, as under trio."""


@pytest.fixture(params=["on asyncio", "on any loop"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events are relayed by asyncio's means, or by anyio's."""
    if request.param == "on any loop":
        monkeypatch.setattr(streams, "_get_running_loop", without_a_loop)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("endpoint", [numbers, sync_numbers])
async def test_events_follow_the_generator(endpoint: Any) -> None:
    async with AsyncExitStack() as stack:
        events, _ = await event_stream(endpoint, endpoint(), to_event, stack)

        assert await collected(events) == [b"1", b"2"]


@pytest.mark.usefixtures("way")
async def test_a_quiet_stream_is_kept_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "PING_INTERVAL", 0.001)
    wanted = anyio.Event()

    async def slow() -> AsyncIterator[int]:
        await wanted.wait()
        yield 1

    async with AsyncExitStack() as stack:
        events, _ = await event_stream(slow, slow(), to_event, stack)
        received = [await anext(events), await anext(events)]
        wanted.set()
        received.extend([event async for event in events])

    assert received[:2] == [b": ping\n\n", b": ping\n\n"]
    assert [event for event in received if event != b": ping\n\n"] == [b"1"]


@pytest.mark.usefixtures("way")
async def test_leaving_the_stack_ends_the_producer() -> None:
    log: list[str] = []

    async def endless() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
                await anyio.lowlevel.checkpoint()
        finally:
            log.append("ended")

    async with AsyncExitStack() as stack:
        events, _ = await event_stream(endless, endless(), to_event, stack)
        assert await anext(events) == b"1"

    assert log == ["ended"]


@pytest.mark.usefixtures("way")
async def test_an_error_of_the_producer_ends_the_stream() -> None:
    async def failing() -> AsyncIterator[int]:
        yield 1
        raise ValueError("sold out")

    async def consume() -> None:
        async with AsyncExitStack() as stack:
            await collected((await event_stream(failing, failing(), to_event, stack))[0])

    with pytest.raises(ExceptionGroup) as raised:
        await consume()

    assert [str(error) for error in raised.value.exceptions] == ["sold out"]
