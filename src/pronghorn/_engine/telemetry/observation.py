"""One request or connection while it is observed: when it ends, how it ended, and what is recorded of that.

An observation ends with the last byte of the response, not with the application's return: background tasks
and the exits of dependencies come after. Invariant: it ends exactly once, and what was counted as active is
counted back then.
"""

from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

from opentelemetry.metrics import Histogram, UpDownCounter
from opentelemetry.trace import StatusCode
from starlette.types import Message, Receive, Send

from pronghorn._engine.telemetry.record import RequestRecord, exception_type, is_calm_disconnect
from pronghorn._engine.telemetry.semantics import Description

_SERVER_ERROR = 500


class Meters(NamedTuple):
    """The instruments that every HTTP request is measured with."""

    duration: Histogram
    active: UpDownCounter


class Observation:
    """A WebSocket connection: it has no status, and ends when the application returns."""

    def __init__(self, description: Description, record: RequestRecord, meters: Meters | None) -> None:
        self.description = description
        self.record = record
        self.ended = False
        self._meters = meters
        self._started = perf_counter()
        if meters is not None:
            meters.active.add(1, description.active)

    def watch(self, receive: Receive, send: Send) -> tuple[Receive, Send]:
        """The channels to give to the application."""
        return receive, send

    def returned(self) -> None:
        """The application returned."""
        self._end(None)

    def raised(self, error: BaseException) -> None:
        """The application let an exception through."""
        self._end(None if is_calm_disconnect(error) else error)

    def _failure(self, error: BaseException | None) -> str | None:
        """The `error.type` of the outcome; `None` when it is a success."""
        return None if error is None else exception_type(error)

    def _end(self, error: BaseException | None) -> None:
        if self.ended:
            return
        self.ended = True
        record = self.record
        attributes = self.description.common
        failure = self._failure(error)
        if record.route is not None:
            attributes["http.route"] = record.route
        if record.status_code is not None:
            attributes["http.response.status_code"] = record.status_code
        if failure is not None:
            attributes["error.type"] = failure
        if record.span is not None:
            record.span.set_attributes(attributes)
            if failure is not None:
                record.span.set_status(StatusCode.ERROR)
        if self._meters is not None:
            self._meters.duration.record(max(0.0, perf_counter() - self._started), attributes)
            self._meters.active.add(-1, self.description.active)
        if record.span is not None:
            record.span.end()


class HTTPObservation(Observation):
    """An HTTP request: it ends when the last part of its response was sent."""

    def __init__(self, description: Description, record: RequestRecord, meters: Meters | None) -> None:
        super().__init__(description, record, meters)
        self._disconnected = False
        self._trailers = False

    def watch(self, receive: Receive, send: Send) -> tuple[Receive, Send]:
        """The channels to give to the application: the observation listens to both."""

        async def watched_receive() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                self._disconnected = True
            return message

        async def watched_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.record.status_code = message["status"]
                self._trailers = message.get("trailers", False)
            await send(message)
            if self._is_last(message):
                self._end(None)

        return watched_receive, watched_send

    def returned(self) -> None:
        """The application returned; when its response is not complete, that is the failure."""
        self._end(
            ConnectionError("Client disconnected")
            if self._disconnected
            else RuntimeError("Incomplete ASGI response")
        )

    def raised(self, error: BaseException) -> None:
        """The application let an exception through."""
        self._end(error)

    def _is_last(self, message: Message) -> bool:
        ends = _LAST_MESSAGES.get(message["type"])
        return ends is not None and ends(message, self._trailers)

    def _failure(self, error: BaseException | None) -> str | None:
        status = self.record.status_code
        if error is None and status is not None and status < _SERVER_ERROR:
            return None
        if error is None and self.record.exceptions:
            error = self.record.exceptions[-1]
        return str(status or "incomplete_response") if error is None else exception_type(error)


_LAST_MESSAGES: dict[str, Callable[[Message, bool], bool]] = {
    "http.response.body": lambda message, trailers: not (trailers or message.get("more_body", False)),
    "http.response.trailers": lambda message, trailers: not message.get("more_trailers", False),
    "http.response.pathsend": lambda message, trailers: True,
}
"""The ASGI messages that may end a response, and when they do, given whether trailers were announced."""
