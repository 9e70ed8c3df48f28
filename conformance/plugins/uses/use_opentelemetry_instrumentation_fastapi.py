"""opentelemetry-instrumentation-fastapi: spans named after routes, of one application and of all new ones."""

from collections.abc import Iterator

import fastapi
import pytest
from fastapi.testclient import TestClient
from opentelemetry import trace
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter: InMemorySpanExporter) -> TracerProvider:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


def make_app() -> fastapi.FastAPI:
    app, router, inner = fastapi.FastAPI(), fastapi.APIRouter(prefix="/shop"), fastapi.FastAPI()

    @router.get("/books/{book_id}")
    async def book(book_id: int) -> str:
        if book_id == 500:
            raise RuntimeError("broken")
        return format(trace.get_current_span().get_span_context().trace_id, "032x")

    @inner.get("/items/{item_id}")
    def item(item_id: str) -> str:
        return item_id

    @app.get("/health")
    async def health() -> str:
        return "up"

    app.include_router(router)
    app.mount("/inner", inner)
    return app


def server_spans(exporter: InMemorySpanExporter) -> list[ReadableSpan]:
    return [span for span in exporter.get_finished_spans() if span.kind is trace.SpanKind.SERVER]


@pytest.fixture
def client(provider: TracerProvider) -> Iterator[TestClient]:
    app = make_app()
    FastAPIInstrumentor.instrument_app(app, tracer_provider=provider, excluded_urls="health")
    yield TestClient(app, raise_server_exceptions=False)
    FastAPIInstrumentor.uninstrument_app(app)


def test_spans_are_named_after_routes(client: TestClient, exporter: InMemorySpanExporter) -> None:
    assert client.get("/shop/books/7").status_code == 200
    (span,) = server_spans(exporter)
    assert span.name == "GET /shop/books/{book_id}"
    assert span.attributes is not None
    assert span.attributes["http.route"] == "/shop/books/{book_id}"
    assert span.attributes["http.status_code"] == 200


def test_the_endpoint_runs_in_the_span_of_the_caller(client: TestClient) -> None:
    assert client.get("/shop/books/7", headers={"traceparent": PARENT}).json() == PARENT[3:35]


def test_errors(client: TestClient, exporter: InMemorySpanExporter) -> None:
    assert client.get("/shop/books/500").status_code == 500
    assert client.get("/shop/books/x").status_code == 422
    failed, invalid = server_spans(exporter)
    assert failed.status.status_code is trace.StatusCode.ERROR
    assert [event.name for event in failed.events] == ["exception"]
    assert invalid.attributes is not None
    assert invalid.attributes["http.status_code"] == 422


def test_mounted_applications_and_excluded_paths(client: TestClient, exporter: InMemorySpanExporter) -> None:
    client.get("/inner/items/a")
    client.get("/health")
    assert [span.name for span in server_spans(exporter)] == ["GET /inner"]


def test_the_middleware_stands_outside_the_users(provider: TracerProvider) -> None:
    app = make_app()
    FastAPIInstrumentor.instrument_app(app, tracer_provider=provider)
    TestClient(app).get("/health")
    assert isinstance(app.middleware_stack.app, OpenTelemetryMiddleware)
    FastAPIInstrumentor.uninstrument_app(app)
    assert TestClient(app).get("/health").json() == "up"
    assert not isinstance(app.middleware_stack.app, OpenTelemetryMiddleware)


def test_every_new_application(provider: TracerProvider, exporter: InMemorySpanExporter) -> None:
    original = fastapi.FastAPI
    reader = InMemoryMetricReader()
    instrumentor = FastAPIInstrumentor()
    instrumentor.instrument(tracer_provider=provider, meter_provider=MeterProvider([reader]))
    try:
        assert fastapi.FastAPI is not original
        client = TestClient(make_app())
        client.get("/shop/books/7")
        assert [span.name for span in server_spans(exporter)] == ["GET /shop/books/{book_id}"]
        metrics = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
        assert "http.server.duration" in {metric.name for metric in metrics}
    finally:
        instrumentor.uninstrument()
    assert fastapi.FastAPI is original
