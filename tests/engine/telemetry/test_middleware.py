import pytest
from starlette.types import Receive, Scope, Send

from pronghorn._engine.telemetry import SCOPE_KEY, ExceptionTelemetryMiddleware
from pronghorn._engine.telemetry.record import RequestRecord


async def receive() -> dict[str, str]:
    raise AssertionError("nothing is received here")


async def send(message: object) -> None:
    raise AssertionError("nothing is sent here")


@pytest.mark.anyio
async def test_an_exception_is_noted_and_goes_on() -> None:
    error = ValueError("failed")

    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    record = RequestRecord(span=None, span_method="GET")
    with pytest.raises(ValueError, match="failed"):
        await ExceptionTelemetryMiddleware(fail)({"type": "http", SCOPE_KEY: record}, receive, send)
    assert record.exceptions == [error]


@pytest.mark.anyio
async def test_a_success_is_left_alone() -> None:
    served: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        served.append(scope)

    middleware = ExceptionTelemetryMiddleware(app)
    assert middleware.app is app
    await middleware({"type": "http"}, receive, send)
    assert served == [{"type": "http"}]
