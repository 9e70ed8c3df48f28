"""Server-Sent Events as values: an event, its wire form, the response class that asks for them.

Source: WHATWG HTML, section 9.2. Must not live here: producing a stream (`_engine`).
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator
from starlette.responses import StreamingResponse

#: Sent when nothing else was for `PING_INTERVAL`, so that proxies keep the connection open.
KEEPALIVE_COMMENT = b": ping\n\n"
#: Seconds.
PING_INTERVAL: float = 15.0

EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "data": {"type": "string"},
        "event": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer", "minimum": 0},
    },
}


class EventSourceResponse(StreamingResponse):
    """The response class for Server-Sent Events.

    As ``response_class`` of a generator path operation, each yielded item becomes one event.
    """

    media_type = "text/event-stream"


def _one_line(field: str, value: str | None) -> str | None:
    if value is not None and any(mark in value for mark in "\r\n"):
        raise ValueError(f"SSE '{field}' must be a single line")
    return value


def _valid_event(value: str | None) -> str | None:
    return _one_line("event", value)


def _valid_id(value: str | None) -> str | None:
    if value is not None and "\0" in value:
        raise ValueError("SSE 'id' must not contain null characters")
    return _one_line("id", value)


class ServerSentEvent(BaseModel):
    """One event, where yielding the plain data is not enough.

    Attributes:
        data: sent as JSON.
        raw_data: sent as it is; give this or ``data``.
        event: the event's type, one line.
        id: the event's id, one line, without NUL.
        retry: reconnection time in milliseconds.
        comment: lines that clients ignore.

    Example:
        >>> ServerSentEvent(data={"n": 1}, event="tick").event
        'tick'
    """

    data: Any = None
    raw_data: str | None = None
    event: Annotated[str | None, AfterValidator(_valid_event)] = None
    id: Annotated[str | None, AfterValidator(_valid_id)] = None
    retry: Annotated[int | None, Field(ge=0)] = None
    comment: str | None = None

    @model_validator(mode="after")
    def _one_kind_of_data(self) -> Self:
        if self.data is not None and self.raw_data is not None:
            raise ValueError(
                "Cannot set both 'data' and 'raw_data' on the same ServerSentEvent. "
                "Use 'data' for JSON-serialized payloads or 'raw_data' for pre-formatted strings."
            )
        return self


def format_sse_event(
    *,
    data_str: str | None = None,
    event: str | None = None,
    id: str | None = None,
    retry: int | None = None,
    comment: str | None = None,
) -> bytes:
    r"""The wire form of one event; text of several lines becomes several fields.

    Example:
        >>> format_sse_event(event="tick", data_str="1")
        b'event: tick\ndata: 1\n\n'
    """
    lines = [] if comment is None else [f": {line}" for line in _lines(comment)]
    if event is not None:
        lines.append(f"event: {event}")
    if data_str is not None:
        lines += [f"data: {line}" for line in _lines(data_str)]
    if id is not None:
        lines.append(f"id: {id}")
    if retry is not None:
        lines.append(f"retry: {retry}")
    return "\n".join([*lines, "", ""]).encode()


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
