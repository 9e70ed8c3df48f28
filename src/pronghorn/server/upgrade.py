"""Whether a connection can change over to WebSocket, and the change.

Lives here: the one import of `websockets`, which may not be installed. Must not live here: the protocol.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from typing import TYPE_CHECKING

from pronghorn.server.exchange import HttpExchange
from pronghorn.server.site import Site

if TYPE_CHECKING:
    from pronghorn.server.websocket import WebSocketConnection

logger = logging.getLogger("pronghorn.error")


def websocket_for(site: Site, exchange: HttpExchange) -> asyncio.Protocol | None:
    """The protocol that goes on with `exchange`, a WebSocket handshake; None where there is none."""
    connection = _connection_class()
    if connection is None:
        return None
    if site.rewrites:
        site.rewrite(exchange)
    return connection(site, exchange)


def change_over(transport: asyncio.Transport, websocket: asyncio.Protocol, rest: bytes) -> None:
    """Let `websocket` go on with `transport`, beginning with `rest`, which was read already."""
    transport.set_protocol(websocket)
    websocket.connection_made(transport)
    if rest:
        websocket.data_received(rest)


@functools.cache
def _connection_class() -> type[WebSocketConnection] | None:
    try:
        from pronghorn.server.websocket import WebSocketConnection
    except ImportError:
        logger.warning(
            "A WebSocket was asked for, but `websockets` is not installed: pip install 'pronghorn[standard]'"
        )
        return None
    return WebSocketConnection
