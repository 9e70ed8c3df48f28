"""Web APIs from type hints: FastAPI's public API on an engine that compiles every route once.

Names are loaded when they are first used, so that importing a submodule costs only what it needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pronghorn import status
    from pronghorn.applications import FastAPI, Pronghorn
    from pronghorn.background import BackgroundTasks
    from pronghorn.datastructures import UploadFile
    from pronghorn.exceptions import HTTPException, WebSocketException
    from pronghorn.param_functions import Body, Cookie, Depends, File, Form, Header, Path, Query, Security
    from pronghorn.requests import Request
    from pronghorn.responses import Response
    from pronghorn.routing import APIRouter
    from pronghorn.websockets import WebSocket, WebSocketDisconnect

__version__ = "0.1.0"

__all__ = [
    "APIRouter",
    "BackgroundTasks",
    "Body",
    "Cookie",
    "Depends",
    "FastAPI",
    "File",
    "Form",
    "HTTPException",
    "Header",
    "Path",
    "Pronghorn",
    "Query",
    "Request",
    "Response",
    "Security",
    "UploadFile",
    "WebSocket",
    "WebSocketDisconnect",
    "WebSocketException",
    "__version__",
    "status",
]

_HOMES = {
    "APIRouter": "routing",
    "BackgroundTasks": "background",
    "FastAPI": "applications",
    "HTTPException": "exceptions",
    "Pronghorn": "applications",
    "Request": "requests",
    "Response": "responses",
    "UploadFile": "datastructures",
    "WebSocket": "websockets",
    "WebSocketDisconnect": "websockets",
    "WebSocketException": "exceptions",
    "Body": "param_functions",
    "Cookie": "param_functions",
    "Depends": "param_functions",
    "File": "param_functions",
    "Form": "param_functions",
    "Header": "param_functions",
    "Path": "param_functions",
    "Query": "param_functions",
    "Security": "param_functions",
}


def __getattr__(name: str) -> Any:
    if name == "status":
        value: Any = import_module("pronghorn.status")
    elif name in _HOMES:
        value = getattr(import_module(f"pronghorn.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module 'pronghorn' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
