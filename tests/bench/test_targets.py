from typing import Any

import pytest

from bench.targets import Target, targets

THEIRS = {"fastapi": "FastAPI", "other": "Other"}


def case(workload: str, samples: dict[str, dict[str, list[float]]], driver: str = "wrk") -> dict[str, Any]:
    """A record as the results have it."""
    return {
        "title": f"{workload}!",
        "workload": workload,
        "driver": driver,
        "unit": "request",
        "samples": samples,
    }


def cpu(**figures: float) -> dict[str, dict[str, list[float]]]:
    """CPU only, by contender."""
    return {name.replace("_", "-"): {"cpu": [figure]} for name, figure in figures.items()}


CASES: dict[str, dict[str, Any]] = {
    "hello@1": case("hello", cpu(fastapi=300, pronghorn=50)),
    "hello@32": case(
        "hello",
        {
            "fastapi": {"cpu": [280, 300, 290], "rate": [3_000]},
            "other": {"cpu": [100], "rate": [10_000]},
            "pronghorn": {"cpu": [20], "rate": [25_000], "load": [0.97]},
            "pronghorn-uvicorn": {"cpu": [58], "rate": [15_000]},
            "pronghorn-granian": {"cpu": [40], "rate": [21_000]},
            "rsgi": {"cpu": [30], "rate": [30_000]},
            "nginx": {"cpu": [10], "rate": [40_000]},
        },
    ),
    "rows": case("rows", cpu(fastapi=300, pronghorn=100, pronghorn_uvicorn=150)),
    "routes-10": case("routes-10", cpu(pronghorn=20)),
    "routes-10000": case("routes-10000", cpu(pronghorn=21)),
    "idle": case("idle", {"pronghorn": {"kib": [4.5]}}, "idle"),
    "startup": case(
        "startup",
        {
            "fastapi": {"cpu": [900], "openapi": [100]},
            "pronghorn-uvicorn": {"cpu": [900]},
            "pronghorn": {"cpu": [400], "openapi": [25]},
        },
        "startup",
    ),
}


@pytest.fixture(scope="module")
def found() -> dict[str, Target]:
    return {target.title: target for target in targets(CASES, THEIRS)}


def outcome(target: Target) -> tuple[float | None, bool | None]:
    return target.found, target.met


def test_cpu_is_compared_at_32_connections(found: dict[str, Target]) -> None:
    target = found["hello JSON: CPU, FastAPI ÷ Pronghorn"]
    assert (target.bound, *outcome(target)) == (13.0, 14.5, True)
    assert target.beside == "6.0 at 1"
    assert outcome(found["100 rows through a response model: CPU, FastAPI ÷ Pronghorn"]) == (3.0, False)


def test_what_was_not_measured_is_neither_met_nor_missed(found: dict[str, Target]) -> None:
    assert outcome(found["WebSocket echo, 32 clients: CPU, FastAPI ÷ Pronghorn"]) == (None, None)


def test_routes_and_memory_have_an_upper_bound(found: dict[str, Target]) -> None:
    assert outcome(found["last of 10,000 routes ÷ last of 10: CPU"]) == (1.05, True)
    assert outcome(found["memory of an idle connection"]) == (4.5, True)
    assert Target("a", 1.1, 1.2, most=True).met is False


def test_start_up_is_compared_by_its_own_figures(found: dict[str, Target]) -> None:
    assert outcome(found["import and 200 routes ready: CPU, FastAPI ÷ Pronghorn"]) == (2.25, False)
    assert outcome(found["OpenAPI of 200 routes: time, FastAPI ÷ Pronghorn"]) == (4.0, True)


def test_requests_a_second_are_compared_with_the_best_of_the_python_contenders(
    found: dict[str, Target],
) -> None:
    target = found["hello JSON: requests a second, Pronghorn ÷ the best Python contender"]
    assert outcome(target) == (2.5, True)
    assert target.beside == "Other; the load's core was busy with pronghorn"


def test_requests_a_second_are_compared_with_the_limits(found: dict[str, Target]) -> None:
    nginx = found["hello JSON: requests a second, Pronghorn ÷ nginx"]
    assert outcome(nginx) == (0.625, True)
    assert nginx.beside == "the load's core was busy with pronghorn"
    granian = found["hello JSON: requests a second, Pronghorn on Granian ÷ a bare RSGI function"]
    assert outcome(granian) == (0.7, False)


def test_the_least_of_all_workloads_counts_on_uvicorn(found: dict[str, Target]) -> None:
    target = found["every workload, Pronghorn on uvicorn: FastAPI on uvicorn ÷ this, the least"]
    assert outcome(target) == (2.0, False)
    assert target.beside == "1 of 2 reach it; below: rows 2.0"


def test_nothing_measured_is_no_error() -> None:
    assert {target.met for target in targets({}, {})} == {None}
