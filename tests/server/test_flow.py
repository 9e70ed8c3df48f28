from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from pronghorn.server.flow import SLICE, Outlet, WriteGate

pytestmark = pytest.mark.anyio


async def test_an_open_gate_holds_nobody_up() -> None:
    await WriteGate(asyncio.get_running_loop()).wait_open()


async def test_a_shut_gate_lets_all_go_when_it_opens_also_when_one_gave_up() -> None:
    gate = WriteGate(asyncio.get_running_loop())
    gate.shut()
    waiting = [asyncio.create_task(gate.wait_open()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting[1:])
    gate.open()
    await asyncio.gather(*waiting[1:])


class Sink(asyncio.Transport):
    """Keeps each write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))


def new_outlet() -> tuple[Outlet, list[bytes]]:
    outlet = Outlet(asyncio.get_running_loop())
    sink = Sink()
    outlet.transport = sink
    return outlet, sink.writes


async def test_what_is_corked_leaves_as_one() -> None:
    outlet, writes = new_outlet()
    outlet.write(b"a")
    outlet.write(b"")
    outlet.corked = True
    outlet.write(b"b")
    outlet.write(b"c")
    assert writes == [b"a"]
    outlet.flush()
    assert writes == [b"a", b"bc"]


async def test_many_bytes_leave_slice_by_slice_behind_what_is_pending() -> None:
    outlet, writes = new_outlet()
    done: list[bool] = []
    outlet.corked = True
    outlet.write(b"head")
    outlet.shut()
    outlet.write_at_length(memoryview(b"x" * (SLICE + 1)), lambda: done.append(True))
    assert writes == [b"head"]
    outlet.open()
    outlet.write_on()
    assert [len(write) for write in writes] == [4, SLICE, 1]
    assert done == [True]


async def test_an_abandoned_outlet_forgets_what_was_to_be_written() -> None:
    outlet, writes = new_outlet()
    outlet.corked = True
    outlet.write(b"head")
    outlet.shut()
    waiting = asyncio.create_task(outlet.wait_open())
    outlet.abandon()
    await waiting
    outlet.flush()
    outlet.write_on()
    assert writes == []


class Wired(Sink):
    """A transport of a socket whose other end is at hand."""

    def __init__(self, *, buffered: int = 0, closing: bool = False, secure: bool = False) -> None:
        super().__init__()
        self.own, self.peer = socket.socketpair()
        self.own.setblocking(False)
        self.peer.setblocking(False)
        self.buffered, self.closing = buffered, closing
        self._extra = {"socket": self.own, "sslcontext": object() if secure else None}

    def get_write_buffer_size(self) -> int:
        return self.buffered

    def is_closing(self) -> bool:
        return self.closing

    def arrived(self) -> bytes:
        """What has reached the other end without the transport; both ends are closed."""
        with self.own, self.peer:
            self.own.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: self.peer.recv(1 << 20), b""))


def attached(transport: Wired) -> Outlet:
    outlet = Outlet(asyncio.get_running_loop())
    outlet.attach(transport)
    return outlet


async def test_bytes_before_a_file_reach_the_socket_at_once() -> None:
    transport = Wired()
    attached(transport).send(b"response")
    assert (transport.writes, transport.arrived()) == ([], b"response")


@pytest.mark.parametrize("state", [{"buffered": 1}, {"closing": True}, {"secure": True}])
async def test_bytes_before_a_file_take_the_transport_where_the_socket_is_not_clear(
    state: dict[str, Any],
) -> None:
    transport = Wired(**state)
    attached(transport).send(b"response")
    assert (transport.writes, transport.arrived()) == ([b"response"], b"")


async def test_what_a_full_socket_does_not_take_is_left_to_the_transport() -> None:
    transport = Wired()
    outlet = attached(transport)
    data = bytes(number % 251 for number in range(4_000_000))
    outlet.send(data)
    assert len(transport.writes) == 1
    outlet.send(b"next")  # full: nothing of it is taken
    assert transport.writes[1:] == [b"next"]
    sent = transport.arrived()
    assert sent + transport.writes[0] == data
    assert 0 < len(sent) < len(data)


async def test_a_response_to_a_peer_that_is_gone_is_left_to_the_transport() -> None:
    transport = Wired()
    outlet = attached(transport)
    transport.peer.close()
    outlet.send(b"response")
    transport.own.close()
    assert transport.writes == [b"response"]
