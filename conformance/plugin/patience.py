"""A pytest plugin for tests that run once more: the processes that they start get ten times as long.

Loaded with `-p patience`. How long a fresh process takes to import what it needs says nothing about what
is tested, on a machine that is slow or busy.
"""

from __future__ import annotations

import subprocess
from typing import Any

_run = subprocess.run


def _run_with_patience(*arguments: Any, timeout: float | None = None, **options: Any) -> Any:
    return _run(*arguments, timeout=None if timeout is None else 10 * timeout, **options)


def pytest_configure() -> None:
    """Put it in place."""
    subprocess.run = _run_with_patience
