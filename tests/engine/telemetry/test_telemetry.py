import pickle
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import NoOpTracerProvider

from pronghorn._engine.telemetry import Telemetry, default_config, legacy_otel
from pronghorn._engine.telemetry.telemetry import STANDARD_METHODS, _known_methods
from tests.engine.telemetry.recorded import Recorded, answering, serve


def test_it_is_off_without_a_provider() -> None:
    telemetry = Telemetry(default_config(None))
    assert [telemetry.enabled() for _ in range(3)] == [False, False, False]


def test_it_is_off_while_the_api_is_not_loaded(monkeypatch: pytest.MonkeyPatch, recorded: Recorded) -> None:
    telemetry = recorded.telemetry()
    monkeypatch.delitem(sys.modules, "opentelemetry")
    assert not telemetry.enabled()


def test_one_provider_turns_it_on(recorded: Recorded) -> None:
    assert Telemetry(default_config({"logger_provider": recorded.logger_provider})).enabled()


def test_a_process_wide_provider_turns_it_on(monkeypatch: pytest.MonkeyPatch, recorded: Recorded) -> None:
    telemetry = Telemetry(default_config(None))
    assert not telemetry.enabled()
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", recorded.tracer_provider)
    assert telemetry.enabled()


def test_it_is_off_when_everything_is_switched_off(recorded: Recorded) -> None:
    assert not recorded.telemetry(tracing=False, metrics=False, logs=False).enabled()


def test_it_is_off_when_the_only_provider_records_nothing() -> None:
    assert not Telemetry(default_config({"tracer_provider": NoOpTracerProvider()})).enabled()


def test_no_opentelemetry_module_is_loaded_before_it_is_on() -> None:
    program = (
        "import sys\n"
        "import pronghorn.telemetry\n"
        "from pronghorn._engine.telemetry import Telemetry, default_config\n"
        "assert not Telemetry(default_config(None)).enabled()\n"
        "assert pronghorn.telemetry.get_telemetry_data() is None\n"
        "loaded = [name for name in sys.modules if name.startswith('opentelemetry')]\n"
        "assert not loaded, loaded\n"
    )
    result = subprocess.run([sys.executable, "-c", program], env={}, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.anyio
async def test_a_request_is_recorded(recorded: Recorded) -> None:
    telemetry = recorded.telemetry()
    for _ in range(2):
        sent = await serve(telemetry, answering(200))
        assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert [span.name for span in recorded.spans()] == ["GET", "GET"]


def test_it_is_pickled_as_its_settings() -> None:
    telemetry = Telemetry(default_config({"metrics": False}))
    assert not telemetry.enabled()
    copied = pickle.loads(pickle.dumps(telemetry))
    assert copied.config == telemetry.config
    assert not copied.enabled()


class OpenTelemetryMiddleware:
    def __init__(self, app: Any) -> None:
        self.app = app


OpenTelemetryMiddleware.__module__ = "opentelemetry.instrumentation.asgi"


def test_opentelemetrys_own_instrumentation_is_recognised_anywhere_in_a_stack() -> None:
    app = SimpleNamespace()
    assert not legacy_otel(SimpleNamespace(app=SimpleNamespace(app=app)))
    assert legacy_otel(SimpleNamespace(app=OpenTelemetryMiddleware(app)))
    assert not legacy_otel(None)


def test_a_stack_that_leads_back_to_itself_is_left() -> None:
    outer = SimpleNamespace()
    outer.app = SimpleNamespace(app=outer)
    assert not legacy_otel(outer)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" QUERY , PROPFIND , ", frozenset({"QUERY", "PROPFIND"})),
        ("query", frozenset({"query"})),
        ("", STANDARD_METHODS),
        ("  ", STANDARD_METHODS),
    ],
)
def test_the_environment_names_the_known_methods(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: frozenset[str]
) -> None:
    monkeypatch.setenv("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", value)
    assert _known_methods() == expected
