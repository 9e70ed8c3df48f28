"""What the project set out to reach, beside what was found.

Every target is a ratio or a quantity of one workload; the figures come from the same run. At several numbers of
connections, 32 decides, and the others stand beside it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench.results import headline, middle
from bench.workloads import workload

Cases = dict[str, dict[str, Any]]
DECIDING = 32
FASTAPI, PRONGHORN, ON_UVICORN, ON_GRANIAN = "fastapi", "pronghorn", "pronghorn-uvicorn", "pronghorn-granian"
# CPU per request, FastAPI's divided by Pronghorn's: at least.
TIMES_FASTAPI = {
    "hello": 13.0,
    "parameters": 13.0,
    "body": 11.0,
    "rejected": 7.0,
    "rows": 4.0,
    "dependencies-def": 15.0,
    "dependencies": 13.0,
    "def": 14.0,
    "await-one": 11.0,
    "middleware": 15.0,
    "echo": 3.0,
    "events": 4.0,
    "upload": 2.0,
    "download": 3.0,
}
TIMES_ON_UVICORN = 3.5


@dataclass(frozen=True)
class Target:
    """One line of the table.

    Attributes:
        title: what is compared.
        bound: what was wanted.
        found: what came out; None where it was not measured.
        most: whether the bound is the most that is allowed, and not the least that is wanted.
        unit: of both.
        beside: what else the reader should know.
    """

    title: str
    bound: float
    found: float | None
    most: bool = False
    unit: str = ""
    beside: str = ""

    @property
    def met(self) -> bool | None:
        """Whether it is met; None where it was not measured."""
        if self.found is None:
            return None
        return self.found <= self.bound if self.most else self.found >= self.bound


def case_of(cases: Cases, name: str, connections: int = DECIDING) -> dict[str, Any] | None:
    """The record of a workload, where it was measured."""
    return cases.get(f"{name}@{connections}") or cases.get(name)


def figure(case: dict[str, Any] | None, name: str, key: str | None = None) -> float | None:
    """The median of one contender's figure; without a key, of that by which the workload is judged."""
    if case is None:
        return None
    values = case["samples"].get(name, {}).get(key or headline(case))
    return middle(values) if values else None


def ratio(one: float | None, other: float | None) -> float | None:
    """How many times `other` is in `one`, where both are there."""
    return one / other if one is not None and other else None


def times(case: dict[str, Any] | None, subject: str, reference: str, key: str | None = None) -> float | None:
    """How many times less than `reference` `subject` takes."""
    return ratio(figure(case, reference, key), figure(case, subject, key))


def targets(cases: Cases, theirs: dict[str, str]) -> Iterator[Target]:
    """All of them; `theirs` are the titles of the Python contenders that are not Pronghorn."""
    for name, bound in TIMES_FASTAPI.items():
        found = times(case_of(cases, name), PRONGHORN, FASTAPI)
        title = f"{workload(name).title}: CPU, FastAPI ÷ Pronghorn"
        yield Target(title, bound, found, beside=others(cases, name))
    last, first = case_of(cases, "routes-10000"), case_of(cases, "routes-10")
    yield Target(
        "last of 10,000 routes ÷ last of 10: CPU",
        1.1,
        ratio(figure(last, PRONGHORN), figure(first, PRONGHORN)),
        most=True,
    )
    yield Target(
        "memory of an idle connection", 5.0, figure(case_of(cases, "idle"), PRONGHORN), most=True, unit=" KiB"
    )
    startup = case_of(cases, "startup")
    yield Target(
        "import and 200 routes ready: CPU, FastAPI ÷ Pronghorn", 3.0, times(startup, PRONGHORN, FASTAPI)
    )
    yield Target(
        "OpenAPI of 200 routes: time, FastAPI ÷ Pronghorn", 2.0, times(startup, PRONGHORN, FASTAPI, "openapi")
    )
    hello = case_of(cases, "hello")
    yield against_best(hello, theirs)
    yield rate_target("hello JSON: requests a second, Pronghorn ÷ nginx", 0.5, hello, PRONGHORN, "nginx")
    yield on_uvicorn(cases)
    yield rate_target(
        "hello JSON: requests a second, Pronghorn on Granian ÷ a bare RSGI function",
        0.8,
        hello,
        ON_GRANIAN,
        "rsgi",
    )


def others(cases: Cases, wanted: str) -> str:
    """The same ratio at other numbers of connections."""
    found = []
    for key, case in cases.items():
        name, at, connections = key.partition("@")
        value = times(case, PRONGHORN, FASTAPI) if at and name == wanted else None
        if value is not None and connections != str(DECIDING):
            found.append(f"{value:.1f} at {connections}")
    return ", ".join(found)


def rate_target(
    title: str, bound: float, case: dict[str, Any] | None, subject: str, reference: str
) -> Target:
    """A ratio of requests a second."""
    found = ratio(figure(case, subject, "rate"), figure(case, reference, "rate"))
    return Target(title, bound, found, beside=limited(case, subject, reference))


def limited(case: dict[str, Any] | None, *names: str) -> str:
    """Who of them kept the core of the load so busy that their server may have more to give."""
    busy = [name for name in names if (figure(case, name, "load") or 0.0) > 0.95]
    return f"the load's core was busy with {' and '.join(busy)}" if busy else ""


def against_best(case: dict[str, Any] | None, theirs: dict[str, str]) -> Target:
    """Pronghorn's requests a second beside the best Python contender's."""
    rates = {name: rate for name in theirs if (rate := figure(case, name, "rate")) is not None}
    best: Callable[[str], float] = rates.__getitem__
    name = max(rates, key=best, default="")
    found = ratio(figure(case, PRONGHORN, "rate"), rates.get(name))
    title = "hello JSON: requests a second, Pronghorn ÷ the best Python contender"
    beside = "; ".join(filter(None, [theirs.get(name), limited(case, PRONGHORN, name)]))
    return Target(title, 1.5, found, beside=beside)


def on_uvicorn(cases: Cases) -> Target:
    """The least ratio of CPU per request, of all workloads."""
    found = {
        key: value
        for key, case in cases.items()
        if case["driver"] not in ("idle", "startup")
        and (value := times(case, ON_UVICORN, FASTAPI)) is not None
    }
    below = sorted((value, key) for key, value in found.items() if value < TIMES_ON_UVICORN)
    beside = f"{len(found) - len(below)} of {len(found)} reach it"
    if below:
        beside += "; below: " + ", ".join(f"{key} {value:.1f}" for value, key in below)
    title = "every workload, Pronghorn on uvicorn: FastAPI on uvicorn ÷ this, the least"
    return Target(title, TIMES_ON_UVICORN, min(found.values(), default=None), beside=beside)
