"""FastAPI's private names around telemetry: what a process exports with, and one application's observer."""

from __future__ import annotations

from typing import Any

from pronghorn._engine.telemetry.config import TelemetryConfig
from pronghorn._engine.telemetry.export import EXPORTERS
from pronghorn._engine.telemetry.telemetry import Telemetry

# The very lists, so that they stay true.
_owned: list[Any] = EXPORTERS._owned
_configured: list[tuple[Any, Any]] = EXPORTERS._served
_configure_from_environment = EXPORTERS.configure
_flush = EXPORTERS.flush
_shutdown = EXPORTERS.shutdown


class NativeTelemetry(Telemetry):
    """An application's observer, made from its settings or from the observer it has."""

    def __init__(self, config: TelemetryConfig | Telemetry) -> None:
        super().__init__(config.config if isinstance(config, Telemetry) else config)
