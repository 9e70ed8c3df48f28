"""What is read at a glance is what the protocol reads of the same bytes, and what is written is what it writes."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import SERVER, State
from websockets.server import ServerProtocol

from pronghorn.server import websocket
from pronghorn.server.frames import binary_frame, frame_length, read_message, text_frame
from tests.server.line import settle
from tests.server.test_websocket import App, opened

MOST = 300
SIZES = st.one_of(st.integers(0, 12), st.sampled_from([125, 126, 127, 299, 300, 301, 65535, 65536]))


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """A frame, as a rule one that is allowed."""
    first = draw(st.one_of(st.sampled_from([0x81, 0x82]), st.integers(0, 255)))
    payload = draw(st.one_of(st.text(max_size=5).map(str.encode), st.binary(max_size=5), SIZES.map(bytes)))
    key = draw(st.binary(min_size=4, max_size=4))
    masked = draw(st.integers(0, 9)) > 0
    form = draw(st.integers(0, 9))
    size = len(payload)
    if size < 126 and form > 0:
        head = bytes((first, size | 0x80 * masked))
    elif size < 1 << 16 and form < 9:
        head = bytes((first, 126 | 0x80 * masked)) + size.to_bytes(2)
    else:
        head = bytes((first, 127 | 0x80 * masked)) + size.to_bytes(8)
    data = bytes(byte ^ key[index % 4] for index, byte in enumerate(payload)) if masked else payload
    return head + key * masked + data


def by_protocol(data: bytes) -> list[Any]:
    """The frames that the protocol makes of bytes, and how it ended."""
    protocol = ServerProtocol(state=State.OPEN, max_size=MOST)
    assert protocol.side is SERVER
    protocol.receive_data(data)
    return [*protocol.events_received(), protocol.parser_exc]


@settings(max_examples=500, deadline=None)
@given(before=st.binary(max_size=3), frame=frames(), after=st.one_of(st.just(b""), frames()))
def test_what_is_read_is_what_the_protocol_reads(before: bytes, frame: bytes, after: bytes) -> None:
    found = read_message(before + frame + after, len(before), MOST)
    if found is not None:
        message, end = found
        opcode, data = (
            (Opcode.TEXT, message.encode()) if isinstance(message, str) else (Opcode.BINARY, message)
        )
        assert end == len(before + frame)
        assert by_protocol(frame) == [Frame(opcode, data), None]


@settings(max_examples=300, deadline=None)
@given(frame=frames(), after=st.binary(max_size=3))
def test_a_frame_reaches_as_far_as_its_head_says(frame: bytes, after: bytes) -> None:
    assert frame_length(b"ab" + frame + after, 2) == len(frame)
    for cut in range(min(len(frame), 14)):
        assert frame_length(frame[:cut], 0) in (None, len(frame))
        assert read_message(frame[:cut], 0, MOST) is None or cut == len(frame)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536])
def test_what_is_written_is_what_the_protocol_writes(size: int) -> None:
    payload = bytes(size)
    assert text_frame(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)
    assert binary_frame(payload) == Frame(Opcode.BINARY, payload).serialize(mask=False)


def test_an_ordinary_message_is_read() -> None:
    assert read_message(b"\x81\x82\1\2\3\4\x60\x60...", 0, 10) == ("ab", 8)
    assert read_message(b"\x82\xfe\0\x02\1\2\3\4\x60\x60", 0, 10) == (b"ab", 10)


def ignore(data: bytes, start: int, most: int) -> None:
    """Leaves everything to the protocol."""


async def heard_of(data: bytes, cuts: list[int]) -> list[Any]:
    """What a connection makes of bytes that arrive cut in pieces."""
    app = App()
    app.go.set()
    line = await opened(app, ws_max_size=MOST)
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, end in itertools.pairwise(places):
        if not line.transport.ended:
            line.transport.protocol.data_received(data[start:end])
        await settle()
    is_read = bool(line.transport.ended) or line.transport.reading
    heard = [line.heard, line.transport.ended, is_read, app.taken]
    line.transport.protocol.connection_lost(None)
    await settle()
    return heard


@settings(max_examples=80, deadline=None)
@given(
    data=st.lists(frames(), max_size=5).map(b"".join),
    spoilt=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=1),
    cuts=st.lists(st.integers(0, 10**6), max_size=6),
)
def test_a_connection_hears_the_same_whoever_reads_and_wherever_it_is_cut(
    data: bytes, spoilt: list[tuple[int, int]], cuts: list[int]
) -> None:
    for place, byte in spoilt:
        data = data[: place % (len(data) + 1)] + bytes((byte,)) + data[place % (len(data) + 1) :]
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(websocket, "read_message", ignore)
        expected = asyncio.run(heard_of(data, []))
    assert asyncio.run(heard_of(data, cuts)) == expected
