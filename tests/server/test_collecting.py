"""Tests of `pronghorn.server.collecting`."""

import gc
from collections.abc import Iterator

import pytest

from pronghorn.server.collecting import RARELY, collect_rarely


@pytest.fixture(autouse=True)
def threshold() -> Iterator[tuple[int, int, int]]:
    before = gc.get_threshold()
    yield before
    gc.set_threshold(*before)


def test_it_collects_rarely_until_told_otherwise(threshold: tuple[int, int, int]) -> None:
    collect_as_before = collect_rarely()
    assert gc.get_threshold() == RARELY
    collect_as_before()
    assert gc.get_threshold() == threshold


def test_what_the_application_sets_stays() -> None:
    collect_as_before = collect_rarely()
    gc.set_threshold(10_000, 5, 5)
    collect_as_before()
    assert gc.get_threshold() == (10_000, 5, 5)
