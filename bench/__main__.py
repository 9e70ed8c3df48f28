"""`python -m bench`: both contenders, every case, in turn; a table and a JSON file.

Both servers stand from the start to the end; a case is measured on one and then on the other, several
rounds, so that a change of the machine's speed meets both. The median of the rounds is reported.
"""

import argparse
import json
import os
import platform
import shutil
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from bench.cases import CASES, Case
from bench.contenders import FASTAPI, PRONGHORN, Contender, serving
from bench.measure import Sample, measure, reply_to

CONTENDERS = (FASTAPI, PRONGHORN)
Server = tuple[Contender, int, int]


def parse_arguments() -> argparse.Namespace:
    """The command line of the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=int, default=4, help="length of one sample")
    parser.add_argument("--rounds", type=int, default=3, help="samples of each case and contender")
    parser.add_argument("--connections", type=int, default=32, help="kept-alive connections of wrk")
    parser.add_argument("--case", help="only cases whose name contains this")
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"), help="where to write it")
    return parser.parse_args()


def check_same_work(case: Case, servers: list[Server]) -> None:
    """Raise unless every contender answers `case` alike."""
    replies = {contender.name: reply_to(case, port) for contender, _, port in servers}
    if any(reply != next(iter(replies.values())) for reply in replies.values()):
        raise RuntimeError(f"different replies to {case.name!r}: {replies}")


def run_case(case: Case, servers: list[Server], options: argparse.Namespace) -> dict[str, Sample]:
    """The median sample of each contender, after a warm-up."""
    check_same_work(case, servers)
    samples: dict[str, list[Sample]] = {contender.name: [] for contender, _, _ in servers}
    for _, pid, port in servers:
        measure(case, pid, port, seconds=1, connections=options.connections)
    for _ in range(options.rounds):
        for contender, pid, port in servers:
            sample = measure(case, pid, port, seconds=options.seconds, connections=options.connections)
            samples[contender.name].append(sample)
    return {name: middle(found) for name, found in samples.items()}


def middle(samples: list[Sample]) -> Sample:
    """The median of each figure."""
    return Sample(
        requests_per_second=median(sample.requests_per_second for sample in samples),
        cpu_microseconds=median(sample.cpu_microseconds for sample in samples),
        p99_milliseconds=median(sample.p99_milliseconds for sample in samples),
    )


def print_row(case: Case, result: dict[str, Sample]) -> None:
    """One line of the table."""
    theirs, ours = (result[contender.name] for contender in CONTENDERS)
    print(
        f"{case.name:<20}"
        f"{theirs.requests_per_second:>10,.0f}{theirs.cpu_microseconds:>9.1f}{theirs.p99_milliseconds:>8.1f}"
        f"{ours.requests_per_second:>12,.0f}{ours.cpu_microseconds:>9.1f}{ours.p99_milliseconds:>8.1f}"
        f"{theirs.cpu_microseconds / ours.cpu_microseconds:>10.1f}"
        f"{ours.requests_per_second / theirs.requests_per_second:>8.1f}",
        flush=True,
    )


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    return {"python": platform.python_version(), "cpus": os.cpu_count(), "system": platform.platform()}


def print_head(options: argparse.Namespace) -> None:
    """What is compared, and the names of the columns."""
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    print(
        f"{options.connections} connections, median of {options.rounds} x {options.seconds:g} s, one process each"
    )
    print(f"{'':<20}{FASTAPI.name:^27}{'':<2}{PRONGHORN.name:^27}{'times better':>18}")
    figures = f"{'req/s':>10}{'CPU us':>9}{'p99 ms':>8}"
    print(f"{'case':<20}{figures}  {figures}{'CPU':>10}{'req/s':>8}", flush=True)


def main() -> int:
    """Measure, print, write."""
    options = parse_arguments()
    if shutil.which("wrk") is None:
        print("wrk is needed to make load; on Debian: apt-get install wrk")
        return 1
    results: dict[str, dict[str, Sample]] = {}
    with ExitStack() as stack:
        servers = [(contender, *stack.enter_context(serving(contender))) for contender in CONTENDERS]
        print_head(options)
        for case in CASES:
            if not options.case or options.case in case.name:
                results[case.name] = run_case(case, servers, options)
                print_row(case, results[case.name])
    options.json.parent.mkdir(parents=True, exist_ok=True)
    cases = {case: {name: asdict(s) for name, s in result.items()} for case, result in results.items()}
    options.json.write_text(json.dumps({"machine": machine(), "cases": cases}, indent=2) + "\n")
    print(f"written to {options.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
