"""`python -m conformance [pytest argument ...]`: FastAPI's own test suite, run on the drop-in.

It runs twice: with applications called in process, as the suite does it, and with its requests going
through the native server. Prints `N passed, M left out` for each; fails when a test outside
`left_out.toml` fails, or one in it passes. Arguments (paths below `tests/`, `-k`, …) go to pytest, and
then only a part of the suite is judged.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conformance.upstream import Upstream, prepare
from conformance.verdict import Verdict, judge, read_left_out

_HERE = Path(__file__).parent
_FEW = 30
_WORKERS = os.environ.get("WORKERS", "2")


@dataclass(frozen=True)
class Way:
    """A way to run the suite."""

    name: str
    plugins: tuple[str, ...] = ()


WAYS = (Way("in process"), Way("through the native server", ("native_transport",)))


@dataclass(frozen=True)
class Record:
    """What a run left behind: the outcome of each test, why some failed, how requests travelled."""

    outcomes: Mapping[str, str]
    reasons: Mapping[str, str]
    requests: Counter[str] = field(default_factory=Counter)

    def failed(self, left_out: Mapping[str, str]) -> list[str]:
        """The tests that failed and are not left out."""
        return judge(self.outcomes, left_out, whole_suite=False).failed

    def corrected(self, second: Record) -> Record:
        """This record with what came of running some of its tests again."""
        reasons = {test: reason for test, reason in self.reasons.items() if test not in second.outcomes}
        return Record(
            {**self.outcomes, **second.outcomes},
            reasons | dict(second.reasons),
            self.requests + second.requests,
        )


def main(arguments: Sequence[str]) -> int:
    """Run the suite each way, print the verdicts, return the exit code."""
    upstream = prepare()
    left_out = read_left_out(_HERE / "left_out.toml")
    good = True
    for way in WAYS:
        record = _run(upstream, way, arguments, left_out)
        verdict = judge(record.outcomes, left_out, whole_suite=not arguments)
        print(_report(way, verdict, record), flush=True)
        good = good and verdict.good and bool(verdict.passed)
    return 0 if good else 1


def _run(upstream: Upstream, way: Way, arguments: Sequence[str], left_out: Mapping[str, str]) -> Record:
    """Run the suite; once more, alone, the few tests that failed beside others.

    Some have seconds for starting a process, or share a folder with the tests of another file.
    """
    record = _pytest(upstream, way, arguments or ["tests"], ["-n", _WORKERS, "--dist", "loadfile"])
    failed = record.failed(left_out)
    if not 0 < len(failed) <= _FEW:
        return record
    print(
        f"{way.name}: {len(failed)} failed beside others and run again, alone: {', '.join(failed)}",
        flush=True,
    )
    return record.corrected(_pytest(upstream, way, failed, ["-n", "0", "--timeout", "300", "-p", "patience"]))


def _pytest(upstream: Upstream, way: Way, tests: Sequence[str], options: Sequence[str]) -> Record:
    with tempfile.TemporaryDirectory() as folder:
        # A fresh copy: tests leave files behind, which others trip over in the next run.
        source = shutil.copytree(upstream.source, Path(folder) / "source")
        file, ways = Path(folder) / "record.json", Path(folder) / "ways"
        ways.mkdir()
        recording = {"CONFORMANCE_RECORD": str(file), "CONFORMANCE_WAYS": str(ways)}
        command = [str(upstream.python), "-m", "pronghorn.dropin", "-m", "pytest"]
        subprocess.run(
            [*command, *_options(way), *options, *tests],
            cwd=source,
            env=upstream.variables(_HERE / "plugin") | recording,
            stdout=sys.stderr,
            check=False,
        )
        if not file.is_file():
            raise SystemExit("the suite did not run to its end")
        requests: Counter[str] = Counter()
        for counted in ways.iterdir():
            requests.update(json.loads(counted.read_text()))
        return Record(**json.loads(file.read_text()), requests=requests)


def _options(way: Way) -> list[str]:
    options = ["-q", "--tb=no", "-p", "no:cacheprovider"]
    for plugin in ("recorder", *way.plugins):
        options += ["-p", plugin]
    return options


def _report(way: Way, verdict: Verdict, record: Record) -> str:
    lines = [
        f"FAILED {test}: {' '.join(record.reasons.get(test, '').split())[:300]}" for test in verdict.failed
    ]
    lines += [f"LEFT OUT, BUT PASSES (or is not there): {test}" for test in verdict.wrongly_left_out]
    by_file = Counter(test.partition("::")[0] for test in verdict.failed)
    if by_file:
        lines += ["", "Failures by file:"]
        lines += [f"  {count:4} {file}" for file, count in by_file.most_common()]
    travelled = ", ".join(f"{count} requests {way}" for way, count in record.requests.most_common())
    lines.append(
        f"{way.name}: {len(verdict.passed)} passed, {len(verdict.left_out)} left out,"
        f" {len(verdict.skipped)} skipped by the suite itself, {len(verdict.failed)} failed"
        + (f" ({travelled})" if travelled else "")
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
