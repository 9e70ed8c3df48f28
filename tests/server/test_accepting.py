"""Nobody whom the kernel has let in is left behind when accepting ends."""

from __future__ import annotations

import asyncio
import socket

import pytest

from pronghorn.server.accepting import Accepting
from pronghorn.server.certificates import Certificates
from pronghorn.server.config import ServerConfig
from pronghorn.server.listener import close_socket, open_socket

pytestmark = pytest.mark.anyio


class Greeter(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"welcome")
        transport.close()


async def test_who_waits_in_the_queue_is_accepted_at_the_end() -> None:
    config = ServerConfig(port=0)
    listener = open_socket(config)
    accepting = Accepting(listener, config, Certificates(config), Greeter)
    peers = [socket.create_connection(listener.getsockname()) for _ in range(3)]
    accepting.stop()
    close_socket(listener)
    await accepting.wait_welcomed()
    loop = asyncio.get_running_loop()
    for peer in peers:
        peer.setblocking(False)
        assert await asyncio.wait_for(loop.sock_recv(peer, 100), 10) == b"welcome"
        peer.close()


async def test_an_end_at_which_nobody_waits_is_no_wait() -> None:
    config = ServerConfig(port=0)
    listener = open_socket(config)
    accepting = Accepting(listener, config, Certificates(config), Greeter)
    await accepting.start()
    accepting.stop()
    await accepting.wait_welcomed()
    close_socket(listener)
