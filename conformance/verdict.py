"""What the outcomes of a run mean, given the tests that are left out with a reason.

`left_out.toml` has one line a test or file: `"tests/test_x.py::test_y" = "reason"`. A line covers a
test with all its parameters. Invariant: a line must be true, so one whose test passes is an error as
much as a test that fails without a line.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Verdict:
    """A run, sorted by what each outcome means."""

    passed: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    wrongly_left_out: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Nothing failed unexplained and every line of the list is true."""
        return not self.failed and not self.wrongly_left_out


def read_left_out(path: Path) -> dict[str, str]:
    """The tests left out, each with its reason."""
    listed: dict[str, str] = tomllib.loads(path.read_text("utf-8"))["left_out"]
    return listed


def judge(outcomes: Mapping[str, str], left_out: Mapping[str, str], *, whole_suite: bool = True) -> Verdict:
    """Sort the outcomes of a run.

    Args:
        outcomes: `passed`, `failed`, `skipped` or `xfailed` by test.
        left_out: the lines of the list.
        whole_suite: every line must have met a test; false when only a part of the suite ran.
    """
    verdict = Verdict()
    used: set[str] = set()
    for test, outcome in sorted(outcomes.items()):
        line = covering_line(test, left_out)
        used.update([line] if line is not None else [])
        if outcome in {"skipped", "xfailed"}:
            verdict.skipped.append(test)
        elif line is not None:
            (verdict.wrongly_left_out if outcome == "passed" else verdict.left_out).append(test)
        else:
            (verdict.passed if outcome == "passed" else verdict.failed).append(test)
    if whole_suite:
        verdict.wrongly_left_out += sorted(line for line in left_out if line not in used)
    return verdict


def covering_line(test: str, left_out: Mapping[str, str]) -> str | None:
    """The line of the list that speaks about `test`: its own, its test function's, or its file's."""
    function = test.partition("[")[0]
    parts = function.split("::")
    prefixes = ("::".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((line for line in (test, *prefixes) if line in left_out), None)
