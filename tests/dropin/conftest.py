"""The drop-in installed in the test process, for one test at a time."""

from collections.abc import Iterator

import pytest

from pronghorn import dropin


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`import fastapi` gives Pronghorn during the test."""
    dropin.install(child_processes=False)
    yield
    dropin.uninstall()
