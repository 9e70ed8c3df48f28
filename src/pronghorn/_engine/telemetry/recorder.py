"""Serves requests under observation: chooses the signals, opens the span, sets the context, closes all again.

Imports the OpenTelemetry API, never the SDK, and is itself imported by the first request that is observed.
Invariant: when `serve` returns, OpenTelemetry's context and the ASGI scope are as they were before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from opentelemetry import context as otel_context
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import SpanKind, Tracer
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn._engine.telemetry.config import TelemetryConfig
from pronghorn._engine.telemetry.journal import LogJournal
from pronghorn._engine.telemetry.observation import HTTPObservation, Meters, Observation
from pronghorn._engine.telemetry.providers import ProviderSource
from pronghorn._engine.telemetry.record import SCOPE_KEY, RequestRecord, exception_seen
from pronghorn._engine.telemetry.semantics import (
    DURATION_BUCKETS,
    INSTRUMENTATION_NAME,
    INSTRUMENTATION_VERSION,
    SCHEMA_URL,
    Description,
    describe,
)
from pronghorn._engine.telemetry.spans import HEADERS, with_record

T = TypeVar("T")


@dataclass(frozen=True)
class Signals:
    """What one request is recorded with."""

    tracer: Tracer | None
    meters: Meters | None
    journal: LogJournal | None


class Recorder:
    """Records the requests of one application.

    Args:
        config: the application's complete settings.
        known_methods: the HTTP methods that spans and metrics may be named after.
        tracing, metrics, logs: where the providers of the signals are found.
    """

    def __init__(
        self,
        config: TelemetryConfig,
        known_methods: frozenset[str],
        *,
        tracing: ProviderSource,
        metrics: ProviderSource,
        logs: ProviderSource,
    ) -> None:
        self._exclude = config.get("exclude")
        self._operation_spans = config.get("operation_spans")
        self._known_methods = known_methods
        self._tracing = tracing
        self._metrics = metrics
        self._logs = logs
        self._tracer = _PerProvider(_make_tracer)
        self._meters = _PerProvider(_make_meters)
        self._journal = _PerProvider(_make_journal)

    async def serve(
        self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, legacy_otel: bool
    ) -> None:
        """Serve one request or connection with `app`, and record it."""
        if self._exclude is not None and self._exclude(scope):
            await _serve_excluded(app, scope, receive, send)
            return
        signals = self._signals(scope, legacy_otel)
        if signals is None:
            await app(scope, receive, send)
        else:
            await self._serve_observed(signals, app, scope, receive, send)

    def _signals(self, scope: Scope, legacy_otel: bool) -> Signals | None:
        if legacy_otel:
            return None
        metered = scope["type"] != "websocket"
        signals = Signals(
            tracer=self._tracer.of(self._tracing.find()),
            meters=self._meters.of(self._metrics.find()) if metered else None,
            journal=self._journal.of(self._logs.find()),
        )
        return None if signals == Signals(None, None, None) else signals

    async def _serve_observed(
        self, signals: Signals, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        description = describe(scope, self._known_methods)
        record = RequestRecord(
            span=None,
            span_method=description.span_method,
            tracer=signals.tracer if self._operation_spans else None,
            journal=signals.journal,
            mount_prefix=scope.get("app_root_path", scope.get("root_path", "")).rstrip("/"),
        )
        context = None
        if signals.tracer is not None:
            context = _open_span(signals.tracer, record, description, scope)
        kind = Observation if scope["type"] == "websocket" else HTTPObservation
        observation = kind(description, record, signals.meters)
        token = otel_context.attach(with_record(record, context))
        scope[SCOPE_KEY] = record
        try:
            await app(scope, *observation.watch(receive, send))
        except BaseException as error:
            exception_seen(scope, error)
            observation.raised(error)
            raise
        else:
            observation.returned()
        finally:
            record.clear()
            otel_context.detach(token)
            scope.pop(SCOPE_KEY, None)


async def _serve_excluded(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a request that is left out; when it is made within an observed one, that one stays hidden."""
    scope[SCOPE_KEY] = None
    token = otel_context.attach(with_record(None))
    try:
        await app(scope, receive, send)
    finally:
        otel_context.detach(token)
        scope.pop(SCOPE_KEY, None)


def _open_span(tracer: Tracer, record: RequestRecord, description: Description, scope: Scope) -> Context:
    """Start the request's span below the caller's. Returns the context in which it is the current one."""
    caller = propagate.extract(Headers(scope=scope), getter=HEADERS)
    attributes: dict[str, Any] = {**description.common, **description.span_only}
    token = otel_context.attach(caller)
    try:
        record.span = tracer.start_span(
            description.span_method, context=caller, kind=SpanKind.SERVER, attributes=attributes
        )
    finally:
        otel_context.detach(token)
    return trace.set_span_in_context(record.span, caller)


class _PerProvider(Generic[T]):
    """What is made from a provider, kept until the provider is another one."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self._provider: object | None = None
        self._made: T | None = None

    def of(self, provider: Any | None) -> T | None:
        """What belongs to `provider`; `None` for none."""
        if provider is None:
            return None
        if provider is not self._provider:
            self._made = self._make(provider)
            self._provider = provider
        return self._made


def _make_tracer(provider: trace.TracerProvider) -> Tracer:
    return provider.get_tracer(INSTRUMENTATION_NAME, INSTRUMENTATION_VERSION, schema_url=SCHEMA_URL)


def _make_journal(provider: Any) -> LogJournal:
    return LogJournal(
        provider.get_logger(INSTRUMENTATION_NAME, INSTRUMENTATION_VERSION, schema_url=SCHEMA_URL)
    )


def _make_meters(provider: MeterProvider) -> Meters:
    meter = provider.get_meter(INSTRUMENTATION_NAME, INSTRUMENTATION_VERSION, schema_url=SCHEMA_URL)
    duration = meter.create_histogram(
        "http.server.request.duration",
        unit="s",
        description="Duration of HTTP server requests.",
        explicit_bucket_boundaries_advisory=DURATION_BUCKETS,
    )
    active = meter.create_up_down_counter(
        "http.server.active_requests", unit="{request}", description="Number of active HTTP server requests."
    )
    return Meters(duration, active)
