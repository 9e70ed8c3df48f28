"""The log records of requests: failed validations and exceptions that nothing handled.

Imports the OpenTelemetry API, never the SDK. Invariant: a record's attributes hold no input of the client;
what was sent is only offered, in this process, through `get_telemetry_data`.
"""

from time import time_ns
from typing import Any

from opentelemetry._logs import Logger, SeverityNumber


class LogJournal:
    """Writes the log records of requests with one logger."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger

    def validation_failed(self, *, count: int, route: str | None) -> None:
        """Record that `count` errors were found in what the client sent."""
        self._logger.emit(
            event_name="fastapi.validation.failed",
            timestamp=time_ns(),
            severity_number=SeverityNumber.WARN,
            severity_text="WARN",
            body="Request validation failed",
            attributes={"fastapi.validation.error_count": count, **_route(route)},
        )

    def exception(self, error: Exception, *, route: str | None, websocket: bool) -> None:
        """Record an exception that nothing in the application handled."""
        served = "WebSocket connection" if websocket else "request"
        self._logger.emit(
            event_name="fastapi.websocket.exception" if websocket else "http.server.request.exception",
            timestamp=time_ns(),
            severity_number=SeverityNumber.ERROR,
            severity_text="ERROR",
            body=f"Unhandled exception in FastAPI {served}",
            attributes=_route(route) or None,
            exception=error,
        )


def _route(route: str | None) -> dict[str, Any]:
    return {"http.route": route} if route else {}
