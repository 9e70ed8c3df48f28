"""FastAPI's private names around telemetry, with the arguments that its own tests give them.

There an application's `_telemetry` is its settings; here it is the observer made from them.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn._engine.telemetry import export
from pronghorn._engine.telemetry.config import TelemetryConfig
from pronghorn._engine.telemetry.telemetry import Telemetry

Settings = TelemetryConfig | Telemetry


def _configure_from_environment(config: Settings) -> None:
    """Set up what the environment asks for and the application allows."""
    export.EXPORTERS.configure(_settings(config))


async def lifespan(*, config: Settings, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run an application's lifespan with export set up before it starts, and flushed after it ended."""
    await export.lifespan(config=_settings(config), app=app, scope=scope, receive=receive, send=send)


class NativeTelemetry(Telemetry):
    """An application's observer, made from its settings or from the observer it has."""

    def __init__(self, config: Settings) -> None:
        super().__init__(_settings(config))


def _settings(config: Settings) -> TelemetryConfig:
    return config.config if isinstance(config, Telemetry) else config
