import pytest
from opentelemetry._logs import SeverityNumber

from pronghorn._engine.telemetry.journal import LogJournal
from tests.engine.telemetry.recorded import Recorded


@pytest.fixture
def journal(recorded: Recorded) -> LogJournal:
    return LogJournal(recorded.logger_provider.get_logger("test"))


def test_failed_validation_is_a_warning_without_the_input(journal: LogJournal, recorded: Recorded) -> None:
    journal.validation_failed(count=2, route="/items")
    (record,) = recorded.logs()
    assert record.event_name == "fastapi.validation.failed"
    assert record.severity_number is SeverityNumber.WARN
    assert record.body == "Request validation failed"
    assert record.attributes == {"fastapi.validation.error_count": 2, "http.route": "/items"}
    assert record.timestamp <= record.observed_timestamp


def test_failed_validation_may_have_no_route(journal: LogJournal, recorded: Recorded) -> None:
    journal.validation_failed(count=1, route=None)
    assert recorded.logs()[0].attributes == {"fastapi.validation.error_count": 1}


@pytest.mark.parametrize(
    ("websocket", "event", "body"),
    [
        (False, "http.server.request.exception", "Unhandled exception in FastAPI request"),
        (True, "fastapi.websocket.exception", "Unhandled exception in FastAPI WebSocket connection"),
    ],
)
def test_an_exception_is_an_error(
    journal: LogJournal, recorded: Recorded, websocket: bool, event: str, body: str
) -> None:
    error = ValueError("failed")
    journal.exception(error, route="/items", websocket=websocket)
    (record,) = recorded.logs()
    assert record.event_name == event
    assert record.body == body
    assert record.severity_number is SeverityNumber.ERROR
    assert record.exception is error
    assert record.attributes["http.route"] == "/items"
    assert record.attributes["exception.message"] == "failed"


def test_an_exception_may_have_no_route(journal: LogJournal, recorded: Recorded) -> None:
    journal.exception(ValueError(), route=None, websocket=False)
    assert "http.route" not in recorded.logs()[0].attributes
