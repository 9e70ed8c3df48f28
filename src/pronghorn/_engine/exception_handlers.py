"""The handlers that turn the framework's own errors into responses, unless an application replaces them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.status import WS_1008_POLICY_VIOLATION
from starlette.websockets import WebSocket

from pronghorn._base.errors import RequestValidationError, WebSocketRequestValidationError
from pronghorn._base.status_codes import allows_body
from pronghorn._engine.runtime import encode_plain
from pronghorn._schema.encoder import jsonable_encoder, normalize_non_finite

_LONGEST_REASON = 123


async def http_exception_handler(request: Request, exc: HTTPException) -> Response:
    """``{"detail": ...}`` with the exception's status and headers; no body where the status has none."""
    headers = getattr(exc, "headers", None)
    if not allows_body(exc.status_code):
        return Response(status_code=exc.status_code, headers=headers)
    return JSONResponse({"detail": exc.detail}, status_code=exc.status_code, headers=headers)


async def request_validation_exception_handler(request: Request, exc: RequestValidationError) -> JSONResponse:
    """Status 422 with the error items. What was sent and JSON has not comes back as something that it has.

    NaN and infinity are null; bytes that are no UTF-8, and lone surrogates, are written as escapes.
    """
    return _RenderedResponse(error_body(exc.errors()), status_code=422)


class _RenderedResponse(JSONResponse):
    """A response whose content is JSON already."""

    def render(self, content: bytes) -> bytes:
        return content


def error_body(errors: Sequence[Any]) -> bytes:
    """What `request_validation_exception_handler` answers, as JSON."""
    try:
        return encode_plain({"detail": errors})
    except ValueError:  # also what is no UTF-8, or cannot become it
        detail = jsonable_encoder(errors, custom_encoder={bytes: _readable})
        return bytes(JSONResponse({"detail": _without_surrogates(normalize_non_finite(detail))}).body)


def _readable(data: bytes) -> str:
    return data.decode(errors="backslashreplace")


def _without_surrogates(data: Any) -> Any:
    if isinstance(data, str):
        return data.encode(errors="backslashreplace").decode()
    if isinstance(data, dict):
        return {_without_surrogates(key): _without_surrogates(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_without_surrogates(item) for item in data]
    return data


async def websocket_request_validation_exception_handler(
    websocket: WebSocket, exc: WebSocketRequestValidationError
) -> None:
    """Close with 1008 (policy violation), what was wrong as the reason."""
    await websocket.close(code=WS_1008_POLICY_VIOLATION, reason=close_reason(exc.errors()))


def close_reason(errors: Sequence[Any]) -> str:
    """What was wrong, in the 123 bytes of UTF-8 that a close frame has for it (RFC 6455, 5.5)."""
    text = "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in errors)
    encoded = text.encode(errors="replace")
    if len(encoded) > _LONGEST_REASON:
        encoded = (
            encoded[: _LONGEST_REASON - len("…".encode())].decode(errors="ignore").encode() + "…".encode()
        )
    return encoded.decode()
