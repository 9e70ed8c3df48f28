"""What is counted is what is meant: the same connection as the server's, checked replies."""

import subprocess
import sys

import pytest

from bench.counted import COUNTED, compare


@pytest.mark.parametrize("name", COUNTED)
def test_serves_what_it_counts(name: str) -> None:
    subprocess.run([sys.executable, "-m", "bench.counted", "--serve", name, "10"], check=True)


def test_more_than_the_bound_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare({"a": 105, "b": 106, "c": 50, "d": 7}, {"a": 100, "b": 100, "c": 100}) == ["b"]
    assert "+6.0%" in capsys.readouterr().out
