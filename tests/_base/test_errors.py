from typing import Any

import pytest
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.exceptions import WebSocketException as StarletteWebSocketException

from pronghorn._base.errors import (
    DependencyScopeError,
    EndpointContext,
    FastAPIDeprecationWarning,
    FastAPIError,
    HTTPException,
    PydanticV1NotSupportedError,
    RequestErrorModel,
    RequestValidationError,
    ResponseValidationError,
    ValidationException,
    WebSocketErrorModel,
    WebSocketException,
    WebSocketRequestValidationError,
)

ERRORS = [{"type": "missing", "loc": ("query", "q")}]
EVERYWHERE: EndpointContext = {"function": "read", "path": "GET /", "file": "app.py", "line": 7}


def test_an_http_exception_is_starlettes_with_any_detail() -> None:
    error = HTTPException(status_code=418, detail={"pot": "tea"}, headers={"X-Pot": "tea"})

    assert isinstance(error, StarletteHTTPException)
    assert error.status_code == 418
    assert vars(error)["detail"] == {"pot": "tea"}
    assert error.headers == {"X-Pot": "tea"}


def test_an_http_exception_without_detail_has_the_phrase_of_its_status() -> None:
    assert HTTPException(404).detail == "Not Found"


def test_a_web_socket_exception_is_starlettes() -> None:
    error = WebSocketException(1008, "expired")

    assert isinstance(error, StarletteWebSocketException)
    assert (error.code, error.reason) == (1008, "expired")


@pytest.mark.parametrize("kind", [DependencyScopeError, PydanticV1NotSupportedError])
def test_errors_of_use_are_fastapi_errors(kind: type[Exception]) -> None:
    assert issubclass(kind, FastAPIError)
    assert issubclass(kind, RuntimeError)


def test_the_deprecation_warning_is_shown_by_default() -> None:
    assert issubclass(FastAPIDeprecationWarning, UserWarning)
    assert not issubclass(FastAPIDeprecationWarning, DeprecationWarning)


@pytest.mark.parametrize(
    "kind", [RequestValidationError, WebSocketRequestValidationError, ResponseValidationError]
)
def test_validation_errors_hold_their_items_and_place(kind: type[ValidationException]) -> None:
    error = kind(ERRORS, endpoint_ctx=EVERYWHERE)

    assert error.errors() is ERRORS
    assert error.endpoint_ctx is EVERYWHERE
    assert (error.endpoint_function, error.endpoint_path) == ("read", "GET /")
    assert (error.endpoint_file, error.endpoint_line) == ("app.py", 7)


@pytest.mark.parametrize("kind", [RequestValidationError, ResponseValidationError])
def test_the_body_is_kept(kind: Any) -> None:
    assert kind(ERRORS, body={"a": 1}).body == {"a": 1}
    assert kind(ERRORS).body is None


def test_nothing_is_known_of_an_endpoint_that_was_not_given() -> None:
    error = ValidationException([])

    assert error.endpoint_ctx is None
    assert (error.endpoint_function, error.endpoint_path) == (None, None)


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (None, "1 validation error:\n  E"),
        ({"path": "GET /"}, "1 validation error:\n  E\n\n  Endpoint: GET /"),
        (
            {"function": "read", "file": "app.py", "line": 7},
            '1 validation error:\n  E\n\n  File "app.py", line 7, in read',
        ),
        (EVERYWHERE, '1 validation error:\n  E\n\n  File "app.py", line 7, in read\n    GET /'),
    ],
)
def test_the_text_names_the_errors_and_where_the_endpoint_stands(
    context: EndpointContext | None, expected: str
) -> None:
    assert str(ValidationException(["E"], endpoint_ctx=context)) == expected


@pytest.mark.parametrize(
    ("errors", "start"), [([], "0 validation errors:"), ([1, 2], "2 validation errors:")]
)
def test_the_text_counts_in_the_right_number(errors: list[int], start: str) -> None:
    assert str(ValidationException(errors)).startswith(start)


def test_the_error_models_have_the_names_that_documents_show() -> None:
    assert (RequestErrorModel.__name__, WebSocketErrorModel.__name__) == ("Request", "WebSocket")
