"""The exceptions of the framework.

The tree::

    Exception
    ├── starlette HTTPException ── HTTPException            an HTTP error to answer with
    ├── starlette WebSocketException ── WebSocketException  a close code to end with
    ├── ValidationException                                 data did not fit its declaration
    │   ├── RequestValidationError                          ... sent by a client: 422
    │   ├── WebSocketRequestValidationError                 ... sent by a WebSocket client: 1008
    │   └── ResponseValidationError                         ... returned by an endpoint: 500
    └── RuntimeError ── FastAPIError                        the framework was used in a way that cannot work
        ├── DependencyScopeError
        └── PydanticV1NotSupportedError

Must not live here: handlers. Invariant: nothing here imports the rest of the package.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.exceptions import WebSocketException as StarletteWebSocketException
from typing_extensions import TypedDict


class EndpointContext(TypedDict, total=False):
    """Where an endpoint stands: function name, operation path, file and line."""

    function: str
    path: str
    file: str
    line: int


class HTTPException(StarletteHTTPException):
    """An HTTP error, raised in an endpoint or a dependency, that becomes the response.

    Args:
        status_code: the status to answer with.
        detail: any JSON-serialisable value; sent as ``{"detail": ...}``. The status' phrase by default.
        headers: further response headers.

    Example:
        >>> HTTPException(status_code=404, detail="Item not found").status_code
        404
    """

    def __init__(
        self, status_code: int, detail: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status_code=status_code, detail=detail, headers=headers)


class WebSocketException(StarletteWebSocketException):
    """A WebSocket error that closes the connection.

    Args:
        code: the close code (RFC 6455, 7.4.1).
        reason: the close reason, at most 123 bytes of UTF-8.

    Example:
        >>> WebSocketException(code=1008, reason="Session expired").code
        1008
    """

    def __init__(self, code: int, reason: str | None = None) -> None:
        super().__init__(code=code, reason=reason)


_UNBUILT = ConfigDict(defer_build=True)
RequestErrorModel: type[BaseModel] = create_model("Request", __config__=_UNBUILT)
WebSocketErrorModel: type[BaseModel] = create_model("WebSocket", __config__=_UNBUILT)


class FastAPIError(RuntimeError):
    """The framework was used in a way that cannot work; the base of its own errors."""


class DependencyScopeError(FastAPIError):
    """A dependency with a longer life depends on one with a shorter life."""


class PydanticV1NotSupportedError(FastAPIError):
    """A model of ``pydantic.v1`` was used; only pydantic 2 models are supported."""


class ValidationException(Exception):
    """Data that did not fit its declaration.

    Attributes:
        endpoint_ctx: where the endpoint stands; also as ``endpoint_function``, ``endpoint_path``,
            ``endpoint_file`` and ``endpoint_line``, each None where unknown.
    """

    def __init__(self, errors: Sequence[Any], *, endpoint_ctx: EndpointContext | None = None) -> None:
        self._errors = errors
        self.endpoint_ctx = endpoint_ctx
        context = endpoint_ctx or {}
        self.endpoint_function = context.get("function")
        self.endpoint_path = context.get("path")
        self.endpoint_file = context.get("file")
        self.endpoint_line = context.get("line")

    def errors(self) -> Sequence[Any]:
        """The error items: each a dict with ``type``, ``loc``, ``msg``, ``input`` and maybe ``ctx``."""
        return self._errors

    def __str__(self) -> str:
        count = len(self._errors)
        lines = [f"{count} validation error{'' if count == 1 else 's'}:"]
        lines += [f"  {error}" for error in self._errors]
        lines += self._context_lines()
        return "\n".join(lines).rstrip()

    def _context_lines(self) -> list[str]:
        if self.endpoint_file and self.endpoint_line and self.endpoint_function:
            place = f'  File "{self.endpoint_file}", line {self.endpoint_line}, in {self.endpoint_function}'
            return ["", place, *([f"    {self.endpoint_path}"] if self.endpoint_path else [])]
        return ["", f"  Endpoint: {self.endpoint_path}"] if self.endpoint_path else []


class RequestValidationError(ValidationException):
    """A request that did not fit the parameters of its path operation; answered with 422.

    Args:
        errors: the error items.
        body: what was received as the body, parsed if it could be.
    """

    def __init__(
        self, errors: Sequence[Any], *, body: Any = None, endpoint_ctx: EndpointContext | None = None
    ) -> None:
        super().__init__(errors, endpoint_ctx=endpoint_ctx)
        self.body = body


class WebSocketRequestValidationError(ValidationException):
    """A WebSocket handshake that did not fit the parameters of its endpoint; closed with 1008."""


class ResponseValidationError(ValidationException):
    """A value returned by an endpoint that does not fit its response model; answered with 500."""

    def __init__(
        self, errors: Sequence[Any], *, body: Any = None, endpoint_ctx: EndpointContext | None = None
    ) -> None:
        super().__init__(errors, endpoint_ctx=endpoint_ctx)
        self.body = body


class FastAPIDeprecationWarning(UserWarning):
    """A deprecated feature was used; a UserWarning, so that it is shown by default."""
