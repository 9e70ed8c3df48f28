from __future__ import annotations

import asyncio
import sys

import pytest

from pronghorn.server.loops import loop_factory, run_in_loop


def test_the_loop_is_the_one_that_was_named() -> None:
    uvloop = pytest.importorskip("uvloop")
    assert loop_factory("asyncio") is asyncio.new_event_loop
    assert loop_factory("auto") is uvloop.new_event_loop
    assert loop_factory("uvloop") is uvloop.new_event_loop


def test_without_uvloop_there_is_asyncio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert loop_factory("auto") is asyncio.new_event_loop
    with pytest.raises(ImportError):
        loop_factory("uvloop")


def test_the_result_is_handed_back() -> None:
    async def main() -> int:
        return 7

    assert run_in_loop(main(), "auto") == 7
