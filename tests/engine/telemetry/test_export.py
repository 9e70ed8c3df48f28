import logging
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest
from opentelemetry import _logs, metrics, trace
from opentelemetry._logs import NoOpLoggerProvider
from opentelemetry._logs import _internal as logs_internal
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.metrics import _internal as metrics_internal
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NoOpTracerProvider
from opentelemetry.util._once import Once
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pronghorn._base.errors import FastAPIError
from pronghorn._engine.telemetry import TelemetryConfig, default_config, export, lifespan
from pronghorn._engine.telemetry.export import Exporters, export_endpoint
from tests.engine.telemetry.recorded import Recorded

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def _no_global_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    for holder, signal in ((trace, "TRACER"), (metrics_internal, "METER"), (logs_internal, "LOGGER")):
        monkeypatch.setattr(holder, f"_{signal}_PROVIDER", None)
        monkeypatch.setattr(holder, f"_{signal}_PROVIDER_SET_ONCE", Once())


@pytest.fixture
def exporters(monkeypatch: pytest.MonkeyPatch) -> Iterator[Exporters]:
    exporters = Exporters()
    monkeypatch.setattr(export, "EXPORTERS", exporters)
    yield exporters
    exporters.shutdown()


@pytest.fixture
def collector() -> Iterator[tuple[str, list[str]]]:
    received: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            received.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()
        thread.join()


def settings(**given: Any) -> TelemetryConfig:
    return default_config(cast("TelemetryConfig", {"auto_configure": True, **given}))


