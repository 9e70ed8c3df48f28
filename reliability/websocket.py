"""Row 1, WebSocket: the case files of the Autobahn testsuite, as `kosoku` runs them."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

from reliability.check import Figure, Skipped, exactly, none_of
from reliability.serving import serving, untroubled

_ALLOWED = {"OK", "NON-STRICT", "INFORMATIONAL"}
_LARGEST = 2**24
"""Bytes of the largest message in the suite; the server's default would end it with 1009."""

BASE = ("1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*")
DEFLATE = ("12.*", "13.*")
_FEW_MESSAGES, _ALL_MESSAGES = 50, 1000
"""In each case for compression. The suite has a thousand, but its runner ends a case after 20 seconds, of which its
own client takes most for the largest messages."""


async def _run(url: str, cases: Sequence[str], concurrency: int) -> dict[str, Any]:
    if importlib.util.find_spec("kosoku") is None:
        raise Skipped("kosoku is not installed: pip install --group reliability")
    kosoku: Any = importlib.import_module("kosoku")  # without types, and seldom installed
    try:
        results = await kosoku.run_fuzzingclient(url, cases=cases, concurrency=concurrency)
    except kosoku.FailureError as error:
        results = error.results
    return {one.case_id: one for one in results}


def _failed(results: dict[str, Any]) -> list[str]:
    return [
        name
        for name, one in results.items()
        if not {one.behavior.value, one.behavior_close.value} <= _ALLOWED
    ]


async def _suite(cases: tuple[str, ...], count: int) -> AsyncIterator[Figure]:
    with serving(ws_max_size=_LARGEST) as server:
        url = f"ws://127.0.0.1:{server.port}"
        results = await _run(url, cases, 4)
        yield exactly("cases run", len(results), count)
        if again := _failed(results):
            # Many cases have a limit of time, which they keep or miss by what else the machine does.
            results.update(await _run(url, again, 1))
        told = Counter(one.behavior.value for one in results.values())
        words = ", ".join(f"{number} {word}" for word, number in sorted(told.items()))
        yield none_of(f"failed ({words}; {len(again)} were run again alone)", _failed(results), count)
        yield untroubled(server)


async def autobahn() -> AsyncIterator[Figure]:
    """Framing, pings, fragments, UTF-8, closing, limits."""
    async for figure in _suite(BASE, 301):
        yield figure


async def autobahn_deflate() -> AsyncIterator[Figure]:
    """Compression: 216 cases, of 50 messages each."""
    _send(_FEW_MESSAGES)
    async for figure in _suite(DEFLATE, 216):
        yield figure


async def autobahn_deflate_long() -> AsyncIterator[Figure]:
    """The same, of a thousand messages each."""
    _send(_ALL_MESSAGES)
    async for figure in _suite(DEFLATE, 216):
        yield figure


def _send(count: int) -> None:
    """Let each case for compression send so many messages."""
    if importlib.util.find_spec("kosoku") is not None:
        cases: dict[str, Any] = importlib.import_module("kosoku.cases").CASES
        for case in cases.values():
            if hasattr(case, "CLIENT_OFFERS"):
                case.COUNT = count
