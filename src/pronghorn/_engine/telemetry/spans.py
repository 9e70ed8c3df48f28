"""How a request travels in OpenTelemetry's context, and the spans of its stages.

Imports the OpenTelemetry API, never the SDK: loaded with the recorder. Importing it makes the records
findable and the stages of requests observable, once for the process.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import StatusCode, Tracer
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException, WebSocketException

from pronghorn._base.errors import RequestValidationError, WebSocketRequestValidationError
from pronghorn._base.operation import UNOBSERVED, observe_operations
from pronghorn._engine.telemetry.record import (
    RequestRecord,
    current_record,
    exception_type,
    find_records_with,
    is_calm_disconnect,
)

_RECORD_KEY = otel_context.create_key("fastapi.request")
_BACKGROUND_TASK = "background_task"
_ANSWERS = (HTTPException, RequestValidationError, WebSocketException, WebSocketRequestValidationError)
"""Exceptions by which an application answers its client: not failures of the stage they leave."""


def with_record(record: RequestRecord | None, context: Context | None = None) -> Context:
    """A context in which `record` is the request's (`None`: no request is observed)."""
    return otel_context.set_value(_RECORD_KEY, record, context)


def _record_in(context: Context | None) -> RequestRecord | None:
    value = otel_context.get_value(_RECORD_KEY, context)
    return value if isinstance(value, RequestRecord) else None


def _stage(name: str, function: Callable[..., Any] | None) -> AbstractContextManager[None]:
    record = current_record()
    if record is None or record.tracer is None:
        return UNOBSERVED
    return _stage_span(record.tracer, name, function)


@contextmanager
def _stage_span(tracer: Tracer, name: str, function: Callable[..., Any] | None) -> Iterator[None]:
    attributes = {} if function is None else {"code.function.name": _qualified_name(function)}
    with tracer.start_as_current_span(
        f"fastapi.{name}", attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield
        except Exception as error:
            if name == _BACKGROUND_TASK or not (isinstance(error, _ANSWERS) or is_calm_disconnect(error)):
                span.set_attribute("error.type", exception_type(error))
                span.set_status(StatusCode.ERROR)
            raise


def _qualified_name(function: Callable[..., Any]) -> str:
    """`module.qualname` of a function, or of the class of a callable object that has none of its own."""
    kind = type(function)
    module = getattr(function, "__module__", kind.__module__)
    return f"{module}.{getattr(function, '__qualname__', kind.__qualname__)}"


class HeadersGetter(Getter[Headers]):
    """Reads propagation headers: every line of a repeated header, several `baggage` lines as one list."""

    def get(self, carrier: Headers, key: str) -> list[str] | None:
        """The values of a header, in order; `None` when there are none."""
        values = carrier.getlist(key)
        if key.lower() == "baggage" and values:
            return [",".join(values)]
        return values or None

    def keys(self, carrier: Headers) -> list[str]:
        """The names of all headers."""
        return carrier.keys()


HEADERS = HeadersGetter()

find_records_with(_record_in)
observe_operations(_stage)
