"""Row 1, WebSocket: the case files of the Autobahn testsuite, as `kosoku` runs them."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

from reliability.check import Figure, Skipped, exactly, none_of
from reliability.serving import serving

_ALLOWED = {"OK", "NON-STRICT", "INFORMATIONAL"}
_LARGEST = 2**24
"""Bytes of the largest message in the suite; the server's default would end it with 1009."""

BASE = ("1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*")
DEFLATE = ("12.*", "13.*")


async def _suite(cases: tuple[str, ...], count: int) -> AsyncIterator[Figure]:
    try:
        from kosoku import FailureError, run_fuzzingclient
    except ImportError as error:
        raise Skipped("kosoku is not installed: pip install --group reliability") from error
    with serving(ws_max_size=_LARGEST) as server:
        address = f"ws://127.0.0.1:{server.port}"
        try:
            results = await run_fuzzingclient(address, cases=list(cases), concurrency=4)
        except FailureError as error:
            results = error.results
        verdicts = {one.case_id: {one.behavior.value, one.behavior_close.value} for one in results}
        failed = [name for name, found in verdicts.items() if not found <= _ALLOWED]
        told = Counter(one.behavior.value for one in results)
        yield none_of(f"cases failed ({', '.join(f'{n} {word}' for word, n in told.items())})", failed, count)
        yield exactly("cases run", len(results), count)
        yield exactly("tracebacks", server.tracebacks(), 0)


async def autobahn() -> AsyncIterator[Figure]:
    """Framing, pings, fragments, UTF-8, closing, limits."""
    async for figure in _suite(BASE, 301):
        yield figure


async def autobahn_deflate() -> AsyncIterator[Figure]:
    """Compression: 216 cases of a thousand messages each."""
    async for figure in _suite(DEFLATE, 216):
        yield figure
