"""One measurement: load from wrk, CPU time of the server's processes from /proc."""

import json
import os
import re
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cases import Case

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
COMPLETED = re.compile(r"(\d+) requests in ([\d.]+)(us|ms|s|m),")
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
P99 = re.compile(r"99%\s+([\d.]+)(us|ms|s|m)")


@dataclass(frozen=True)
class Sample:
    """What one run of wrk has shown; microseconds are CPU time of the server, user and system."""

    requests_per_second: float
    cpu_microseconds: float
    p99_milliseconds: float


def reply_to(case: Case, port: int) -> tuple[int, Any]:
    """Status and JSON of one request, to see that both contenders do the same work."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{case.path}",
        method=case.method,
        headers=case.headers,
        data=case.body.encode() or None,
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.status, json.load(response)


def process_tree(pid: int) -> list[int]:
    """`pid` and every process below it."""
    children: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        children += [int(child) for child in (task / "children").read_text().split()]
    return [pid, *(below for child in children for below in process_tree(child))]


def cpu_seconds(pid: int) -> float:
    """User and system time that `pid` and its children have used so far (proc(5), fields 14 and 15)."""
    ticks = 0
    for member in process_tree(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_SECOND


@contextmanager
def wrk_script(case: Case) -> Iterator[str]:
    """The request as wrk's Lua wants it, in a file for as long as it is needed."""
    lines = [f"wrk.method = {json.dumps(case.method)}"]
    lines += [f"wrk.headers[{json.dumps(k)}] = {json.dumps(v)}" for k, v in case.headers.items()]
    lines += [f"wrk.body = {json.dumps(case.body)}"] if case.body else []
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write("\n".join(lines))
        file.flush()
        yield file.name


def run_wrk(case: Case, port: int, seconds: int, connections: int) -> str:
    """Load the server for `seconds`; wrk's report."""
    with wrk_script(case) as script:
        options = [
            "-t1",
            f"-c{connections}",
            f"-d{seconds}s",
            "--timeout",
            "20s",
            "--latency",
            "-s",
            script,
        ]
        command = ["wrk", *options, f"http://127.0.0.1:{port}{case.path}"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def measure(case: Case, pid: int, port: int, *, seconds: int, connections: int) -> Sample:
    """One sample of one case; raises when a reply was an error, for then the figure means nothing."""
    before = cpu_seconds(pid)
    report = run_wrk(case, port, seconds, connections)
    used = cpu_seconds(pid) - before
    completed = COMPLETED.search(report)
    p99 = P99.search(report)
    if completed is None or p99 is None or "Non-2xx" in report or "Socket errors" in report:
        raise RuntimeError(f"wrk reports errors for {case.name!r}:\n{report}")
    requests = int(completed[1])
    elapsed = float(completed[2]) * UNITS[completed[3]]
    latency = float(p99[1]) * UNITS[p99[2]] * 1e3
    return Sample(requests / elapsed, used / requests * 1e6, latency)
