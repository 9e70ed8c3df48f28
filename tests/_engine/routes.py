"""Routes served without an application around that could have a faster way."""

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from pronghorn import APIRouter
from pronghorn.exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
    websocket_request_validation_exception_handler,
)
from pronghorn.exceptions import RequestValidationError, WebSocketRequestValidationError
from pronghorn.middleware.asyncexitstack import AsyncExitStackMiddleware

HANDLERS: dict[Any, Any] = {
    HTTPException: http_exception_handler,
    RequestValidationError: request_validation_exception_handler,
    WebSocketRequestValidationError: websocket_request_validation_exception_handler,
}


def client_of(router: APIRouter, **options: Any) -> TestClient:
    """A client of the routes alone: Starlette knows of no other way to serve them."""
    app = Starlette(
        routes=router.routes,
        middleware=[Middleware(AsyncExitStackMiddleware)],
        exception_handlers=HANDLERS,
    )
    return TestClient(app, **options)


def answer(
    endpoint: Callable[..., Any], url: str = "/", router: APIRouter | None = None, **options: Any
) -> Any:
    """What the endpoint answers to one request."""
    router = router or APIRouter()
    router.get("/")(endpoint)
    return client_of(router).get(url, **options).json()


def locations(reply: Any) -> list[tuple[Any, ...]]:
    """Where the errors of a reply stand."""
    return [tuple(error["loc"]) for error in reply["detail"]]
