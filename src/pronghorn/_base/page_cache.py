"""Whether the kernel has a part of a file in memory already.

Lives here: asking, and reading only what is there. Must not live here: what is done where it is not (a worker
thread, always). Invariant: nothing here waits for a disk; where the system cannot tell, the answer is no.
"""

from __future__ import annotations

import os
from typing import Final

MOST_AT_ONCE: Final = 1024 * 1024
"""More bytes than this are never called cached: copying them would hold up the event loop too."""

# What is read from a disk is read ahead in pieces of at least this size.
_STEP = 128 * 1024
_NOWAIT: Final[int | None] = getattr(os, "RWF_NOWAIT", None)
_probe = [bytearray(1)]


def is_cached(descriptor: int, offset: int, count: int) -> bool:
    """Whether reading ``count`` bytes from ``offset`` on will, as far as can be told, not wait for a disk."""
    if _NOWAIT is None or not 0 <= count <= MOST_AT_ONCE:
        return False
    try:
        for position in (*range(offset, offset + count - 1, _STEP), offset + max(count - 1, 0)):
            os.preadv(descriptor, _probe, position, _NOWAIT)
    except OSError:  # it would wait, or this kind of file cannot tell
        return False
    return True
