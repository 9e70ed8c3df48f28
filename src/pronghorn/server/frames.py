"""Ordinary WebSocket frames (RFC 6455 section 5.2): read at a glance, and written.

Lives here: whole messages in one frame without extensions; how far a frame reaches. Must not live here:
everything else of the protocol (`websockets`), I/O.
Invariant: what is read here is what the protocol reads of the same bytes; None leaves it to the protocol.
"""

from __future__ import annotations

from websockets.frames import Opcode

try:
    from websockets.speedups import apply_mask
except ImportError:  # pragma: no cover - where there is no compiled form for the platform
    from websockets.utils import apply_mask

_TEXT = 0x80 | Opcode.TEXT
_BINARY = 0x80 | Opcode.BINARY
_MASK = 0x80
_SHORT = 126
_LONG = 127

# PERF: most messages are short, and their heads are made once. bench: echo
_TEXT_HEADS = tuple(bytes((_TEXT, size)) for size in range(_SHORT))
_BINARY_HEADS = tuple(bytes((_BINARY, size)) for size in range(_SHORT))


def read_message(data: bytes, start: int, most: int) -> tuple[str | bytes, int] | None:
    """The message whose only frame begins at `start`, and where the frame ends.

    Args:
        data: what arrived.
        start: the beginning of a frame.
        most: the largest allowed payload, in bytes.

    Returns:
        None where the frame is not whole, larger, fragmented, of a kind of its own, or against the rules.
    """
    begin = start + 6
    if len(data) < begin:
        return None
    kind = data[start]
    size = data[start + 1] - _MASK  # below zero without a mask
    if size == _SHORT:
        size = data[start + 2] << 8 | data[start + 3]
        begin += 2
    elif size == _LONG:
        return None
    end = begin + size
    if size < 0 or size > most or end > len(data):
        return None
    payload = apply_mask(data[begin:end], data[begin - 4 : begin])
    if kind == _BINARY:
        return payload, end
    if kind != _TEXT:
        return None
    try:
        return payload.decode(), end
    except UnicodeDecodeError:
        return None


def frame_length(data: bytes, start: int) -> int | None:
    """How many bytes the frame that begins at `start` has; None while that is not there yet."""
    if len(data) < start + 2:
        return None
    second = data[start + 1]
    head = 6 if second & _MASK else 2
    size = second & ~_MASK
    if size < _SHORT:
        return head + size
    extra = 2 if size == _SHORT else 8
    if len(data) < start + 2 + extra:
        return None
    return head + extra + int.from_bytes(data[start + 2 : start + 2 + extra])


def text_frame(payload: bytes) -> bytes:
    """The frame of a whole text message from a server."""
    size = len(payload)
    return (_TEXT_HEADS[size] if size < _SHORT else _long_head(_TEXT, size)) + payload


def binary_frame(payload: bytes) -> bytes:
    """The frame of a whole binary message from a server."""
    size = len(payload)
    return (_BINARY_HEADS[size] if size < _SHORT else _long_head(_BINARY, size)) + payload


def _long_head(kind: int, size: int) -> bytes:
    if size < 1 << 16:
        return bytes((kind, _SHORT)) + size.to_bytes(2)
    return bytes((kind, _LONG)) + size.to_bytes(8)
