"""`python -m conformance [pytest argument ...]`: FastAPI's own test suite, run on the drop-in.

Prints `N passed, M left out`; fails when a test outside `left_out.toml` fails, or one in it passes.
Arguments (paths below `tests/`, `-k`, …) go to pytest, and then only a part of the suite is judged.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from conformance.upstream import Upstream, prepare
from conformance.verdict import Verdict, judge, read_left_out

_HERE = Path(__file__).parent
_WORKERS = os.environ.get("WORKERS", "2")


def main(arguments: Sequence[str]) -> int:
    """Run the suite, print the verdict, return the exit code."""
    record = _run(prepare(), arguments)
    verdict = judge(record["outcomes"], read_left_out(_HERE / "left_out.toml"), whole_suite=not arguments)
    print(_report(verdict, record["reasons"]))
    return 0 if verdict.good and verdict.passed else 1


def _run(upstream: Upstream, arguments: Sequence[str]) -> dict[str, dict[str, str]]:
    """The outcomes and the reasons of failures, as `recorder` writes them."""
    with tempfile.TemporaryDirectory() as folder:
        # A fresh copy: tests leave files behind, which others trip over in the next run.
        source = shutil.copytree(upstream.source, Path(folder) / "source")
        file = Path(folder) / "record.json"
        environment = os.environ | {"CONFORMANCE_RECORD": str(file), "PYTHONPATH": str(_HERE / "plugin")}
        environment["PATH"] = f"{upstream.python.parent}{os.pathsep}{environment['PATH']}"
        pytest = [
            str(upstream.python),
            "-m",
            "pronghorn.dropin",
            "-m",
            "pytest",
            "-p",
            "recorder",
            "-q",
            "--tb=no",
        ]
        distributed = ["-n", _WORKERS, "--dist", "loadfile"]
        command = [*pytest, *distributed, "-p", "no:cacheprovider", *(arguments or ["tests"])]
        subprocess.run(command, cwd=source, env=environment, stdout=sys.stderr, check=False)
        if not file.is_file():
            raise SystemExit("the suite did not run to its end")
        record: dict[str, dict[str, str]] = json.loads(file.read_text())
        return record


def _report(verdict: Verdict, reasons: dict[str, str]) -> str:
    lines = [f"FAILED {test}: {' '.join(reasons.get(test, '').split())[:300]}" for test in verdict.failed]
    lines += [f"LEFT OUT, BUT PASSES (or is not there): {test}" for test in verdict.wrongly_left_out]
    by_file = Counter(test.partition("::")[0] for test in verdict.failed)
    if by_file:
        lines += ["", "Failures by file:"]
        lines += [f"  {count:4} {file}" for file, count in by_file.most_common()]
    lines += [
        "",
        f"{len(verdict.passed)} passed, {len(verdict.left_out)} left out,"
        f" {len(verdict.skipped)} skipped by the suite itself, {len(verdict.failed)} failed",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
