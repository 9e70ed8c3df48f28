"""What is known about the request under observation, and how code that serves it adds to that.

The functions here are called by the router and the reference way of running an endpoint; each does nothing
when the request is not observed. OpenTelemetry is not imported: the recorder, which does, says how a record
is found in a context (`find_records_with`) and gives the record the objects that write spans and logs.
Invariant: a record lives in the ASGI scope under `SCOPE_KEY` only while its request is served.
"""

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from starlette.requests import Request
from starlette.websockets import WebSocket, WebSocketDisconnect

from pronghorn._base.errors import RequestValidationError, WebSocketRequestValidationError
from pronghorn._base.operation import operation

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer

SCOPE_KEY = "fastapi.telemetry"
"""Where the ASGI scope holds the record; `None` there marks a request that the application excluded."""

_CALM_CLOSE_CODES = (1000, 1001)
_MOUNT_TAIL = "/{path}"


@dataclass(kw_only=True)
class TelemetryData:
    """What the framework knows about a request or connection, for span and log processors of this process.

    It is filled while the request is served and gone afterwards. Treat it as read-only, and decide what may
    leave the process before any of it is exported.
    """

    request: Request | None = None
    """The request, from the moment its route's handler starts."""

    websocket: WebSocket | None = None
    """The WebSocket, from the moment its route's handler starts."""

    body: Any = None
    """The parsed body, before its validation."""

    values: dict[str, Any] | None = None
    """The endpoint's arguments, once dependencies are solved."""

    errors: Sequence[Any] | None = None
    """The validation errors, with the input that caused them."""


class Journal(Protocol):
    """Writes the log records of a request."""

    def validation_failed(self, *, count: int, route: str | None) -> None:
        """Record that `count` errors were found in what the client sent."""

    def exception(self, error: Exception, *, route: str | None, websocket: bool) -> None:
        """Record an exception that nothing in the application handled."""


@dataclass(kw_only=True, eq=False)
class RequestRecord:
    """One observed request or connection: its span, where its children and logs go, and its outcome so far."""

    span: "Span | None"
    span_method: str
    tracer: "Tracer | None" = None
    journal: Journal | None = None
    mount_prefix: str = ""
    route: str | None = None
    status_code: int | None = None
    data: TelemetryData | None = field(default_factory=TelemetryData)
    exceptions: list[BaseException] = field(default_factory=list, repr=False)

    def clear(self) -> None:
        """Let go of everything that belongs to the request: a context that somebody kept must not keep it."""
        self.data = None
        self.exceptions.clear()


_find_record: "Callable[[Context | None], RequestRecord | None] | None" = None


def find_records_with(finder: "Callable[[Context | None], RequestRecord | None]") -> None:
    """Say how the record of an OpenTelemetry context is found. Called once, by the recorder."""
    global _find_record
    _find_record = finder


def current_record(context: "Context | None" = None) -> RequestRecord | None:
    """The record of the observed request that `context` (default: the current one) belongs to."""
    return None if _find_record is None else _find_record(context)


def get_telemetry_data(context: "Context | None" = None) -> TelemetryData | None:
    """What is known about the request that an OpenTelemetry context belongs to.

    Args:
        context: the context that a span processor or log processor was given; default: the current one.

    Returns:
        The data, or `None` outside an observed request and after it ended.

    Example:
        In a `SpanProcessor`: `def on_start(self, span, parent_context=None): data = get_telemetry_data(parent_context)`
    """
    record = current_record(context)
    return None if record is None else record.data


def route_selected(scope: MutableMapping[str, Any], path: str | None, mount: bool = False) -> None:
    """Name the request's span after the route that was chosen.

    Args:
        scope: the ASGI scope.
        path: the route's path format (`/items/{item_id}`), `None` for a route that has none.
        mount: whether the route is a mount, below which further routes are chosen.
    """
    record = scope.get(SCOPE_KEY)
    if path is None or not isinstance(record, RequestRecord):
        return
    if mount:
        record.mount_prefix += path.removesuffix(_MOUNT_TAIL)
        path = _MOUNT_TAIL
    record.route = record.mount_prefix + path
    if record.span is not None:
        record.span.set_attribute("http.route", record.route)
        record.span.update_name(f"{record.span_method} {record.route}")


def validation_failed(error: RequestValidationError | WebSocketRequestValidationError) -> None:
    """Note, and log, that what the client sent did not validate."""
    record = current_record()
    if record is None:
        return
    errors = error.errors()
    if record.data is not None:
        if isinstance(error, RequestValidationError):
            record.data.body = error.body
        record.data.errors = errors
    if record.journal is not None:
        record.journal.validation_failed(count=len(errors), route=record.route)


def exception_seen(scope: MutableMapping[str, Any], error: BaseException) -> None:
    """Note, and log once, an exception that nothing in the application handled.

    The same exception passes here on its way through several layers; a WebSocket that was closed in the
    ordinary way is no failure.
    """
    websocket = scope["type"] == "websocket"
    if websocket and is_calm_disconnect(error):
        return
    record = scope.get(SCOPE_KEY)
    if not isinstance(record, RequestRecord) or any(seen is error for seen in record.exceptions):
        return
    record.exceptions.append(error)
    if record.journal is not None and isinstance(error, Exception):
        record.journal.exception(error, route=record.route, websocket=websocket)


def run_sync_endpoint(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Call a `def` endpoint, inside the worker thread, as the request's endpoint stage."""
    with operation("endpoint", function):
        return function(**arguments)


def is_calm_disconnect(error: BaseException) -> bool:
    """Whether a WebSocket ended because its client closed it normally or went away (RFC 6455, 7.4.1)."""
    return isinstance(error, WebSocketDisconnect) and error.code in _CALM_CLOSE_CODES


def exception_type(error: BaseException) -> str:
    """The `error.type` of an exception: its qualified name, with its module unless that is `builtins`."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
