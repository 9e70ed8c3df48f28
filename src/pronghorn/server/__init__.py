"""Pronghorn's own server: HTTP/1.1 and WebSocket, with nothing between the parser and the application.

Lives here: everything from sockets to exchanges, and the processes around it. Must not live here:
routes, parameters, anything that only some applications have. Loaded by nobody but those who serve.

    config      the options, one record          reader, target      bytes → requests
    server      one process's server             heads, framing      responses → bytes
    process     signals, workers, reload         connection          order, flow, deadlines
    running     a server in a thread             websocket           RFC 6455 ↔ ASGI
"""

from __future__ import annotations

from pronghorn._base.lifespan import LifespanFailed
from pronghorn.server.config import ServerConfig
from pronghorn.server.listener import CannotListen
from pronghorn.server.loading import CannotLoad
from pronghorn.server.process import run
from pronghorn.server.running import running
from pronghorn.server.server import Server

__all__ = ["CannotListen", "CannotLoad", "LifespanFailed", "Server", "ServerConfig", "run", "running"]
