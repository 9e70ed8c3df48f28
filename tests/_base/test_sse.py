import pytest
from pydantic import ValidationError
from starlette.responses import StreamingResponse

from pronghorn._base.sse import (
    EVENT_SCHEMA,
    KEEPALIVE_COMMENT,
    EventSourceResponse,
    ServerSentEvent,
    format_sse_event,
)


def test_fields_stand_in_a_fixed_order() -> None:
    event = format_sse_event(data_str="d", event="e", id="1", retry=5, comment="c")

    assert event == b": c\nevent: e\ndata: d\nid: 1\nretry: 5\n\n"


def test_an_event_of_nothing_is_an_empty_line() -> None:
    assert format_sse_event() == b"\n"


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\rb"])
def test_text_of_several_lines_becomes_several_fields(text: str) -> None:
    assert format_sse_event(data_str=text) == b"data: a\ndata: b\n\n"
    assert format_sse_event(comment=text) == b": a\n: b\n\n"


def test_text_is_sent_as_utf_8() -> None:
    assert format_sse_event(data_str="é") == b"data: \xc3\xa9\n\n"


def test_zero_and_empty_text_are_sent() -> None:
    assert format_sse_event(data_str="", retry=0) == b"data: \nretry: 0\n\n"


def test_the_keepalive_is_a_comment() -> None:
    assert format_sse_event(comment="ping") == KEEPALIVE_COMMENT


def test_an_event_has_no_fields_by_default() -> None:
    assert set(ServerSentEvent().model_dump().values()) == {None}


@pytest.mark.parametrize("text", ["a\nb", "a\rb"])
@pytest.mark.parametrize("field", ["event", "id"])
def test_event_and_id_are_single_lines(field: str, text: str) -> None:
    with pytest.raises(ValidationError, match=f"SSE '{field}' must be a single line"):
        ServerSentEvent.model_validate({field: text})


def test_an_id_has_no_null_character() -> None:
    with pytest.raises(ValidationError, match="SSE 'id' must not contain null characters"):
        ServerSentEvent(id="a\0")


def test_retry_is_not_negative() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        ServerSentEvent(retry=-1)


def test_an_event_has_one_kind_of_data() -> None:
    with pytest.raises(ValidationError, match="Cannot set both 'data' and 'raw_data'"):
        ServerSentEvent(data=1, raw_data="1")


def test_valid_fields_are_kept() -> None:
    event = ServerSentEvent(raw_data="x", event="e", id="1", retry=0, comment="c")

    assert event.model_dump() == {
        "data": None, "raw_data": "x", "event": "e", "id": "1", "retry": 0, "comment": "c",
    }  # fmt: skip


def test_the_response_class_streams_events() -> None:
    assert issubclass(EventSourceResponse, StreamingResponse)
    assert EventSourceResponse.media_type == "text/event-stream"


def test_the_schema_names_the_fields_of_the_wire_form() -> None:
    assert list(EVENT_SCHEMA["properties"]) == ["data", "event", "id", "retry"]
