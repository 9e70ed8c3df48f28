import asyncio
from typing import Any

import pytest
from opentelemetry import baggage, trace
from opentelemetry import context as otel_context
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from pronghorn._engine.telemetry import SCOPE_KEY, exception_seen, get_telemetry_data, route_selected
from tests.engine.telemetry.recorded import Recorded, answering, http_scope, serve, websocket_scope

pytestmark = pytest.mark.anyio
PARENT = b"00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"


async def test_a_request_is_a_server_span_below_its_caller(recorded: Recorded) -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((trace.get_current_span().get_span_context(), baggage.get_all()))
        route_selected(scope, "/items/{item_id}")
        await answering(200)(scope, receive, send)

    before = otel_context.get_current()
    scope = http_scope(headers=[(b"traceparent", PARENT), (b"baggage", b"tenant=acme")])
    await serve(recorded.telemetry(), app, scope)
    span = recorded.span()
    assert span.kind is SpanKind.SERVER
    assert span.name == "GET /items/{item_id}"
    assert span.parent is not None
    assert format(span.parent.span_id, "016x") == "0123456789abcdef"
    assert seen == [(span.context, {"tenant": "acme"})]
    assert span.attributes is not None
    assert span.attributes["http.route"] == "/items/{item_id}"
    assert span.attributes["http.response.status_code"] == 200
    assert span.attributes["url.path"] == "/"
    assert span.status.status_code is StatusCode.UNSET
    assert span.instrumentation_scope is not None
    assert span.instrumentation_scope.name == "fastapi"
    assert otel_context.get_current() is before
    assert SCOPE_KEY not in scope


async def test_a_request_is_counted_and_measured(recorded: Recorded) -> None:
    active: list[list[int]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        active.append(recorded.active())
        await answering(404)(scope, receive, send)

    await serve(recorded.telemetry(), app, http_scope(http_version="1.1"))
    (point,) = recorded.points()
    assert point.count == 1
    assert point.sum > 0
    assert dict(point.attributes) == {
        "url.scheme": "http",
        "http.request.method": "GET",
        "network.protocol.version": "1.1",
        "http.response.status_code": 404,
    }
    assert point.explicit_bounds[:2] == (0.005, 0.01)
    assert active == [[1]]
    assert recorded.active() == [0]


@pytest.mark.parametrize(("status", "error"), [(200, None), (499, None), (500, "500"), (503, "503")])
async def test_a_server_error_is_a_failure(recorded: Recorded, status: int, error: str | None) -> None:
    await serve(recorded.telemetry(), answering(status))
    span = recorded.span()
    assert (span.attributes or {}).get("error.type") == error
    assert (span.status.status_code is StatusCode.ERROR) is (error is not None)


async def test_a_500_carries_the_exception_that_led_to_it(recorded: Recorded) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        exception_seen(scope, ValueError("failed"))
        await answering(500)(scope, receive, send)

    await serve(recorded.telemetry(), app)
    assert (recorded.span().attributes or {})["error.type"] == "ValueError"
    assert [record.body for record in recorded.logs()] == ["Unhandled exception in FastAPI request"]


async def test_an_exception_that_leaves_the_application_is_recorded_and_goes_on(recorded: Recorded) -> None:
    error = ValueError("failed")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    scope = http_scope()
    with pytest.raises(ValueError, match="failed") as caught:
        await serve(recorded.telemetry(), app, scope)
    assert caught.value is error
    span = recorded.span()
    assert (span.attributes or {})["error.type"] == "ValueError"
    assert span.context is not None
    (record,) = recorded.logs()
    assert (record.exception, record.span_id) == (error, span.context.span_id)
    assert recorded.active() == [0]
    assert SCOPE_KEY not in scope


async def test_a_cancelled_request_is_recorded(recorded: Recorded) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await serve(recorded.telemetry(), app)
    assert (recorded.span().attributes or {})["error.type"] == "asyncio.exceptions.CancelledError"
    assert recorded.logs() == []


async def test_an_application_that_does_not_answer_is_a_failure(recorded: Recorded) -> None:
    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    async def left(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    await serve(recorded.telemetry(), silent)
    await serve(recorded.telemetry(), left)
    assert [(span.attributes or {})["error.type"] for span in recorded.spans()] == [
        "RuntimeError",
        "ConnectionError",
    ]


async def test_a_500_that_nobody_explains_names_its_status(recorded: Recorded) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 500})
        assert recorded.spans() == ()
        await send({"type": "http.response.body", "more_body": True})
        assert recorded.spans() == ()
        await send({"type": "http.response.body"})
        assert len(recorded.spans()) == 1

    await serve(recorded.telemetry(), app)
    assert (recorded.span().attributes or {})["error.type"] == "500"


async def test_a_response_without_a_start_is_incomplete(recorded: Recorded) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.body"})

    await serve(recorded.telemetry(), app)
    assert (recorded.span().attributes or {})["error.type"] == "incomplete_response"


