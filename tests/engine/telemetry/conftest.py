"""Providers that record in memory, and an environment without OpenTelemetry's variables."""

import os
from collections.abc import Iterator

import pytest

from tests.engine.telemetry.recorded import Recorded

VARIABLES = ("OTEL_", "FASTAPI_OTEL_")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in tuple(os.environ):
        if name.startswith(VARIABLES):
            monkeypatch.delenv(name)


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    recorded = Recorded()
    yield recorded
    recorded.shutdown()
