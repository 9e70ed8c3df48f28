from __future__ import annotations

import asyncio

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
