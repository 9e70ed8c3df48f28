"""Web APIs from type hints: FastAPI's public API on an engine that compiles every route once."""

from starlette import status

from pronghorn._app.application import FastAPI, Pronghorn
from pronghorn._app.router import APIRouter
from pronghorn._base.background import BackgroundTasks
from pronghorn._base.errors import HTTPException, WebSocketException
from pronghorn.datastructures import UploadFile
from pronghorn.param_functions import Body, Cookie, Depends, File, Form, Header, Path, Query, Security
from pronghorn.requests import Request
from pronghorn.responses import Response
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