def only(signal: str, **given: Any) -> TelemetryConfig:
    """Settings under which one signal alone is exported."""
    return settings(**{**{name: name == signal for name in ("tracing", "metrics", "logs")}, **given})


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://host:4318"}, "http://host:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://host/base/"}, "https://host/base/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://host/own/"}, "http://host/own/"),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "no address",
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://host",
            },
            "http://host",
        ),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://host", "OTEL_TRACES_EXPORTER": " None "}, None),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://host",
                "OTEL_TRACES_EXPORTER": "",
                "OTEL_EXPORTER_OTLP_PROTOCOL": "",
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
            },
            "http://host/v1/traces",
        ),
    ],
)
def test_the_environment_names_the_endpoint(environment: dict[str, str], expected: str | None) -> None:
    assert export_endpoint("TRACES", environment) == expected


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"OTEL_TRACES_EXPORTER": "console"}, "OTEL_TRACES_EXPORTER=otlp or none"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "http/protobuf protocol"),
        ({"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"}, "http/protobuf protocol"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "host:4318"}, "absolute HTTP or HTTPS URL"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://"}, "absolute HTTP or HTTPS URL"),
    ],
)
def test_an_unsupported_environment_is_refused(environment: dict[str, str], message: str) -> None:
    with pytest.raises(FastAPIError, match=message):
        export_endpoint("TRACES", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://host", **environment})


@pytest.mark.parametrize(
    ("config", "environment"),
    [
        ({"auto_configure": False}, {"OTEL_EXPORTER_OTLP_ENDPOINT": NOWHERE}),
        ({}, {"OTEL_EXPORTER_OTLP_ENDPOINT": NOWHERE, "OTEL_SDK_DISABLED": "TRUE"}),
        ({"tracing": False, "metrics": False, "logs": False}, {"OTEL_EXPORTER_OTLP_ENDPOINT": NOWHERE}),
        ({}, {}),
    ],
)
def test_nothing_is_set_up_unless_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
    exporters: Exporters,
    config: dict[str, Any],
    environment: dict[str, str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    exporters.configure(settings(**config))
    assert exporters.owned == ()
    assert trace.get_tracer_provider() is trace._PROXY_TRACER_PROVIDER


def test_all_signals_are_exported_once(
    monkeypatch: pytest.MonkeyPatch, exporters: Exporters, collector: tuple[str, list[str]]
) -> None:
    address, received = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
    for _ in range(2):
        exporters.configure(settings())
    assert len(exporters.owned) == 3
    assert list(exporters.served) == [
        trace.get_tracer_provider(),
        metrics.get_meter_provider(),
        _logs.get_logger_provider(),
    ]
    with trace.get_tracer("test").start_as_current_span("span"):
        metrics.get_meter("test").create_counter("count").add(1)
        _logs.get_logger("test").emit(body="record")
    exporters.flush()
    assert set(received) == {"/v1/traces", "/v1/metrics", "/v1/logs"}
    exporters.shutdown()
    assert len(exporters.owned) == 0


def test_a_provider_that_is_there_is_added_to(
    monkeypatch: pytest.MonkeyPatch,
    exporters: Exporters,
    recorded: Recorded,
    collector: tuple[str, list[str]],
) -> None:
    address, received = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
    exporters.configure(settings(**recorded.config))
    assert exporters.served == (recorded.tracer_provider, recorded.meter_provider, recorded.logger_provider)
    tracer = recorded.tracer_provider.get_tracer("test")
    tracer.start_span("first").end()
    exporters.shutdown()
    assert "/v1/traces" in received
    tracer.start_span("second").end()
    assert [span.name for span in recorded.spans()] == ["first", "second"]


def test_whoever_sets_the_global_provider_first_keeps_it(
    monkeypatch: pytest.MonkeyPatch, exporters: Exporters
) -> None:
    winner = TracerProvider(shutdown_on_exit=False)
    monkeypatch.setattr(
        trace, "set_tracer_provider", lambda provider: monkeypatch.setattr(trace, "_TRACER_PROVIDER", winner)
    )
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", NOWHERE)
    exporters.configure(only("tracing"))
    assert exporters.served == (winner,)
    assert winner not in exporters.owned
    winner.shutdown()


@pytest.mark.parametrize(
    ("signal", "setting", "provider"),
    [
        ("tracing", "tracer_provider", NoOpTracerProvider()),
        ("metrics", "meter_provider", NoOpMeterProvider()),
        ("logs", "logger_provider", NoOpLoggerProvider()),
    ],
)
def test_a_provider_that_takes_no_exporter_is_refused(
    monkeypatch: pytest.MonkeyPatch, exporters: Exporters, signal: str, setting: str, provider: Any
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", NOWHERE)
    with pytest.raises(FastAPIError, match="does not support adding an OTLP exporter"):
        exporters.configure(only(signal, **{setting: provider}))
    assert exporters.owned == ()


def test_an_exporter_that_cannot_be_added_is_closed(
    monkeypatch: pytest.MonkeyPatch, exporters: Exporters, recorded: Recorded
) -> None:
    refused: list[Any] = []

    def refuse(processor: Any) -> None:
        refused.append(processor)
        raise ValueError("registration failed")

    monkeypatch.setattr(recorded.tracer_provider, "add_span_processor", refuse)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", NOWHERE)
    with pytest.raises(ValueError, match="registration failed"):
        exporters.configure(only("tracing", tracer_provider=recorded.tracer_provider))
    assert exporters.owned == ()
    assert refused[0].span_exporter._shutdown


def test_a_missing_sdk_is_named(monkeypatch: pytest.MonkeyPatch, exporters: Exporters) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace.export", None)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", NOWHERE)
    with pytest.raises(FastAPIError, match=r"fastapi\[opentelemetry\]"):
        exporters.configure(settings())


class ProxyMeterProvider:
    def __init__(self, provider: Any) -> None:
        self.provider = provider


ProxyMeterProvider.__module__ = "logfire._internal.metrics"


def test_the_provider_behind_logfires_is_added_to(
    monkeypatch: pytest.MonkeyPatch, exporters: Exporters, recorded: Recorded
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", NOWHERE)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "0.1")
    proxy = ProxyMeterProvider(recorded.meter_provider)
    exporters.configure(settings(meter_provider=proxy))
    assert list(exporters.served) == [recorded.meter_provider]
    added: list[Any] = []
    monkeypatch.setattr(
        ProxyMeterProvider, "add_metric_reader", lambda self, reader: added.append(reader), raising=False
    )
    exporters.configure(settings(meter_provider=proxy))
    assert list(exporters.served) == [recorded.meter_provider, proxy]
    assert len(added) == 1


class Component:
    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.calls: list[tuple[str, int]] = []

    def _called(self, name: str) -> None:
        self.calls.append((name, threading.get_ident()))
        if self.failure is not None:
            raise self.failure

    def force_flush(self) -> None:
        self._called("flush")

    def shutdown(self) -> None:
        self._called("shutdown")


def test_a_component_that_fails_to_end_does_not_keep_others_from_it(
    exporters: Exporters, caplog: pytest.LogCaptureFixture
) -> None:
    failing, working = Component(RuntimeError("unreachable")), Component()
    exporters._owned.extend([failing, working])
    exporters.flush()
    exporters.shutdown()
    exporters.shutdown()
    assert [name for name, _ in working.calls] == ["flush", "shutdown"]
    assert caplog.messages == ["FastAPI telemetry cleanup failed"] * 2


async def run_lifespan(config: TelemetryConfig, app: ASGIApp) -> list[Message]:
    sent: list[Message] = []
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    await lifespan(config=config, app=app, scope={"type": "lifespan"}, receive=receive, send=send)
    return sent


async def two_events(scope: Scope, receive: Receive, send: Send) -> None:
    for event in ("startup", "shutdown"):
        assert await receive() == {"type": f"lifespan.{event}"}
        await send({"type": f"lifespan.{event}.complete"})


@pytest.mark.anyio
async def test_a_lifespan_passes_through(exporters: Exporters) -> None:
    sent = await run_lifespan(default_config(None), two_events)
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    assert exporters.owned == ()


@pytest.mark.anyio
async def test_export_is_set_up_before_the_application_starts(
    monkeypatch: pytest.MonkeyPatch, exporters: Exporters, collector: tuple[str, list[str]]
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{collector[0]}/traces")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        assert exporters.served == (trace.get_tracer_provider(),)
        trace.get_tracer("test").start_span("started").end()
        await send({"type": "lifespan.startup.failed"})

    await run_lifespan(settings(), app)
    assert collector[1] == ["/traces"]


@pytest.mark.anyio
@pytest.mark.parametrize("end", ["startup.failed", "shutdown.failed", "shutdown.complete"])
async def test_the_end_of_a_lifespan_flushes_off_the_event_loop(exporters: Exporters, end: str) -> None:
    component = Component()
    exporters._owned.append(component)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": f"lifespan.{end}"})

    await run_lifespan(default_config(None), app)
    ((name, thread),) = component.calls
    assert name == "flush"
    assert thread != threading.get_ident()


@pytest.mark.anyio
async def test_a_set_up_that_fails_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, exporters: Exporters, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "not an address")
    sent = await run_lifespan(settings(), two_events)
    assert len(sent) == 2
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("fastapi", logging.WARNING)
    assert "absolute HTTP or HTTPS URL" in record.getMessage()
