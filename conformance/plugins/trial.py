"""One package tried: its environment, its use and its own tests on FastAPI and on Pronghorn."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conformance.environments import CACHE, environment, locked, unpacked
from conformance.plugins.packages import Package
from conformance.upstream import REPOSITORY, VERSION
from conformance.verdict import covering_line

_RECORDER = REPOSITORY / "conformance" / "plugin"
_FOR_RUNNING = (f"fastapi=={VERSION}", "httpx2==2.16.2", "pytest==9.2.0")
_PATIENCE_SECONDS = 1800


@dataclass(frozen=True)
class Way:
    """A framework to run tests on."""

    name: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def is_ours(self) -> bool:
        """Whether `import fastapi` gives Pronghorn."""
        return bool(self.before)


ON_FASTAPI = Way("FastAPI")
ON_PRONGHORN = Way("Pronghorn", before=("-m", "pronghorn.dropin"))
ON_SERVER = Way("native server", before=("-m", "pronghorn.dropin"), after=("-p", "native_transport"))


@dataclass(frozen=True)
class Run:
    """The outcome of each test, and why some failed."""

    outcomes: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> set[str]:
        """The tests that passed."""
        return {test for test, outcome in self.outcomes.items() if outcome == "passed"}

    def passed_beside(self, other: Run) -> set[str]:
        """The tests that passed here and not in `other`.

        A test whose parameters are made up anew in every run, a token perhaps, has another name there: it is one
        of those of the same function that passed there alone.
        """
        unknown = Counter(_function(test) for test in other.passed - self.outcomes.keys())
        missing: set[str] = set()
        for test in sorted(self.passed - other.passed):
            if test not in other.outcomes and unknown[_function(test)] > 0:
                unknown[_function(test)] -= 1
            else:
                missing.add(test)
        return missing


def _function(test: str) -> str:
    return test.partition("[")[0]


@dataclass(frozen=True)
class Trial:
    """What the runs of one package gave; no run of its own tests when it brings none."""

    package: Package
    use: Mapping[str, Run]
    own: Mapping[str, Run]

    def lost(self) -> dict[str, str]:
        """Tests that pass on FastAPI and not on Pronghorn, with the reason."""
        return {
            f"{test} ({way.name})": runs[way.name].reasons.get(test, "did not run")
            for runs, ways in ((self.use, (ON_PRONGHORN, ON_SERVER)), (self.own, (ON_PRONGHORN,)))
            for way in (ways if runs else ())
            for test in sorted(runs[ON_FASTAPI.name].passed_beside(runs[way.name]))
            if covering_line(test, self.package.not_compared) is None
        }

    def use_failing_on_fastapi(self) -> dict[str, str]:
        """Tests of the use that do not pass on FastAPI, with the reason: ours to mend, or to explain."""
        run = self.use[ON_FASTAPI.name]
        return {
            test: run.reasons.get(test, outcome)
            for test, outcome in run.outcomes.items()
            if outcome != "passed"
        }


def attempt(package: Package) -> Trial:
    """Make what is missing, run everything."""
    with locked(CACHE / "plugins" / package.name) as folder:
        python = environment(folder, requirements(package))
        source = (
            unpacked(folder, f"{package.name}=={package.version}", package.sha256) if package.tests else None
        )
    use = {way.name: _run_use(package, python, way) for way in (ON_FASTAPI, ON_PRONGHORN, ON_SERVER)}
    ways = (ON_FASTAPI, ON_PRONGHORN) if source else ()
    own = {way.name: _run_own(package, python, way, source) for way in ways if source}
    return Trial(package, use, own)


def requirements(package: Package) -> list[str]:
    """Everything that the environment of a package holds: what Pronghorn itself requires is part of it."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    needed: list[str] = project["dependencies"]
    return [package.requirement, *package.requires, *_FOR_RUNNING, *needed]


def _run_use(package: Package, python: Path, way: Way) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["-c", os.devnull, f"--rootdir={package.use.parent}", str(package.use)]
        return _pytest(python, way, Path(folder), arguments)


def _run_own(package: Package, python: Path, way: Way, source: Path) -> Run:
    """The package's own tests, in a fresh copy: tests leave files behind."""
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(source, Path(folder) / "source")
        return _pytest(
            python,
            way,
            copy,
            ["-o", "addopts=", "--continue-on-collection-errors", *package.options, *package.tests],
        )


def _pytest(python: Path, way: Way, cwd: Path, arguments: Sequence[str]) -> Run:
    paths = [str(_RECORDER), *([str(REPOSITORY / "src")] if way.is_ours else [])]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "record.json"
        variables = os.environ | {
            "CONFORMANCE_RECORD": str(file),
            "CONFORMANCE_ON": "pronghorn" if way.is_ours else "fastapi",
            "PYTHONPATH": os.pathsep.join(paths),
            "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        }
        options = ["-q", "--tb=short", "-p", "no:cacheprovider", "-p", "recorder", *way.after]
        done = subprocess.run(
            [str(python), *way.before, "-m", "pytest", *options, *arguments],
            cwd=cwd,
            env=variables,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        if os.environ.get("CONFORMANCE_VERBOSE"):
            print(f"--- {way.name}: {' '.join(arguments)}\n{done.stdout}{done.stderr}", flush=True)
        if not file.is_file():
            raise SystemExit(f"pytest did not run to its end on {way.name}:\n{done.stdout}{done.stderr}")
        return Run(**json.loads(file.read_text("utf-8")))
