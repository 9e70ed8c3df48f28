"""Load from wrk: different requests in turn on many connections, never two at once on one."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.servers import Unfit
from bench.workloads import Workload

PROGRAM = """
local requests, sizes, at = {}, {%(sizes)s}, 0
local file = io.open("%(file)s", "rb")
for number, size in ipairs(sizes) do requests[number] = file:read(size) end
file:close()
function request()
  at = at %% #requests + 1
  return requests[at]
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\\nresult {"requests": %%d, "microseconds": %%d, "p50": %%d, "p99": %%d, "status": %%d, "lost": %%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What a driver has done: how many, how long, and the latencies where there are any."""

    count: int
    seconds: float
    p50_ms: float | None = None
    p99_ms: float | None = None


@contextmanager
def script(requests: list[bytes]) -> Iterator[Path]:
    """Wrk's program and its requests, in files for as long as they are needed."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "requests"
        data.write_bytes(b"".join(requests))
        program = Path(folder) / "load.lua"
        program.write_text(PROGRAM % {"file": data, "sizes": ", ".join(str(len(r)) for r in requests)})
        yield program


def run_wrk(workload: Workload, port: int, *, seconds: int, connections: int) -> Load:
    """One run.

    Raises:
        Unfit: requests were lost, or got the wrong status: such a figure would mean nothing.
    """
    samples = workload.samples()
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "--latency"]
    with script([sample.request for sample in samples]) as program:
        command = ["wrk", *options, "-s", str(program), f"http://127.0.0.1:{port}"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    report = done.stdout
    if done.returncode:
        raise Unfit(f"wrk ended with status {done.returncode}: {(report + done.stderr).strip()[:200]}")
    found: dict[str, Any] = json.loads(report.rpartition("result ")[2])
    requests = found["requests"]
    refused = requests if samples[0].status >= 400 else 0
    if not requests:
        raise Unfit(f"no request was answered within {seconds} s on {connections} connections")
    if found["status"] != refused:
        raise Unfit(f"{abs(found['status'] - refused)} of {requests} replies had the wrong status")
    if found["lost"] and not workload.may_lose:
        raise Unfit(f"{found['lost']} requests were lost beside {requests} answered")
    elapsed = found["microseconds"] / 1e6
    return Load(requests, elapsed, found["p50"] / 1e3, found["p99"] / 1e3)
