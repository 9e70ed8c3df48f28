from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect

from pronghorn._base.errors import RequestValidationError, WebSocketRequestValidationError
from pronghorn._engine.telemetry import (
    SCOPE_KEY,
    exception_seen,
    get_telemetry_data,
    route_selected,
    run_sync_endpoint,
    validation_failed,
)
from pronghorn._engine.telemetry import record as record_module
from pronghorn._engine.telemetry.record import RequestRecord, exception_type, is_calm_disconnect

ERROR = {"type": "missing", "loc": ("query", "q"), "msg": "Field required", "input": None}


class Journal:
    def __init__(self) -> None:
        self.entries: list[Any] = []

    def validation_failed(self, *, count: int, route: str | None) -> None:
        self.entries.append((count, route))

    def exception(self, error: Exception, *, route: str | None, websocket: bool) -> None:
        self.entries.append((error, route, websocket))


class Span:
    def __init__(self) -> None:
        self.names: list[str] = []
        self.attributes: dict[str, Any] = {}

    def set_attribute(self, key: str, value: Any) -> None:
        self.attributes[key] = value

    def update_name(self, name: str) -> None:
        self.names.append(name)


def new_record(**values: Any) -> RequestRecord:
    return RequestRecord(**{"span": None, "span_method": "GET", **values})


@pytest.fixture
def current(monkeypatch: pytest.MonkeyPatch) -> RequestRecord:
    record = new_record(journal=Journal(), route="/items")
    monkeypatch.setattr(record_module, "_find_record", lambda context: record)
    return record


def test_the_chosen_route_names_the_span() -> None:
    span = Span()
    record = new_record(span=span, mount_prefix="/proxy")
    route_selected({SCOPE_KEY: record}, "/items/{item_id}")
    assert record.route == "/proxy/items/{item_id}"
    assert span.names == ["GET /proxy/items/{item_id}"]
    assert span.attributes == {"http.route": "/proxy/items/{item_id}"}


def test_a_route_below_mounts_carries_their_paths() -> None:
    record = new_record()
    scope = {SCOPE_KEY: record}
    route_selected(scope, "/tenants/{tenant}/{path}", mount=True)
    assert record.route == "/tenants/{tenant}/{path}"
    route_selected(scope, "/static/{path}", mount=True)
    assert record.route == "/tenants/{tenant}/static/{path}"
    route_selected(scope, "/items")
    assert record.route == "/tenants/{tenant}/static/items"


@pytest.mark.parametrize("scope", [{}, {SCOPE_KEY: None}, {SCOPE_KEY: "something else"}])
def test_a_route_of_an_unobserved_request_is_not_noted(scope: dict[str, Any]) -> None:
    before = dict(scope)
    route_selected(scope, "/items")
    assert scope == before


def test_a_route_without_a_path_changes_nothing() -> None:
    record = new_record(route="/items")
    route_selected({SCOPE_KEY: record}, None)
    assert record.route == "/items"


def test_failed_validation_is_noted_and_logged(current: RequestRecord) -> None:
    validation_failed(RequestValidationError([ERROR], body={"amount": "x"}))
    assert current.data is not None
    assert current.data.body == {"amount": "x"}
    assert current.data.errors == [ERROR]
    assert isinstance(current.journal, Journal)
    assert current.journal.entries == [(1, "/items")]


def test_failed_validation_of_a_websocket_has_no_body(current: RequestRecord) -> None:
    validation_failed(WebSocketRequestValidationError([ERROR, ERROR]))
    assert current.data is not None
    assert current.data.body is None
    assert isinstance(current.journal, Journal)
    assert current.journal.entries == [(2, "/items")]


def test_failed_validation_after_the_end_of_the_request_is_only_logged(current: RequestRecord) -> None:
    current.clear()
    validation_failed(RequestValidationError([ERROR]))
    assert current.data is None
    current.journal = None
    validation_failed(RequestValidationError([ERROR]))


def test_failed_validation_of_an_unobserved_request_is_not_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_module, "_find_record", None)
    validation_failed(RequestValidationError([ERROR]))
    assert get_telemetry_data() is None


def test_data_is_that_of_the_current_record(current: RequestRecord) -> None:
    assert get_telemetry_data() is current.data


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_an_exception_is_logged_once(kind: str) -> None:
    journal = Journal()
    record = new_record(journal=journal, route="/items")
    scope = {"type": kind, SCOPE_KEY: record}
    error = ValueError("failed")
    exception_seen(scope, error)
    exception_seen(scope, error)
    assert journal.entries == [(error, "/items", kind == "websocket")]
    assert record.exceptions == [error]


def test_an_equal_exception_is_another_one() -> None:
    class Failure(Exception):
        def __eq__(self, other: object) -> bool:
            return isinstance(other, Failure)

    record = new_record()
    for _ in range(2):
        exception_seen({"type": "http", SCOPE_KEY: record}, Failure())
    assert len(record.exceptions) == 2


def test_a_cancellation_is_noted_but_not_logged() -> None:
    journal = Journal()
    record = new_record(journal=journal)
    exception_seen({"type": "http", SCOPE_KEY: record}, KeyboardInterrupt())
    assert len(record.exceptions) == 1
    assert journal.entries == []


def test_a_websocket_closed_in_the_ordinary_way_is_no_exception() -> None:
    record = new_record()
    scope = {"type": "websocket", SCOPE_KEY: record}
    exception_seen(scope, WebSocketDisconnect(1001))
    assert record.exceptions == []
    exception_seen(scope, WebSocketDisconnect(1006))
    assert len(record.exceptions) == 1


def test_an_exception_of_an_unobserved_request_is_let_go() -> None:
    exception_seen({"type": "http"}, ValueError())
    exception_seen({"type": "http", SCOPE_KEY: None}, ValueError())


def test_a_sync_endpoint_is_called_with_its_arguments() -> None:
    assert run_sync_endpoint(lambda first, second: first + second, {"first": 1, "second": 2}) == 3


def test_only_normal_closure_and_going_away_are_calm() -> None:
    assert is_calm_disconnect(WebSocketDisconnect(1000))
    assert is_calm_disconnect(WebSocketDisconnect(1001))
    assert not is_calm_disconnect(WebSocketDisconnect(1006))
    assert not is_calm_disconnect(ValueError())


def test_an_exceptions_type_is_its_qualified_name() -> None:
    class Local(Exception):
        pass

    assert exception_type(ValueError()) == "ValueError"
    assert exception_type(Local()) == f"{__name__}.{Local.__qualname__}"
