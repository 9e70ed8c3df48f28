"""Telemetry: the spans, logs and metrics of requests, whatever serves them."""

import secrets
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import pytest
from anyio import to_thread
from opentelemetry import trace
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, StatusCode
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn import (
    APIRouter,
    BackgroundTasks,
    Depends,
    FastAPI,
    HTTPException,
    Request,
    WebSocket,
    WebSocketDisconnect,
)
from pronghorn.responses import StreamingResponse
from pronghorn.telemetry import TelemetryConfig, get_telemetry_data
from tests.serving import Client, Serve

pytestmark = pytest.mark.anyio

STAGES = ["fastapi.dependencies", "fastapi.endpoint", "fastapi.serialization"]


class Spans(SpanExporter):
    """The finished spans, by trace; a server may finish one after its client has the response."""

    def __init__(self) -> None:
        self._finished: dict[str, list[ReadableSpan]] = {}
        self._changed = threading.Condition()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        with self._changed:
            for span in spans:
                assert span.context is not None
                self._finished.setdefault(format(span.context.trace_id, "032x"), []).append(span)
            self._changed.notify_all()
        return SpanExportResult.SUCCESS

    def of(self, trace_id: str) -> list[ReadableSpan]:
        return list(self._finished.get(trace_id, ()))

    def wait(self, trace_id: str, count: int) -> list[ReadableSpan]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.of(trace_id)) >= count, timeout=10), self.of(
                trace_id
            )
            return self.of(trace_id)


class Trace:
    """One caller's trace: send its headers, then see what was recorded below it."""

    def __init__(self) -> None:
        self.id = secrets.token_hex(16)
        self.headers = {"traceparent": f"00-{self.id}-{secrets.token_hex(8)}-01"}

    async def spans(self, *names: str) -> dict[str, ReadableSpan]:
        """The spans of the trace; they have to be these."""
        found = await to_thread.run_sync(spans.wait, self.id, len(names))
        assert sorted(span.name for span in found) == sorted(names)
        return {span.name: span for span in found}

    def logs(self) -> list[Any]:
        records = [data.log_record for data in log_exporter.get_finished_logs()]
        return [record for record in records if format(record.trace_id, "032x") == self.id]


spans = Spans()
tracer_provider = TracerProvider(shutdown_on_exit=False)
tracer_provider.add_span_processor(SimpleSpanProcessor(spans))
log_exporter = InMemoryLogRecordExporter()
logger_provider = LoggerProvider(shutdown_on_exit=False)
logger_provider.add_log_record_processor(SimpleLogRecordProcessor(log_exporter))
metric_reader = InMemoryMetricReader()
meter_provider = MeterProvider(metric_readers=[metric_reader], shutdown_on_exit=False)

settings: TelemetryConfig = {
    "tracer_provider": tracer_provider,
    "logger_provider": logger_provider,
    "meter_provider": meter_provider,
}


