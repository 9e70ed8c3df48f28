"""Routes and routers, under FastAPI's module name; the functions that others replace to hook into requests.

Setting one of the replaceable functions on this module (``run_endpoint_function``, ``solve_dependencies``,
``serialize_response``, ``get_request_handler``) puts it in force: the engine then answers every request the
reference way, through it. Deleting it, or setting the original, ends that.
"""

import sys
from types import ModuleType
from typing import Any

from starlette.routing import Mount

from pronghorn._app.included import RouteContext, iter_route_contexts
from pronghorn._app.route import APIRoute
from pronghorn._app.router import APIRouter
from pronghorn._app.websocket import APIWebSocketRoute
from pronghorn._engine import general as _general
from pronghorn._engine import reference as _reference
from pronghorn._engine.general import get_websocket_app, request_response, websocket_session
from pronghorn._engine.seams import seams as _seams

__all__ = [
    "APIRoute",
    "APIRouter",
    "APIWebSocketRoute",
    "Mount",
    "RouteContext",
    "get_request_handler",
    "get_websocket_app",
    "iter_route_contexts",
    "request_response",
    "run_endpoint_function",
    "serialize_response",
    "solve_dependencies",
    "websocket_session",
]

get_request_handler = _general.get_request_handler
run_endpoint_function = _general.run_endpoint_function
serialize_response = _general.serialize_response
solve_dependencies = _reference.solve_dependencies


class _RoutingModule(ModuleType):
    """Passes replaced functions on to the engine."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _seams:
            _seams.replace(name, value)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        if name in _seams:
            _seams.restore(name)
        super().__delattr__(name)


sys.modules[__name__].__class__ = _RoutingModule
