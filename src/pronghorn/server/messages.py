"""From WebSocket frames to messages, and close reasons.

Lives here: putting fragments together, checking text as it arrives. Must not live here: frames' bytes
(`websockets`), queues, I/O. Invariant: a text message is valid UTF-8 up to its last fragment.
"""

from __future__ import annotations

import codecs
import json
from typing import Any

from websockets.frames import Frame, Opcode

_LONGEST_REASON = 123


class MessageAssembler:
    """Collects the fragments of one message at a time, in one buffer: many small ones cost no more."""

    __slots__ = ("_data", "_decoder")

    def __init__(self) -> None:
        self._data = bytearray()
        self._decoder: codecs.IncrementalDecoder | None = None

    def add(self, frame: Frame) -> str | bytes | None:
        """The message that `frame`, a data frame, completes; None while fragments are missing.

        Raises:
            UnicodeDecodeError: text that is not UTF-8.
        """
        if frame.opcode is Opcode.TEXT:
            if frame.fin:
                return bytes(frame.data).decode()
            self._decoder = codecs.getincrementaldecoder("utf-8")()
        elif frame.opcode is Opcode.BINARY and frame.fin:
            return bytes(frame.data)
        decoder = self._decoder
        if decoder is not None:
            decoder.decode(bytes(frame.data), final=frame.fin)
        self._data += frame.data
        if not frame.fin:
            return None
        data, self._data, self._decoder = self._data, bytearray(), None
        return bytes(data) if decoder is None else data.decode()


def close_reason(reason: Any) -> str:
    """The reason of a close frame, at most 123 bytes of UTF-8 (RFC 6455 section 5.5).

    Applications may give what is no text, such as a list of validation errors: that is sent as JSON.
    """
    text = reason if isinstance(reason, str) else "" if reason is None else json.dumps(reason, default=str)
    return text.encode()[:_LONGEST_REASON].decode(errors="ignore")
