from __future__ import annotations

import asyncio

import pytest

from pronghorn.server.flow import WriteGate

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
