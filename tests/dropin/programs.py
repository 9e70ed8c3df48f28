"""Runs Python programs in processes of their own, as a user starts them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def run(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python <arguments>` in `cwd`."""
    import os

    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def output_of(*arguments: str, cwd: Path, **environment: str) -> str:
    """What the program prints; it must succeed."""
    done = run(*arguments, cwd=cwd, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def under_dropin(*arguments: str, cwd: Path, **environment: str) -> str:
    """What the program prints when it is run by `python -m pronghorn.dropin`."""
    return output_of("-m", "pronghorn.dropin", *arguments, cwd=cwd, **environment)
