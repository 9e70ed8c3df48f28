import os
from pathlib import Path

import pytest

from pronghorn._base import page_cache
from pronghorn._base.page_cache import MOST_AT_ONCE, is_cached

needs_nowait = pytest.mark.skipif(not hasattr(os, "RWF_NOWAIT"), reason="the system cannot tell")


@needs_nowait
@pytest.mark.parametrize("offset", [0, 1, 299_999, 300_000, 400_000])
@pytest.mark.parametrize("count", [0, 1, 128 * 1024, 300_000])
def test_what_was_written_just_now_is_in_memory(tmp_path: Path, offset: int, count: int) -> None:
    with (tmp_path / "file").open("w+b") as file:
        file.write(b"x" * 300_000)
        file.flush()
        assert is_cached(file.fileno(), offset, count)


@pytest.mark.parametrize("count", [-1, MOST_AT_ONCE + 1])
def test_an_unknown_length_and_a_large_one_are_left_to_threads(tmp_path: Path, count: int) -> None:
    with (tmp_path / "file").open("w+b") as file:
        assert not is_cached(file.fileno(), 0, count)


def test_what_cannot_tell_is_not_in_memory() -> None:
    reader, writer = os.pipe()
    try:
        assert not is_cached(reader, 0, 1)
    finally:
        os.close(reader)
        os.close(writer)


def test_a_system_that_cannot_tell_has_nothing_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_cache, "_NOWAIT", None)
    with (tmp_path / "file").open("w+b") as file:
        assert not is_cached(file.fileno(), 0, 1)
