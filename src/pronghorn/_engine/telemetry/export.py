"""Export over OTLP as the environment says, for applications that ask for it.

The only place that loads the OpenTelemetry SDK and its exporters, and only when an endpoint is named. What
was set up belongs to the process: it outlives the application, is flushed when a lifespan ends and shut down
at exit. Invariant: a signal of one provider gets one exporter, however many applications and lifespans there
are, and a provider that somebody else made is added to, never replaced and never shut down.
"""

import atexit
import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from anyio.to_thread import run_sync
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pronghorn._base.errors import FastAPIError
from pronghorn._engine.telemetry.config import TelemetryConfig
from pronghorn._engine.telemetry.providers import LOGS, METRICS, TRACING, Signal, is_placeholder

logger = logging.getLogger("fastapi")

_OTLP = "opentelemetry.exporter.otlp.proto.http"
_PROTOCOL = "http/protobuf"
_OPT_OUT = "pass telemetry={'auto_configure': False} to FastAPI()."
_METRICS_REGISTER = "add_metric_reader"
_LIFESPAN_ENDS = frozenset(
    {"lifespan.shutdown.complete", "lifespan.shutdown.failed", "lifespan.startup.failed"}
)


@dataclass(frozen=True)
class Pipeline:
    """How one signal leaves the process: the names of the SDK's parts, each as (module, attribute)."""

    signal: Signal
    name: str
    """As the `OTEL_…` variables spell the signal."""
    kind: str
    """As the API's functions and our messages spell it."""
    exporter: tuple[str, str]
    processor: tuple[str, str]
    provider: tuple[str, str]
    register: str
    """The provider's method that takes a processor."""

    def build_processor(self, endpoint: str) -> Any:
        """A new exporter to `endpoint`, with what batches for it."""
        return _load(self.processor)(_load(self.exporter)(endpoint=endpoint))

    def build_provider(self, processor: Any) -> Any:
        """A new provider that feeds `processor`, and is shut down by nobody but us."""
        make = _load(self.provider)
        if (
            self.signal is METRICS
        ):  # the SDK's meter provider takes its readers only here, or one by one later
            return make(metric_readers=[processor], shutdown_on_exit=False)
        provider = make(shutdown_on_exit=False)
        getattr(provider, self.register)(processor)
        return provider

    def get_global(self) -> Any:
        """The process-wide provider."""
        return getattr(import_module(self.signal.module), f"get_{self.kind}_provider")()

    def set_global(self, provider: Any) -> None:
        """Make `provider` the process-wide one, unless somebody else was first."""
        getattr(import_module(self.signal.module), f"set_{self.kind}_provider")(provider)


PIPELINES = (
    Pipeline(
        signal=TRACING,
        name="TRACES",
        kind="tracer",
        exporter=(f"{_OTLP}.trace_exporter", "OTLPSpanExporter"),
        processor=("opentelemetry.sdk.trace.export", "BatchSpanProcessor"),
        provider=("opentelemetry.sdk.trace", "TracerProvider"),
        register="add_span_processor",
    ),
    Pipeline(
        signal=METRICS,
        name="METRICS",
        kind="meter",
        exporter=(f"{_OTLP}.metric_exporter", "OTLPMetricExporter"),
        processor=("opentelemetry.sdk.metrics.export", "PeriodicExportingMetricReader"),
        provider=("opentelemetry.sdk.metrics", "MeterProvider"),
        register=_METRICS_REGISTER,
    ),
    Pipeline(
        signal=LOGS,
        name="LOGS",
        kind="logger",
        exporter=(f"{_OTLP}._log_exporter", "OTLPLogExporter"),
        processor=("opentelemetry.sdk._logs.export", "BatchLogRecordProcessor"),
        provider=("opentelemetry.sdk._logs", "LoggerProvider"),
        register="add_log_record_processor",
    ),
)


