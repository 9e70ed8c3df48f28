"""Native OpenTelemetry: settings of an application, and what processors may know of a request."""

from pronghorn._engine.telemetry import TelemetryConfig, TelemetryData, get_telemetry_data

__all__ = ["TelemetryConfig", "TelemetryData", "get_telemetry_data"]
