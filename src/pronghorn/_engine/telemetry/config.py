"""What a user may set about telemetry, and the complete settings of one application.

No OpenTelemetry import at run time: declaring an application must not load it. Invariant: the result of
`default_config` has every key, so that nothing downstream asks whether a setting was given.
"""

import os
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict

if TYPE_CHECKING:
    from opentelemetry._logs import LoggerProvider
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

AUTO_CONFIGURE_VARIABLE = "FASTAPI_OTEL_AUTO_CONFIGURE"


class TelemetryConfig(TypedDict, total=False):
    """The optional settings of an application's telemetry.

    A setting that is left out keeps its default. Providers given here are used as they are and never shut
    down: they belong to whoever made them.

    Example:
        `Pronghorn(telemetry={"operation_spans": False, "exclude": lambda scope: scope["path"] == "/health"})`
    """

    tracer_provider: "TracerProvider | None"
    """Where spans go. Default: the process-wide tracer provider, as soon as there is one."""

    meter_provider: "MeterProvider | None"
    """Where metrics go. Default: the process-wide meter provider, as soon as there is one."""

    logger_provider: "LoggerProvider | None"
    """Where log records go. Default: the process-wide logger provider, as soon as there is one."""

    tracing: bool
    """A span for every HTTP request and WebSocket connection. Default: `True`."""

    metrics: bool
    """Duration and number of HTTP requests. Default: `True`."""

    logs: bool
    """A log record for every failed validation and every unhandled exception, its message and stack trace
    included. Default: `True`."""

    operation_spans: bool
    """Child spans for dependencies, endpoint, serialisation and background tasks. Default: `True`."""

    auto_configure: bool
    """Export over OTLP as the `OTEL_…` environment variables say. Default: whether
    `FASTAPI_OTEL_AUTO_CONFIGURE` is `true`; a value given here decides over the variable."""

    exclude: Callable[[MutableMapping[str, Any]], bool] | None
    """Asked with the ASGI scope; `True` leaves that request or connection out. Default: nothing is left out."""


def default_config(telemetry: TelemetryConfig | None) -> TelemetryConfig:
    """The complete settings of an application: what was given, over the defaults. The argument is not kept."""
    config: TelemetryConfig = {
        "tracer_provider": None,
        "meter_provider": None,
        "logger_provider": None,
        "tracing": True,
        "metrics": True,
        "logs": True,
        "operation_spans": True,
        "auto_configure": os.getenv(AUTO_CONFIGURE_VARIABLE, "").lower() == "true",
        "exclude": None,
    }
    if telemetry is not None:
        config.update(telemetry)
    return config
