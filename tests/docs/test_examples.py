"""Every example in the README and in the documentation does what the page says."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_examples_of_the_page_run(page: Path) -> None:
    # A process of its own: a page may install the drop-in or write a module called `main`.
    result = subprocess.run(
        [sys.executable, "-W", "error", "-m", "checks.examples", str(page)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stdout + result.stderr
