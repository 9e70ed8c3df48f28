from __future__ import annotations

import random
import time

import pytest

from pronghorn.server import ServerConfig, recycling
from pronghorn.server.recycling import Recycler, resident_memory


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be changed."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def recycler(drawn: float, monkeypatch: pytest.MonkeyPatch, **options: int) -> tuple[Recycler, list[int]]:
    monkeypatch.setattr(random, "random", lambda: drawn)
    asked: list[int] = []
    return Recycler(ServerConfig(**options), lambda: asked.append(1)), asked  # type: ignore[arg-type]


@pytest.mark.parametrize(("drawn", "count"), [(0.0, 100), (0.5, 95), (1.0, 90)])
def test_the_number_of_requests_is_lowered_by_up_to_a_tenth(
    monkeypatch: pytest.MonkeyPatch, drawn: float, count: int
) -> None:
    one, asked = recycler(drawn, monkeypatch, max_requests=100)
    assert one.counts
    assert not one.looks
    for _ in range(count - 1):
        one.count()
    assert not asked
    one.count()
    assert asked


def test_a_replacement_that_does_not_come_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, now: list[float]
) -> None:
    one, asked = recycler(0.0, monkeypatch, max_requests=1)
    for _ in range(10):
        one.count()
    assert len(asked) == 1
    now[0] += 61
    one.count()
    assert len(asked) == 2


def test_memory_is_compared_with_its_limit(monkeypatch: pytest.MonkeyPatch, now: list[float]) -> None:
    size = [89]
    monkeypatch.setattr(recycling, "resident_memory", lambda: size[0])
    one, asked = recycler(1.0, monkeypatch, max_rss=100)
    assert one.looks
    assert not one.counts
    one.count()
    one.look()
    assert not asked
    size[0] = 91
    one.look()
    one.look()
    assert len(asked) == 1


def test_without_limits_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    one, asked = recycler(1.0, monkeypatch)
    assert (one.counts, one.looks) == (False, False)
    one.count()
    one.look()
    assert not asked


def test_the_memory_of_this_process_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1024 * 1024 < resident_memory() < 1 << 40

    def no_proc(*_: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", no_proc)
    assert 1024 * 1024 < resident_memory() < 1 << 40
