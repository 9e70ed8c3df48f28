"""The telemetry of one application: whether it is on, and the way into it.

This is what an application holds. It loads neither the OpenTelemetry API nor the recorder before the first
request that somebody wants to see. Invariant: `enabled()` is cheap enough to be asked at every request.
"""

import os
import sys
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn._engine.telemetry.config import TelemetryConfig
from pronghorn._engine.telemetry.providers import LOGS, METRICS, TRACING, ProviderSource

if TYPE_CHECKING:
    from pronghorn._engine.telemetry.recorder import Recorder

API = "opentelemetry"
"""The module without which, unless a provider is loaded on first use, nothing is observed."""
KNOWN_METHODS_VARIABLE = "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS"
STANDARD_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}
)


class Telemetry:
    """Observes the requests of one application, when there is a provider to record them with.

    Args:
        config: complete settings, from `default_config`.

    Attributes:
        loaded_on_first_use: whether a provider comes with the first request that asks for it.
    """

    def __init__(self, config: TelemetryConfig) -> None:
        self.config = config
        self._known_methods = _known_methods()
        self._tracing = ProviderSource(TRACING, config)
        self._metrics = ProviderSource(METRICS, config)
        self._logs = ProviderSource(LOGS, config)
        sources = (self._tracing, self._metrics, self._logs)
        self._sources = tuple(source for source in sources if source.wanted)
        self.loaded_on_first_use = any(source.signal.variable in os.environ for source in self._sources)
        self._recorder: Recorder | None = None

    def __reduce__(self) -> tuple[type["Telemetry"], tuple[TelemetryConfig]]:
        return Telemetry, (self.config,)

    def enabled(self) -> bool:
        """Whether a request that arrives now has to be observed.

        PERF: 60 ns while nothing in the process imported the OpenTelemetry API, 0.6 µs while it is imported
        without a provider.
        """
        if API not in sys.modules and not self.loaded_on_first_use:
            return False
        for source in self._sources:  # noqa: SIM110 - any() over a generator takes twice as long
            if source.find() is not None:
                return True
        return False

    async def __call__(
        self, *, app: ASGIApp, scope: Scope, receive: Receive, send: Send, legacy_otel: bool = False
    ) -> None:
        """Serve one request or connection with `app`, and record it.

        Args:
            app: the application's middleware stack, as an ASGI application.
            scope: the ASGI scope of the request or connection.
            receive: its messages.
            send: takes the messages of the response.
            legacy_otel: whether the stack holds the OpenTelemetry project's own instrumentation, which then
                records in place of this one.
        """
        if self._recorder is None:
            from pronghorn._engine.telemetry.recorder import Recorder

            self._recorder = Recorder(
                self.config,
                self._known_methods,
                tracing=self._tracing,
                metrics=self._metrics,
                logs=self._logs,
            )
        await self._recorder.serve(app, scope, receive, send, legacy_otel=legacy_otel)


def legacy_otel(stack: Any) -> bool:
    """Whether a chain of ASGI middleware holds OpenTelemetry's own instrumentation of ASGI.

    Args:
        stack: the outermost middleware; each names the next one `app`.
    """
    seen: set[int] = set()
    while stack is not None and id(stack) not in seen:
        seen.add(id(stack))
        kind = type(stack)
        if (kind.__module__, kind.__name__) == (
            "opentelemetry.instrumentation.asgi",
            "OpenTelemetryMiddleware",
        ):
            return True
        stack = getattr(stack, "app", None)
    return False


def _known_methods() -> frozenset[str]:
    """The HTTP methods that spans and metrics may be named after (OpenTelemetry's HTTP conventions)."""
    named = (name.strip() for name in os.getenv(KNOWN_METHODS_VARIABLE, "").split(","))
    return frozenset(filter(None, named)) or STANDARD_METHODS
