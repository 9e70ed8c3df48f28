import pytest

from pronghorn._engine.telemetry.config import TelemetryConfig, default_config


def test_every_setting_has_a_default() -> None:
    assert default_config(None) == {
        "tracer_provider": None,
        "meter_provider": None,
        "logger_provider": None,
        "tracing": True,
        "metrics": True,
        "logs": True,
        "operation_spans": True,
        "auto_configure": False,
        "exclude": None,
    }
    assert set(default_config(None)) == set(TelemetryConfig.__annotations__)


def test_what_is_given_decides_and_the_argument_is_left_alone() -> None:
    given: TelemetryConfig = {"tracing": False}
    config = default_config(given)
    assert config.get("tracing") is False
    assert given == {"tracing": False}
    given["tracing"] = True
    assert config.get("tracing") is False


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("TRUE", True), ("1", False), ("", False)])
def test_the_environment_turns_export_on_only_with_true(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: bool
) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", value)
    assert default_config(None).get("auto_configure") is expected


def test_a_setting_decides_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    assert default_config({"auto_configure": False}).get("auto_configure") is False
