"""The cyclic garbage collector while a process starts.

Lives here: having it look less often at what start-up makes, nearly all of which stays. Must not live here: what
becomes of that once the process serves (`process`). Invariant: what the application sets itself is left alone.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

RARELY = (50_000, 10, 10)
"""As `gc.set_threshold` takes it. An application that loads much is still collected after, now and then."""


def collect_rarely() -> Callable[[], None]:
    """Have the collector run rarely, until what is returned is called."""
    before = gc.get_threshold()
    gc.set_threshold(*RARELY)

    def collect_as_before() -> None:
        if gc.get_threshold() == RARELY:
            gc.set_threshold(*before)

    return collect_as_before