class PassThrough:
    """Middleware of the general kind."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


app = FastAPI(telemetry={**settings, "exclude": lambda scope: scope["path"] == "/health"})
wrapped = FastAPI(telemetry=settings, middleware=[Middleware(PassThrough)])
child = FastAPI()
router = APIRouter(prefix="/v1")
plain = FastAPI()


def shop() -> str:
    return "shop"


@app.get("/items/{item_id}")
async def read_item(item_id: int, name: Annotated[str, Depends(shop)]) -> dict[str, Any]:
    data = get_telemetry_data()
    assert data is not None
    assert data.values == {"item_id": item_id, "name": name}
    return {"item_id": item_id, "name": name}


@app.get("/sync/{item_id}")
def read_item_in_thread(item_id: int) -> dict[str, int]:
    assert trace.get_current_span().get_span_context().is_valid
    return {"item_id": item_id}


@app.post("/orders")
async def order(amounts: dict[str, int], request: Request) -> dict[str, int]:
    data = get_telemetry_data()
    assert data is not None
    assert data.body == amounts
    assert data.request is request
    return amounts


@app.get("/tasks")
async def start_task(tasks: BackgroundTasks) -> str:
    tasks.add_task(shop)
    return "started"


@app.get("/stream")
async def stream() -> StreamingResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield b"first"
        assert trace.get_current_span().is_recording()
        yield b"second"

    return StreamingResponse(parts())


@app.get("/refused")
async def refuse() -> None:
    raise HTTPException(503)


@app.get("/failed")
async def fail() -> None:
    raise ValueError("private")


@app.get("/health")
async def health() -> bool:
    return get_telemetry_data() is None


@app.websocket("/feed/{name}")
async def feed(websocket: WebSocket, name: int) -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()


@router.get("/books/{book_id}")
async def read_book(book_id: int) -> dict[str, Any]:
    assert get_telemetry_data() is not None
    return {"book_id": book_id}


@plain.get("/plain")
async def read_plain() -> bool:
    return trace.get_current_span().get_span_context().is_valid


child.include_router(router, prefix="/api")
app.include_router(router)
wrapped.include_router(router)
app.mount("/tenants/{tenant}", child)


@pytest.fixture
async def client(serve: Serve) -> AsyncIterator[Client]:
    async with serve(app) as client:
        yield client


@pytest.fixture
def called() -> Trace:
    return Trace()


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/items/7", "/items/{item_id}"),
        ("/sync/7", "/sync/{item_id}"),
        ("/v1/books/7", "/v1/books/{book_id}"),
        ("/tenants/acme/api/v1/books/7", "/tenants/{tenant}/api/v1/books/{book_id}"),
    ],
)
async def test_a_request_is_a_span_with_its_stages_below(
    client: Client, called: Trace, path: str, route: str
) -> None:
    response = await client.get(path, headers=called.headers)
    assert response.status_code == 200, response.text
    found = await called.spans(f"GET {route}", *STAGES)
    server = found.pop(f"GET {route}")
    assert server.kind is SpanKind.SERVER
    assert server.attributes is not None
    assert server.attributes["http.route"] == route
    assert server.attributes["http.response.status_code"] == 200
    assert server.attributes["url.path"] == path
    assert server.context is not None
    for span in found.values():
        assert span.parent is not None
        assert span.parent.span_id == server.context.span_id


async def test_middleware_does_not_hide_the_stages(serve: Serve, called: Trace) -> None:
    async with serve(wrapped) as client:
        assert (await client.get("/v1/books/7", headers=called.headers)).json() == {"book_id": 7}
    await called.spans("GET /v1/books/{book_id}", *STAGES)


async def test_a_body_that_validates_is_known_to_the_endpoint(client: Client, called: Trace) -> None:
    response = await client.post("/orders", json={"Emma": 2}, headers=called.headers)
    assert response.json() == {"Emma": 2}
    await called.spans("POST /orders", *STAGES)
    assert called.logs() == []


@pytest.mark.parametrize("body", [b'{"Emma": "many"}', b'{"Emma": '])
async def test_a_body_that_does_not_validate_is_logged(client: Client, called: Trace, body: bytes) -> None:
    headers = {**called.headers, "content-type": "application/json"}
    response = await client.post("/orders", content=body, headers=headers)
    assert response.status_code == 422
    parsed = body.endswith(b"}")
    found = await called.spans("POST /orders", *STAGES[: 1 if parsed else 0])
    assert all(span.status.status_code is StatusCode.UNSET for span in found.values())
    (record,) = called.logs()
    assert record.event_name == "fastapi.validation.failed"
    assert record.attributes == {"fastapi.validation.error_count": 1, "http.route": "/orders"}


async def test_an_unhandled_exception_is_logged_and_fails_its_spans(client: Client, called: Trace) -> None:
    assert (await client.get("/failed", headers=called.headers)).status_code == 500
    found = await called.spans("GET /failed", *STAGES[:2])
    failed = [found["GET /failed"], found["fastapi.endpoint"]]
    assert [(span.attributes or {})["error.type"] for span in failed] == ["ValueError", "ValueError"]
    (record,) = called.logs()
    assert record.event_name == "http.server.request.exception"
    assert record.attributes["http.route"] == "/failed"


async def test_an_error_that_the_application_answers_is_only_a_status(client: Client, called: Trace) -> None:
    assert (await client.get("/refused", headers=called.headers)).status_code == 503
    found = await called.spans("GET /refused", *STAGES[:2])
    assert found["GET /refused"].status.status_code is StatusCode.ERROR
    assert found["fastapi.endpoint"].status.status_code is StatusCode.UNSET
    assert called.logs() == []


async def test_a_background_task_follows_the_response(client: Client, called: Trace) -> None:
    assert (await client.get("/tasks", headers=called.headers)).json() == "started"
    found = await called.spans("GET /tasks", *STAGES, "fastapi.background_task")
    server, task = found["GET /tasks"], found["fastapi.background_task"]
    assert task.start_time is not None
    assert server.end_time is not None
    assert task.start_time >= server.end_time


async def test_a_stream_is_part_of_its_request(client: Client, called: Trace) -> None:
    assert (await client.get("/stream", headers=called.headers)).text == "firstsecond"
    await called.spans("GET /stream", *STAGES[:2])


@pytest.mark.parametrize(
    ("method", "path", "name", "status"),
    [
        ("GET", "/missing", "GET", 404),
        ("POST", "/items/7", "POST /items/{item_id}", 405),
        ("GET", "/items/7/", "GET /items/{item_id}", 307),
        ("PROPFIND", "/items/7", "HTTP /items/{item_id}", 405),
        ("GET", "/docs", "GET /docs", 200),
    ],
)
async def test_what_no_operation_answers_is_a_span_too(
    client: Client, called: Trace, method: str, path: str, name: str, status: int
) -> None:
    response = await client.request(method, path, headers=called.headers, follow_redirects=False)
    assert response.status_code == status
    await called.spans(name)


async def test_an_excluded_request_leaves_nothing(client: Client, called: Trace) -> None:
    assert (await client.get("/health", headers=called.headers)).json() is True
    await client.get("/missing", headers=called.headers)
    await called.spans("GET")


async def test_a_websocket_is_a_span(client: Client, called: Trace) -> None:
    async with client.websocket_connect("/feed/1", headers=called.headers) as websocket:
        await websocket.send_text("hello")
        assert await websocket.receive_text() == "hello"
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive_text()
    found = await called.spans("WS /feed/{name}", *STAGES[:2])
    assert all(span.status.status_code is StatusCode.UNSET for span in found.values())


async def test_requests_are_counted_by_route(client: Client, called: Trace) -> None:
    await client.get("/items/8", headers=called.headers)
    await called.spans("GET /items/{item_id}", *STAGES)
    data = metric_reader.get_metrics_data()
    assert data is not None
    points = [
        point
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == "http.server.request.duration"
        for point in metric.data.data_points
    ]
    routes = [point.attributes.get("http.route") for point in points if point.attributes]
    assert "/items/{item_id}" in routes
    assert "/items/8" not in routes


@contextmanager
def process_wide(provider: TracerProvider) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trace, "_TRACER_PROVIDER", provider)
        yield


async def test_a_provider_set_after_the_start_is_noticed(serve: Serve, called: Trace) -> None:
    async with serve(plain) as client:
        assert (await client.get("/plain", headers=called.headers)).json() is False
        with process_wide(tracer_provider):
            assert (await client.get("/plain", headers=called.headers)).json() is True
            await called.spans("GET /plain", *STAGES)
        assert (await client.get("/plain", headers=called.headers)).json() is False
