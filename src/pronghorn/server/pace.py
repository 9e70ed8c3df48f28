"""Whether a request body arrives fast enough.

Lives here: the pause and the rate that a peer is allowed. Must not live here: what happens to a peer that
is too slow (`connection`). Invariant: only time in which somebody waited for the peer counts against it.
"""

from __future__ import annotations

from pronghorn.server.clock import TICK
from pronghorn.server.config import ServerConfig

LOOK_EVERY = 2 * TICK
"""How often to look, while somebody waits for a body."""

_GRACE = 10.0
"""For so long no rate is asked for."""


class BodyPace:
    """The pace of one connection's bodies, one after the other.

    Args:
        config: the options.

    Attributes:
        last_data: when bytes of a body arrived last, or were waited for first.
    """

    __slots__ = ("_longest_pause", "_rate", "_waited", "last_data")

    def __init__(self, config: ServerConfig) -> None:
        self._longest_pause = config.body_timeout
        self._rate = config.body_min_rate
        self._waited = 0.0
        self.last_data = 0.0

    def restart(self) -> None:
        """The next request begins."""
        self._waited = 0.0

    def is_too_slow(self, now: float, received: int) -> bool:
        """Whether the peer is too slow. To be asked every `LOOK_EVERY` seconds of waiting.

        Args:
            now: the loop's time.
            received: bytes of this body so far.
        """
        self._waited += LOOK_EVERY
        if now - self.last_data >= self._longest_pause:
            return True
        return self._waited > _GRACE and received < self._rate * self._waited
