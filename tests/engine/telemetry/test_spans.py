from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from opentelemetry import context as otel_context
from opentelemetry.trace import StatusCode
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException, WebSocketException
from starlette.websockets import WebSocketDisconnect

from pronghorn._base.errors import RequestValidationError, WebSocketRequestValidationError
from pronghorn._base.operation import UNOBSERVED, operation
from pronghorn._engine.telemetry.record import RequestRecord, current_record
from pronghorn._engine.telemetry.spans import HEADERS, with_record
from tests.engine.telemetry.recorded import Recorded


class Task:
    def __call__(self) -> None: ...


def endpoint() -> None: ...


@pytest.fixture
def observed(recorded: Recorded) -> Any:
    tracer = recorded.tracer_provider.get_tracer("test")
    token = otel_context.attach(with_record(RequestRecord(span=None, span_method="GET", tracer=tracer)))
    yield
    otel_context.detach(token)


def test_a_record_is_found_in_its_context_only() -> None:
    record = RequestRecord(span=None, span_method="GET")
    context = with_record(record)
    assert current_record(context) is record
    assert current_record(with_record(None, context)) is None
    assert current_record() is None


@pytest.mark.usefixtures("observed")
@pytest.mark.parametrize(
    ("function", "name"),
    [
        (endpoint, f"{__name__}.endpoint"),
        (Task(), f"{__name__}.Task"),
        (partial(endpoint), "functools.partial"),
    ],
)
def test_a_stage_is_a_span_named_after_its_function(
    recorded: Recorded, function: Callable[..., Any], name: str
) -> None:
    with operation("endpoint", function):
        pass
    span = recorded.span()
    assert span.name == "fastapi.endpoint"
    assert span.attributes == {"code.function.name": name}
    assert span.status.status_code is StatusCode.UNSET


@pytest.mark.usefixtures("observed")
def test_a_stage_may_have_no_function(recorded: Recorded) -> None:
    with operation("serialization"):
        pass
    assert recorded.span().attributes == {}


@pytest.mark.usefixtures("observed")
@pytest.mark.parametrize(
    ("stage", "error", "failed"),
    [
        ("endpoint", ValueError("private"), True),
        ("endpoint", WebSocketDisconnect(1006), True),
        ("endpoint", HTTPException(503), False),
        ("endpoint", WebSocketException(1008), False),
        ("endpoint", RequestValidationError([]), False),
        ("endpoint", WebSocketRequestValidationError([]), False),
        ("endpoint", WebSocketDisconnect(1000), False),
        ("background_task", HTTPException(503), True),
    ],
)
def test_a_stage_fails_unless_the_exception_is_an_answer(
    recorded: Recorded, stage: str, error: Exception, failed: bool
) -> None:
    with pytest.raises(type(error)), operation(stage, endpoint):
        raise error
    span = recorded.span()
    assert (span.status.status_code is StatusCode.ERROR) is failed
    assert ("error.type" in (span.attributes or {})) is failed
    assert not span.events


def test_nothing_is_recorded_outside_an_observed_request(recorded: Recorded) -> None:
    assert operation("endpoint") is UNOBSERVED
    token = otel_context.attach(with_record(RequestRecord(span=None, span_method="GET")))
    assert operation("endpoint") is UNOBSERVED
    otel_context.detach(token)
    assert recorded.spans() == ()


def test_propagation_reads_every_line_of_a_header() -> None:
    raw = [(b"tracestate", b"a=1"), (b"tracestate", b"b=2"), (b"baggage", b"c=3"), (b"baggage", b"d=4")]
    headers = Headers(raw=raw)
    assert HEADERS.get(headers, "tracestate") == ["a=1", "b=2"]
    assert HEADERS.get(headers, "Baggage") == ["c=3,d=4"]
    assert HEADERS.get(headers, "traceparent") is None
    assert HEADERS.get(Headers(), "baggage") is None
    assert set(HEADERS.keys(headers)) == {"tracestate", "baggage"}
