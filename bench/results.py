"""What a run has found, and on what.

The JSON form is what the report and the plots are made from; it holds every sample, not medians only.
"""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from bench.contenders import Contender
from bench.environments import versions_of
from bench.workloads import Workload

_ENDED = re.compile(r"(its server (?:ended with [\w ]+|did not answer within [\d.]+ s)):.*", re.DOTALL)
OURS = ("uvloop", "httptools", "pydantic", "starlette", "granian", "uvicorn", "sqlalchemy")


def processor() -> str:
    """The processor's name."""
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def in_short(reason: str) -> str:
    """A reason without the last words of a server's log: those are for who runs the benchmark."""
    return _ENDED.sub(r"\1", reason)


def machine() -> dict[str, Any]:
    """What the figures are taken on."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"Linux {platform.release()}",
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30),
        "wrk": first_line("wrk", "-v").partition(" Copyright")[0],
    }


def first_line(*command: str) -> str:
    """The first line that a program prints; nothing where there is no such program."""
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return (done.stdout + done.stderr).splitlines()[0].strip()


def who(contender: Contender, python: Path) -> dict[str, Any]:
    """A contender with its versions and flags."""
    packages = tuple(name.partition("[")[0] for name in contender.packages)
    if contender.program:
        versions = {
            contender.program: first_line(contender.program, "-v").rpartition(" ")[2].rpartition("/")[2]
        }
    else:
        versions = versions_of(python, packages or ("pronghorn", *OURS))
    command = " ".join([contender.program or "python", *contender.arguments(8000)])
    return {
        "name": contender.name,
        "title": contender.title,
        "kind": contender.kind,
        "versions": versions,
        "command": command,
    }


@dataclass
class Results:
    """Filled while the benchmark runs.

    Attributes:
        absent: contenders that could not be installed, with the reason.
        failures: what went wrong once and well the second time.
        cases: a record for every workload and number of connections.
    """

    machine: dict[str, Any]
    seconds: int
    rounds: int
    contenders: list[dict[str, Any]] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    cases: dict[str, dict[str, Any]] = field(default_factory=dict)

    def case(self, workload: Workload, connections: int | None) -> dict[str, Any]:
        """The record of a workload at a number of connections."""
        several = len(workload.connections) > 1 and connections is not None
        key = f"{workload.name}@{connections}" if several else workload.name
        title = f"{workload.title}, {connections} connections" if several else workload.title
        fresh = {"title": title, "workload": workload.name, "driver": workload.driver, "unit": workload.unit}
        return self.cases.setdefault(key, {**fresh, "samples": {}, "dashes": {}})

    def add(self, workload: Workload, connections: int | None, name: str, figures: dict[str, float]) -> None:
        """One sample."""
        samples = self.case(workload, connections)["samples"].setdefault(name, {})
        for figure, value in figures.items():
            samples.setdefault(figure, []).append(round(value, 3))

    def dash(self, workload: Workload, name: str, reason: str, failed_at: int | None = None) -> None:
        """A contender does not run a workload: what it lacks samples for, and the number at which it failed."""
        for connections in workload.connections:
            case = self.case(workload, connections)
            if connections == failed_at:
                case["samples"].pop(name, None)
            if name not in case["samples"]:
                case["dashes"][name] = in_short(reason)

    def fail(self, workload: Workload, name: str, reason: str) -> None:
        """Something went wrong that is tried once more."""
        self.failures.append(f"{workload.name}: {name}: {in_short(reason)}")

    def as_json(self) -> dict[str, Any]:
        """Everything, with nothing left of cases that nobody ran."""
        cases = {key: case for key, case in self.cases.items() if case["samples"]}
        return {**vars(self), "cases": cases}


def middle(values: Iterable[float]) -> float:
    """The median."""
    return median(values)


def spread(values: list[float]) -> float:
    """Half the distance between the extremes, as a part of the median."""
    return (max(values) - min(values)) / 2 / median(values) if median(values) else 0.0


# What a workload is judged by, and what a line is sorted by: less is better.
HEADLINES = {"idle": "kib", "startup": "cpu"}


def headline(case: dict[str, Any]) -> str:
    """The figure that a workload is judged by."""
    return HEADLINES.get(case["driver"], "cpu")