async def test_a_response_with_trailers_ends_with_the_last_of_them(recorded: Recorded) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "trailers": True})
        await send({"type": "http.response.body"})
        await send({"type": "http.response.trailers", "headers": [], "more_trailers": True})
        assert recorded.spans() == ()
        await send({"type": "http.response.trailers", "headers": []})
        assert len(recorded.spans()) == 1

    await serve(recorded.telemetry(), app)


async def test_a_file_sent_by_the_server_ends_the_response(recorded: Recorded) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.pathsend", "path": "/file"})
        assert len(recorded.spans()) == 1

    await serve(recorded.telemetry(), app)


async def test_what_follows_the_response_is_not_measured_but_logged(recorded: Recorded) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answering(200)(scope, receive, send)
        raise ValueError("background")

    with pytest.raises(ValueError, match="background"):
        await serve(recorded.telemetry(), app)
    span = recorded.span()
    assert span.status.status_code is StatusCode.UNSET
    assert len(recorded.logs()) == 1


async def test_a_websocket_is_a_span_and_no_metric(recorded: Recorded) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        route_selected(scope, "/ws")
        await send({"type": "websocket.close"})

    await serve(recorded.telemetry(), app, websocket_scope())
    span = recorded.span()
    assert span.name == "WS /ws"
    assert span.status.status_code is StatusCode.UNSET
    assert recorded.points() == []


@pytest.mark.parametrize(("code", "failed"), [(1000, False), (1001, False), (1006, True)])
async def test_a_websocket_fails_when_its_client_is_lost(recorded: Recorded, code: int, failed: bool) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise WebSocketDisconnect(code)

    with pytest.raises(WebSocketDisconnect):
        await serve(recorded.telemetry(), app, websocket_scope())
    assert (recorded.span().status.status_code is StatusCode.ERROR) is failed
    assert len(recorded.logs()) == int(failed)


async def test_data_is_there_during_the_request_and_gone_afterwards(recorded: Recorded) -> None:
    kept: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        data = get_telemetry_data()
        assert data is not None
        kept.append((otel_context.get_current(), data))

    await serve(recorded.telemetry(), app)
    await serve(recorded.telemetry(), app)
    assert kept[0][1] is not kept[1][1]
    assert [get_telemetry_data(context) for context, _ in kept] == [None, None]


async def test_an_excluded_request_is_served_unobserved(recorded: Recorded) -> None:
    telemetry = recorded.telemetry(exclude=lambda scope: scope["path"] == "/inner")
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope["path"], scope[SCOPE_KEY] is not None, get_telemetry_data() is not None))
        if scope["path"] == "/":
            data = get_telemetry_data()
            await serve(telemetry, app, http_scope(path="/inner"))
            assert get_telemetry_data() is data
        await answering(200)(scope, receive, send)

    await serve(telemetry, app)
    assert seen == [("/", True, True), ("/inner", False, False)]
    assert recorded.span().name == "GET"


@pytest.mark.parametrize("options", [{"legacy_otel": True}])
async def test_opentelemetrys_own_instrumentation_records_in_place_of_this(
    recorded: Recorded, options: dict[str, Any]
) -> None:
    sent = await serve(recorded.telemetry(), answering(200), **options)
    assert len(sent) == 2
    assert recorded.spans() == ()
    assert recorded.points() == []


async def test_signals_are_independent(recorded: Recorded) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        exception_seen(scope, ValueError())
        await answering(500)(scope, receive, send)

    await serve(recorded.telemetry(tracing=False), app)
    assert (len(recorded.spans()), len(recorded.points()), len(recorded.logs())) == (0, 1, 1)
    await serve(recorded.telemetry(metrics=False, logs=False), app)
    assert (len(recorded.spans()), recorded.points()[0].count, len(recorded.logs())) == (1, 1, 1)
    await serve(recorded.telemetry(tracing=False, metrics=False, logs=False), app)
    assert (len(recorded.spans()), recorded.points()[0].count, len(recorded.logs())) == (1, 1, 1)


async def test_an_unsampled_request_is_still_measured(recorded: Recorded) -> None:
    recorded.tracer_provider.sampler = ALWAYS_OFF
    await serve(recorded.telemetry(), answering(200))
    assert recorded.spans() == ()
    assert recorded.points()[0].count == 1


async def test_another_process_wide_provider_is_followed(
    monkeypatch: pytest.MonkeyPatch, recorded: Recorded
) -> None:
    later = Recorded()
    telemetry = recorded.telemetry(tracer_provider=None)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", recorded.tracer_provider)
    await serve(telemetry, answering(200))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", later.tracer_provider)
    await serve(telemetry, answering(200))
    assert (len(recorded.spans()), len(later.spans())) == (1, 1)


async def test_the_root_path_is_part_of_the_route(recorded: Recorded) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        route_selected(scope, "/items")
        await answering(200)(scope, receive, send)

    await serve(recorded.telemetry(), app, http_scope(root_path="/proxy/"))
    assert recorded.span().name == "GET /proxy/items"
