"""In-memory providers of all three signals, and single ASGI requests."""

from typing import Any, cast

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.types import ASGIApp, Message, Scope

from pronghorn._engine.telemetry import Telemetry, TelemetryConfig, default_config


class Recorded:
    """Providers of all three signals, and what was recorded with them."""

    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        self.tracer_provider = TracerProvider(shutdown_on_exit=False)
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._spans))
        self._reader = InMemoryMetricReader()
        self.meter_provider = MeterProvider(metric_readers=[self._reader], shutdown_on_exit=False)
        self._logs = InMemoryLogRecordExporter()
        self.logger_provider = LoggerProvider(shutdown_on_exit=False)
        self.logger_provider.add_log_record_processor(SimpleLogRecordProcessor(self._logs))

    @property
    def config(self) -> TelemetryConfig:
        return {
            "tracer_provider": self.tracer_provider,
            "meter_provider": self.meter_provider,
            "logger_provider": self.logger_provider,
        }

    def telemetry(self, **settings: Any) -> Telemetry:
        return Telemetry(default_config(cast("TelemetryConfig", {**self.config, **settings})))

    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._spans.get_finished_spans()

    def span(self) -> ReadableSpan:
        (span,) = self.spans()
        return span

    def logs(self) -> list[Any]:
        return [data.log_record for data in self._logs.get_finished_logs()]

    def points(self, name: str = "http.server.request.duration") -> list[Any]:
        data = self._reader.get_metrics_data()
        scopes = (
            [scope for resource in data.resource_metrics for scope in resource.scope_metrics] if data else []
        )
        metrics = [metric for scope in scopes for metric in scope.metrics if metric.name == name]
        return [point for metric in metrics for point in metric.data.data_points]

    def active(self) -> list[int]:
        return [point.value for point in self.points("http.server.active_requests")]

    def shutdown(self) -> None:
        for provider in (self.tracer_provider, self.meter_provider, self.logger_provider):
            provider.shutdown()


async def serve(
    telemetry: Telemetry, app: ASGIApp, scope: Scope | None = None, **options: Any
) -> list[Message]:
    """Serve one request under telemetry. Returns the messages of the response."""
    sent: list[Message] = []
    received: list[Message] = [{"type": "http.request"}, {"type": "http.disconnect"}]

    async def receive() -> Message:
        return received.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = http_scope() if scope is None else scope
    await telemetry(app=app, scope=scope, receive=receive, send=send, **options)
    return sent


def http_scope(**values: Any) -> Scope:
    return {"type": "http", "method": "GET", "scheme": "http", "path": "/", "headers": [], **values}


def websocket_scope(**values: Any) -> Scope:
    return {"type": "websocket", "scheme": "ws", "path": "/ws", "headers": [], **values}


def answering(status: int) -> ASGIApp:
    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return app
