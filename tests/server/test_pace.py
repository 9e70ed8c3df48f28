from __future__ import annotations

from pronghorn.server.config import ServerConfig
from pronghorn.server.pace import BodyPace


def looks(pace: BodyPace, count: int, *, rate: int, silent: bool = False) -> list[bool]:
    """What `count` looks, a second apart, say of a peer that sends `rate` bytes a second."""
    found = []
    for second in range(1, count + 1):
        if not silent:
            pace.last_data = second
        found.append(pace.is_too_slow(float(second), rate * second))
    return found


def test_a_steady_body_is_fast_enough() -> None:
    assert not any(looks(BodyPace(ServerConfig()), 100, rate=500))


def test_a_trickle_is_too_slow_after_ten_seconds() -> None:
    assert looks(BodyPace(ServerConfig()), 12, rate=499) == [False] * 10 + [True, True]


def test_silence_is_too_slow_after_fifteen_seconds() -> None:
    assert looks(BodyPace(ServerConfig()), 15, rate=10_000, silent=True) == [False] * 14 + [True]


def test_the_next_request_starts_afresh() -> None:
    pace = BodyPace(ServerConfig())
    looks(pace, 10, rate=0)
    pace.restart()
    assert looks(pace, 10, rate=0) == [False] * 10