def export_endpoint(signal: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Where a signal is to be exported to; `None` for nowhere.

    Args:
        signal: `TRACES`, `METRICS` or `LOGS`.
        environment: the variables, as OpenTelemetry's exporter specification names them.

    Raises:
        FastAPIError: the variables ask for an exporter, a protocol or an address that is not supported.

    >>> export_endpoint("LOGS", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318/"})
    'http://collector:4318/v1/logs'
    """
    exporter = (environment.get(f"OTEL_{signal}_EXPORTER") or "otlp").strip().lower()
    endpoint = environment.get(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")
    if not endpoint and (base := environment.get("OTEL_EXPORTER_OTLP_ENDPOINT")):
        endpoint = f"{base.removesuffix('/')}/v1/{signal.lower()}"
    if not endpoint or exporter == "none":
        return None
    if exporter != "otlp":
        raise FastAPIError(
            f"FastAPI automatic telemetry supports OTEL_{signal}_EXPORTER=otlp or none. "
            f"Configure other exporters explicitly and {_OPT_OUT}"
        )
    own_protocol = environment.get(f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL")
    if (own_protocol or environment.get("OTEL_EXPORTER_OTLP_PROTOCOL") or _PROTOCOL) != _PROTOCOL:
        raise FastAPIError(
            "FastAPI automatic telemetry requires the OTLP http/protobuf protocol. "
            f"Configure other transports explicitly and {_OPT_OUT}"
        )
    address = urlsplit(endpoint)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise FastAPIError(f"Invalid OTLP {signal.lower()} endpoint. Use an absolute HTTP or HTTPS URL.")
    return endpoint


class Exporters:
    """What this process exports with: set up once, flushed often, shut down at exit."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._owned: list[Any] = []
        self._served: list[tuple[Pipeline, Any]] = []

    @property
    def owned(self) -> tuple[Any, ...]:
        """The providers and processors that were made here."""
        return tuple(self._owned)

    @property
    def served(self) -> tuple[Any, ...]:
        """The providers whose signals are exported, one for each signal."""
        return tuple(provider for _, provider in self._served)

    def configure(self, config: TelemetryConfig) -> None:
        """Set up what the environment asks for and the application allows.

        Raises:
            FastAPIError: the environment asks for something unsupported, the SDK is not installed, or a
                provider that is already there takes no further exporter.
        """
        if not config.get("auto_configure") or os.getenv("OTEL_SDK_DISABLED", "").lower() == "true":
            return
        with self._lock:
            wanted = [pipeline for pipeline in PIPELINES if config.get(pipeline.signal.switch)]
            requested = [
                (pipeline, endpoint) for pipeline in wanted if (endpoint := export_endpoint(pipeline.name))
            ]
            _require_installed([pipeline for pipeline, _ in requested])
            for pipeline, endpoint in requested:
                self._export(pipeline, endpoint, config.get(pipeline.signal.setting))

    def flush(self) -> None:
        """Export what is waiting; a failure is logged."""
        for component in self.owned:
            _attempt(component.force_flush)

    def shutdown(self) -> None:
        """Export what is waiting and end; a failure is logged."""
        with self._lock:
            owned = self.owned
            self._owned.clear()
        for component in owned:
            _attempt(component.shutdown)

    def _export(self, pipeline: Pipeline, endpoint: str, own: Any | None) -> None:
        provider = _registrable(pipeline.get_global() if own is None else own)
        if self._is_served(pipeline, provider):
            return
        if own is None and is_placeholder(provider, pipeline.signal):
            provider = self._become_provider(pipeline, endpoint)
            if provider is None:
                return
        self._add_to(provider, pipeline, endpoint)

    def _become_provider(self, pipeline: Pipeline, endpoint: str) -> Any | None:
        """Set the process-wide provider. Returns the one of somebody who was faster, if so."""
        made = pipeline.build_provider(pipeline.build_processor(endpoint))
        pipeline.set_global(made)
        current = pipeline.get_global()
        if current is made:
            self._remember(pipeline, made, made)
            return None
        made.shutdown()
        return _registrable(current)

    def _add_to(self, provider: Any, pipeline: Pipeline, endpoint: str) -> None:
        register = getattr(provider, pipeline.register, None)
        if not callable(register):
            raise FastAPIError(
                f"The configured OpenTelemetry {pipeline.kind} provider does not support adding an OTLP exporter. "
                f"Configure environment export through that provider and {_OPT_OUT}"
            )
        processor = pipeline.build_processor(endpoint)
        try:
            register(processor)
        except Exception:
            processor.shutdown()
            raise
        self._remember(pipeline, provider, processor)

    def _is_served(self, pipeline: Pipeline, provider: Any) -> bool:
        return any(served is pipeline and known is provider for served, known in self._served)

    def _remember(self, pipeline: Pipeline, provider: Any, component: Any) -> None:
        if not self._served:
            atexit.register(self.shutdown)
        self._served.append((pipeline, provider))
        self._owned.append(component)


EXPORTERS = Exporters()


async def lifespan(
    *, config: TelemetryConfig, app: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    """Run an application's lifespan: export is set up before it starts, and flushed after it ended.

    A set-up that fails is a warning in the log: an application does not stay down for want of telemetry.
    """

    async def receive_configured() -> Message:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                EXPORTERS.configure(config)
            except Exception as error:
                logger.warning("FastAPI automatic telemetry configuration failed: %s", error)
        return message

    async def send_flushed(message: Message) -> None:
        if message["type"] in _LIFESPAN_ENDS and EXPORTERS.owned:
            await run_sync(EXPORTERS.flush)
        await send(message)

    await app(scope, receive_configured, send_flushed)


def _load(part: tuple[str, str]) -> Any:
    module, attribute = part
    return getattr(import_module(module), attribute)


def _require_installed(pipelines: list[Pipeline]) -> None:
    try:
        for pipeline in pipelines:
            for part in (pipeline.exporter, pipeline.processor, pipeline.provider):
                import_module(part[0])
    except ImportError as error:
        raise FastAPIError(
            "Automatic OpenTelemetry export requires fastapi[opentelemetry] or fastapi[standard] "
            "(on Pronghorn: pronghorn[opentelemetry]). "
            f"Install the extra, configure providers yourself, or {_OPT_OUT}"
        ) from error


def _registrable(provider: Any) -> Any:
    """The provider that takes readers: Logfire's meter provider hides it behind one that forwards only meters."""
    kind = type(provider)
    wrapped = (kind.__module__, kind.__name__) == ("logfire._internal.metrics", "ProxyMeterProvider")
    return provider.provider if wrapped and not hasattr(provider, _METRICS_REGISTER) else provider


def _attempt(action: Any) -> None:
    try:
        action()
    except Exception:
        logger.exception("FastAPI telemetry cleanup failed")
