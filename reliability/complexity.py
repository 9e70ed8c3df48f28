"""Row 24: no parser takes more than its share of time for more than its share of input."""

from __future__ import annotations

import gc
import time
from collections.abc import AsyncIterator, Callable

from reliability.check import Figure, at_most

Parse = Callable[[int], Callable[[], object]]
"""From a size to the work on an input of that size."""

SIZE = 2000
_BAR = 2.5
_ROUNDS = 9
_LEAST_SECONDS = 0.003


def seconds_of(work: Callable[[], object]) -> float:
    """The best processor time of several rounds, each repeated until it can be measured."""
    times, taken = 1, 0.0
    while taken < _LEAST_SECONDS:
        times *= 2
        taken = _timed(work, times)
    return min(_timed(work, times) for _ in range(_ROUNDS)) / times


def _timed(work: Callable[[], object], times: int) -> float:
    begun = time.thread_time()
    for _ in range(times):
        work()
    return time.thread_time() - begun


def ratio(parse: Parse) -> float:
    """The worse of time(2n)/time(n) and time(4n)/time(2n)."""
    one, two, four = (seconds_of(parse(SIZE * times)) for times in (1, 2, 4))
    return max(two / one, four / two)


async def complexity() -> AsyncIterator[Figure]:
    """Each parser at n, 2n and 4n."""
    from reliability.parsers import PARSERS

    gc.disable()
    try:
        for name, parse in PARSERS.items():
            found = ratio(parse)
            if found > _BAR:  # another process may have had the caches: once more
                found = min(found, ratio(parse))
            yield at_most(name, found, _BAR, "times the time for twice the input")
    finally:
        gc.enable()
