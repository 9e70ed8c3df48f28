import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import _logs, metrics, trace
from opentelemetry._logs import NoOpLoggerProvider
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.metrics import _internal as metrics_internal
from opentelemetry.trace import NoOpTracerProvider, ProxyTracerProvider

from pronghorn._engine.telemetry.config import TelemetryConfig, default_config
from pronghorn._engine.telemetry.providers import (
    LOGS,
    METRICS,
    TRACING,
    ProviderSource,
    Signal,
    is_placeholder,
)
from tests.engine.telemetry.recorded import Recorded

SIGNALS = (TRACING, METRICS, LOGS)


def source(signal: Signal, **settings: Any) -> ProviderSource:
    config: TelemetryConfig = default_config(None)
    config.update(settings)  # type: ignore[typeddict-item]
    return ProviderSource(signal, config)


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.switch)
def test_nothing_is_found_until_somebody_sets_a_provider(signal: Signal) -> None:
    found = source(signal)
    assert [found.find() for _ in range(3)] == [None, None, None]


@pytest.mark.parametrize(
    ("signal", "getter"),
    [
        (TRACING, trace.get_tracer_provider),
        (METRICS, metrics.get_meter_provider),
        (LOGS, _logs.get_logger_provider),
    ],
    ids=lambda value: getattr(value, "switch", ""),
)
def test_the_placeholders_of_the_api_are_known(signal: Signal, getter: Callable[[], Any]) -> None:
    assert is_placeholder(getter(), signal)


def test_a_provider_set_later_is_found(monkeypatch: pytest.MonkeyPatch, recorded: Recorded) -> None:
    found = source(TRACING)
    assert found.find() is None
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", recorded.tracer_provider)
    assert found.find() is recorded.tracer_provider
    monkeypatch.undo()
    assert found.find() is None


def test_a_replaced_getter_is_asked(monkeypatch: pytest.MonkeyPatch, recorded: Recorded) -> None:
    found = source(METRICS)
    assert found.find() is None
    monkeypatch.setattr(metrics, "get_meter_provider", lambda: recorded.meter_provider)
    assert found.find() is recorded.meter_provider


def test_a_replaced_getter_is_asked_every_time(monkeypatch: pytest.MonkeyPatch, recorded: Recorded) -> None:
    answers = [trace.get_tracer_provider(), recorded.tracer_provider]
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: answers.pop(0))
    found = source(TRACING)
    assert found.find() is None
    assert found.find() is recorded.tracer_provider


def test_an_api_that_keeps_its_provider_elsewhere_is_asked(
    monkeypatch: pytest.MonkeyPatch, recorded: Recorded
) -> None:
    signal = Signal(**{**METRICS.__dict__, "slot": "_RENAMED"})
    found = source(signal)
    assert found.find() is None
    monkeypatch.setattr(metrics_internal, "_METER_PROVIDER", recorded.meter_provider)
    assert found.find() is recorded.meter_provider


def test_the_applications_own_provider_is_found_first(
    monkeypatch: pytest.MonkeyPatch, recorded: Recorded
) -> None:
    own = Recorded().tracer_provider
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", recorded.tracer_provider)
    assert source(TRACING, tracer_provider=own).find() is own


def test_an_own_placeholder_counts_as_a_provider() -> None:
    placeholder = ProxyTracerProvider()
    assert source(TRACING, tracer_provider=placeholder).find() is placeholder


@pytest.mark.parametrize(
    ("signal", "provider"),
    [(TRACING, NoOpTracerProvider()), (METRICS, NoOpMeterProvider()), (LOGS, NoOpLoggerProvider())],
    ids=lambda value: getattr(value, "switch", ""),
)
def test_a_provider_that_records_nothing_is_not_found(signal: Signal, provider: Any) -> None:
    assert source(signal, **{signal.setting: provider}).find() is None


def test_a_signal_that_is_switched_off_is_not_found(recorded: Recorded) -> None:
    assert source(TRACING, tracer_provider=recorded.tracer_provider, tracing=False).find() is None


def test_a_module_that_is_still_being_imported_has_no_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", type(sys)("opentelemetry.trace"))
    assert source(TRACING).find() is None


def test_an_api_that_is_not_loaded_has_no_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "opentelemetry.trace")
    assert source(TRACING).find() is None
    assert "opentelemetry.trace" not in sys.modules


def test_an_api_that_loads_its_provider_by_the_environment_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    api = "tests.engine.telemetry.late_api"
    signal = Signal(**{**TRACING.__dict__, "module": api, "holder": api, "variable": "LATE_API_PROVIDER"})
    assert source(signal).find() is None
    assert api not in sys.modules
    monkeypatch.setenv("LATE_API_PROVIDER", "provider")
    assert source(signal).find() == "provider"


def test_a_provider_named_by_the_environment_is_loaded() -> None:
    program = (
        "import sys\n"
        "from pronghorn._engine.telemetry import Telemetry, default_config\n"
        "telemetry = Telemetry(default_config(None))\n"
        "assert not any(name.startswith('opentelemetry') for name in sys.modules)\n"
        "assert telemetry.enabled()\n"
    )
    environment = {"OTEL_PYTHON_TRACER_PROVIDER": "sdk_tracer_provider"}
    result = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
