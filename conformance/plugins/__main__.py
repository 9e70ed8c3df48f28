"""`python -m conformance.plugins [name ...]`: packages of FastAPI's ecosystem on FastAPI and on Pronghorn.

Prints a table of how many tests passed where, and fails when one that passes on FastAPI fails on
Pronghorn, when a use does not pass on FastAPI without a reason being given, or when a reason given is
no longer true.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from conformance.plugins.packages import Package, read_packages
from conformance.plugins.trial import ON_FASTAPI, ON_PRONGHORN, ON_SERVER, Run, Trial, attempt

_HEAD = (
    ("package", "version"),
    ("use on FastAPI", "on Pronghorn", "on its server"),
    ("own tests on FastAPI", "on Pronghorn"),
)


def main(names: Sequence[str]) -> int:
    """Try the packages named, or all; return the exit code."""
    packages = _chosen(names)
    rows, complaints = [[cell for part in _HEAD for cell in part]], []
    for package in packages:
        print(f"trying {package.requirement}", file=sys.stderr, flush=True)
        trial = attempt(package)
        rows.append(_row(trial))
        complaints += list(complaints_about(trial))
    print("\n".join([*_table(rows), *complaints]), flush=True)
    print(f"{len(packages)} packages tried, {len(complaints)} complaints")
    return 1 if complaints or not packages else 0


def complaints_about(trial: Trial) -> Iterator[str]:
    """What is wrong with the outcome, one line each."""
    package = trial.package
    for test, reason in trial.lost().items():
        yield f"{package.name}: {test} passes on FastAPI only: {_shortened(reason)}"
    failing = trial.use_failing_on_fastapi()
    if not trial.use[ON_FASTAPI.name].outcomes:
        yield f"{package.name}: its use has no test"
    elif package.refused_by_fastapi and not failing:
        yield f"{package.name}: works on FastAPI, although {package.refused_by_fastapi!r} is noted"
    if not package.refused_by_fastapi:
        for test, reason in failing.items():
            yield f"{package.name}: {test} fails on FastAPI itself: {_shortened(reason)}"
    if trial.own and not trial.own[ON_FASTAPI.name].passed:
        yield f"{package.name}: none of its own tests passes on FastAPI"


def _chosen(names: Sequence[str]) -> list[Package]:
    packages = read_packages()
    unknown = set(names) - {package.name for package in packages}
    if unknown:
        raise SystemExit(f"not in packages.toml: {', '.join(sorted(unknown))}")
    return [package for package in packages if not names or package.name in names]


def _row(trial: Trial) -> list[str]:
    use = [_counted(trial.use[way.name]) for way in (ON_FASTAPI, ON_PRONGHORN, ON_SERVER)]
    own = [_counted(trial.own[way.name]) for way in (ON_FASTAPI, ON_PRONGHORN) if trial.own]
    return [trial.package.name, trial.package.version, *use, *(own or ["not in its sdist", ""])]


def _counted(run: Run) -> str:
    return f"{len(run.passed)} of {len(run.outcomes)}"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]


def _shortened(reason: str) -> str:
    return " ".join(reason.split())[:300]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
