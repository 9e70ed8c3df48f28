from __future__ import annotations

import tracemalloc

import pytest
from websockets.frames import Frame, Opcode

from pronghorn.server.messages import MessageAssembler, close_reason


def assemble(*frames: Frame) -> list[str | bytes | None]:
    assembler = MessageAssembler()
    return [assembler.add(frame) for frame in frames]


def test_whole_messages_are_what_they_are() -> None:
    assert assemble(Frame(Opcode.TEXT, "é".encode()), Frame(Opcode.BINARY, b"\xff")) == ["é", b"\xff"]


def test_fragments_are_put_together_even_within_a_character() -> None:
    frames = [
        Frame(Opcode.TEXT, b"a\xc3", fin=False),
        Frame(Opcode.CONT, b"\xa9", fin=False),
        Frame(Opcode.CONT, b"b"),
        Frame(Opcode.BINARY, b"1", fin=False),
        Frame(Opcode.CONT, b"2"),
    ]
    assert assemble(*frames) == [None, None, "aéb", None, b"12"]


def test_empty_fragments_take_no_memory() -> None:
    assembler = MessageAssembler()
    assembler.add(Frame(Opcode.BINARY, b"", fin=False))
    tracemalloc.start()
    for _ in range(10_000):
        assembler.add(Frame(Opcode.CONT, b"", fin=False))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000


@pytest.mark.parametrize(
    "frames",
    [
        [Frame(Opcode.TEXT, b"\xff")],
        [Frame(Opcode.TEXT, b"\xff", fin=False)],
        [Frame(Opcode.TEXT, b"\xc3", fin=False), Frame(Opcode.CONT, b"")],
    ],
)
def test_text_that_is_no_utf_8_is_an_error_at_once(frames: list[Frame]) -> None:
    with pytest.raises(UnicodeDecodeError):
        assemble(*frames)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, ""),
        ("why", "why"),
        ("a" * 200, "a" * 123),
        ("é" * 100, "é" * 61),
        (
            [{"loc": ["query"], "ctx": {"error": ValueError("x")}}],
            '[{"loc": ["query"], "ctx": {"error": "x"}}]',
        ),
    ],
)
def test_reasons_are_short_text(given: object, sent: str) -> None:
    assert close_reason(given) == sent
