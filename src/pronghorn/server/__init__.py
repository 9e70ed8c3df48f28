"""Pronghorn's own server: HTTP/1.1 and WebSocket, with nothing between the parser and the application.

Lives here: everything from sockets to exchanges, and the processes around it. Must not live here:
routes, parameters, anything that only some applications have. Loaded by nobody but those who serve.
Names are loaded when they are first used: the supervisor, which only keeps processes, stays small.

    config, sources   the options, where they       reader, target      bytes → requests
                      come from                     heads, framing      responses → bytes
    server            one process's server          connection          order, flow, deadlines
    process           a process from its start      websocket           RFC 6455 ↔ ASGI
                      to its exit code              supervisor, child   processes, kept
    thread            a server in a thread          watch, stacks       event loops that stand still
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pronghorn._base.lifespan import LifespanFailed
    from pronghorn.server.config import ServerConfig
    from pronghorn.server.listener import CannotListen
    from pronghorn.server.loading import CannotLoad
    from pronghorn.server.process import run
    from pronghorn.server.server import Server
    from pronghorn.server.thread import running

__all__ = ["CannotListen", "CannotLoad", "LifespanFailed", "Server", "ServerConfig", "run", "running"]

_HOMES = {
    "CannotListen": "pronghorn.server.listener",
    "CannotLoad": "pronghorn.server.loading",
    "LifespanFailed": "pronghorn._base.lifespan",
    "Server": "pronghorn.server.server",
    "ServerConfig": "pronghorn.server.config",
    "run": "pronghorn.server.process",
    "running": "pronghorn.server.thread",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
