"""Whether anybody wants an application's spans, metrics or logs, and which provider they go to.

Answered without importing OpenTelemetry: a provider can only exist once its API module is loaded, so an
absent module is an answer. The one exception, a provider named by an environment variable that the API
loads on first use, is settled when the application is made. Invariant: `find` costs a dictionary look-up
while the API is not loaded, and never more than a few attribute reads while it has no provider.
"""

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from pronghorn._engine.telemetry.config import TelemetryConfig


@dataclass(frozen=True)
class Signal:
    """One of OpenTelemetry's signals: its settings, and where its API keeps the process-wide provider."""

    switch: str
    setting: str
    module: str
    getter: str
    holder: str
    slot: str
    placeholder: str
    inert: str
    variable: str


TRACING = Signal(
    switch="tracing",
    setting="tracer_provider",
    module="opentelemetry.trace",
    getter="get_tracer_provider",
    holder="opentelemetry.trace",
    slot="_TRACER_PROVIDER",
    placeholder="ProxyTracerProvider",
    inert="NoOpTracerProvider",
    variable="OTEL_PYTHON_TRACER_PROVIDER",
)
METRICS = Signal(
    switch="metrics",
    setting="meter_provider",
    module="opentelemetry.metrics",
    getter="get_meter_provider",
    holder="opentelemetry.metrics._internal",
    slot="_METER_PROVIDER",
    placeholder="_ProxyMeterProvider",
    inert="NoOpMeterProvider",
    variable="OTEL_PYTHON_METER_PROVIDER",
)
LOGS = Signal(
    switch="logs",
    setting="logger_provider",
    module="opentelemetry._logs",
    getter="get_logger_provider",
    holder="opentelemetry._logs._internal",
    slot="_LOGGER_PROVIDER",
    placeholder="ProxyLoggerProvider",
    inert="NoOpLoggerProvider",
    variable="OTEL_PYTHON_LOGGER_PROVIDER",
)


def is_placeholder(provider: Any, signal: Signal) -> bool:
    """Whether a provider only stands in until somebody sets the process-wide one."""
    kind = type(provider)
    return (kind.__module__, kind.__name__) == (signal.holder, signal.placeholder)


class ProviderSource:
    """Finds the provider that one signal of one application is recorded with."""

    def __init__(self, signal: Signal, config: TelemetryConfig) -> None:
        self.signal = signal
        self.wanted = bool(config.get(signal.switch))
        self._own: Any = config.get(signal.setting)
        self._global = _GlobalProvider(signal) if self.wanted and self._own is None else None

    def find(self) -> Any | None:
        """The provider to record with now; `None` when nobody would see what is recorded."""
        if not self.wanted:
            return None
        if self._global is not None:
            provider = self._global.get()
        else:
            provider = self._own
        return None if provider is None or self._is_inert(provider) else provider

    def _is_inert(self, provider: Any) -> bool:
        inert = getattr(sys.modules.get(self.signal.module), self.signal.inert, None)
        return inert is not None and isinstance(provider, inert)


class _GlobalProvider:
    """The process-wide provider of one signal, which may be set at any time."""

    def __init__(self, signal: Signal) -> None:
        self._signal = signal
        self._load = signal.variable in os.environ
        self._plain_getter: Callable[[], Any] | None = None
        self._api: Mapping[str, Any] = {}
        self._slots: Mapping[str, Any] = {}

    def get(self) -> Any | None:
        """The provider, or `None` while there is only the API's placeholder."""
        signal = self._signal
        plain = self._plain_getter
        if plain is not None and self._slots[signal.slot] is None and self._api[signal.getter] is plain:
            return None
        module = sys.modules.get(signal.module)
        if module is None:
            if not self._load:
                return None
            module = importlib.import_module(signal.module)
        getter = getattr(module, signal.getter, None)
        if getter is None:  # another thread is importing the API just now
            return None
        provider = getter()
        if not is_placeholder(provider, signal):
            return provider
        self._remember(module, getter)
        return None

    def _remember(self, api: ModuleType, getter: Callable[[], Any]) -> None:
        """Take the short cut from now on: read the API's own slot instead of asking it.

        PERF: the API answers "no provider" in 1 to 2 µs, most of it a failing look-up in `os.environ`; the slot
        is read in 0.1 µs. Only for the API's own getter: one that was replaced is always asked.
        """
        signal = self._signal
        holder = sys.modules.get(signal.holder)
        is_the_apis = getter.__module__ in (signal.module, signal.holder)
        if is_the_apis and hasattr(holder, signal.slot):
            self._api, self._slots = vars(api), vars(holder)
            self._plain_getter = getter
