"""Native OpenTelemetry: the spans, metrics and logs of an application's requests.

    config       what a user may set                     no OpenTelemetry import
    record       what is known of the observed request   no OpenTelemetry import
    providers    whether and where to record             no OpenTelemetry import
    telemetry    one application's way in                no OpenTelemetry import
    middleware   sees exceptions leave                   no OpenTelemetry import
    recorder, observation, spans, journal, semantics     the API; loaded by the first observed request
    export       the SDK; loaded when the environment names an endpoint and the application asks for it

Names here are what the application and the reference way use. Invariant: importing this package loads no
OpenTelemetry module, and an application without a provider never does.
"""

from pronghorn._engine.telemetry.config import TelemetryConfig, default_config
from pronghorn._engine.telemetry.export import lifespan
from pronghorn._engine.telemetry.middleware import ExceptionTelemetryMiddleware
from pronghorn._engine.telemetry.record import (
    SCOPE_KEY,
    TelemetryData,
    exception_seen,
    get_telemetry_data,
    route_selected,
    run_sync_endpoint,
    validation_failed,
)
from pronghorn._engine.telemetry.telemetry import API, Telemetry, legacy_otel

__all__ = [
    "API",
    "SCOPE_KEY",
    "ExceptionTelemetryMiddleware",
    "Telemetry",
    "TelemetryConfig",
    "TelemetryData",
    "default_config",
    "exception_seen",
    "get_telemetry_data",
    "legacy_otel",
    "lifespan",
    "route_selected",
    "run_sync_endpoint",
    "validation_failed",
]
