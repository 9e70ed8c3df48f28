"""One sample: a driver makes load, the kernel says what it took."""

import asyncio
import os
import subprocess
import time

from bench.contenders import Contender
from bench.drivers import DRIVERS, IDLE, close, open_idle
from bench.environments import ROOT, python_of
from bench.processes import cores, cpu_seconds, resident_bytes
from bench.servers import END_SECONDS, Client, Server, Unfit, describe, serving, start, stop, wait_ready
from bench.traffic import build
from bench.workloads import Workload
from bench.wrk import Load, run_wrk

Figures = dict[str, float]
MIB = 1024 * 1024
WARM_SECONDS = 0.1


def warm_up(workload: Workload, port: int) -> None:
    """Ask the requests of a workload for a moment."""
    client = Client(port)
    end = time.monotonic() + WARM_SECONDS
    for sample in workload.samples():
        client.ask(sample.request)
        if time.monotonic() > end:
            break
    client.close()


def run_round(workload: Workload, server: Server, *, seconds: int, connections: int) -> Figures:
    """One sample on a server that stands.

    Raises:
        Unfit: replies were wrong or missing.
    """
    before, own = cpu_seconds(server.pid), own_seconds()
    try:
        load = drive(workload, server.port, seconds=seconds, connections=connections)
    except Unfit as error:
        raise Unfit(f"under load, {server.end(END_SECONDS) or error}") from error
    used, own = cpu_seconds(server.pid) - before, own_seconds() - own
    if server.end():
        raise Unfit(f"under load, {server.end()}")
    figures = {"rate": load.count / load.seconds, "cpu": used / load.count * 1e6}
    figures["load"] = min(1.0, own / load.seconds)
    if load.p50_ms is not None and load.p99_ms is not None:
        figures |= {"p50": load.p50_ms, "p99": load.p99_ms}
    return {**figures, "memory": resident_bytes(server.pid) / MIB}


def own_seconds() -> float:
    """Processor time of this process and the load generators that it has started."""
    return sum(os.times()[:4])


def drive(workload: Workload, port: int, *, seconds: int, connections: int) -> Load:
    """Make the load."""
    try:
        if workload.driver == "wrk":
            return run_wrk(workload, port, seconds=seconds, connections=connections)
        return asyncio.run(DRIVERS[workload.driver](port, seconds))
    except (OSError, ValueError) as error:  # a connection that breaks; a figure or a frame that is none
        raise Unfit(describe(error)) from error


def run_alone(workload: Workload, contender: Contender, settings: dict[str, str]) -> Figures:
    """One sample on a server of its own.

    Raises:
        Unfit: it did not start, or replies were wrong or missing.
    """
    return idle(contender, settings) if workload.driver == "idle" else startup(contender, settings)


def idle(contender: Contender, settings: dict[str, str]) -> Figures:
    """Memory per connection that has had one reply and waits."""
    with serving(contender, settings) as server:
        client = Client(server.port)
        for _ in range(200):
            client.ask(build("/hello"))
        before = resident_bytes(server.pid)

        async def grown() -> int:
            peers = await open_idle(server.port)
            grown = resident_bytes(server.pid) - before
            close(peers)
            return grown

        try:
            per_connection = asyncio.run(grown()) / IDLE
        except OSError as error:
            raise Unfit(describe(error)) from error
        client.close()
    return {"kib": per_connection / 1024, "memory": before / MIB}


def startup(contender: Contender, settings: dict[str, str]) -> Figures:
    """Processor time from nothing to the first reply, of the import alone, and of the first OpenAPI document."""
    figures = {"import": import_seconds(contender) * 1e3}
    begin = time.perf_counter()
    server = start(contender, settings)
    try:
        wait_ready(server)
        ready = time.perf_counter() - begin
        used = cpu_seconds(server.pid)
        figures |= {"ready": ready * 1e3, "cpu": used * 1e3}
        client = Client(server.port)
        begin = time.perf_counter()
        reply = client.ask(build(contender.openapi)) if contender.openapi else None
        if reply is not None and reply.status == 200 and b'"/r199/{' in reply.body:
            figures["openapi"] = (time.perf_counter() - begin) * 1e3
        client.close()
    finally:
        stop(server)
    return figures


def import_seconds(contender: Contender) -> float:
    """Processor time of an interpreter that imports the application and ends."""
    code = f"import bench.applications.{contender.application}, os, sys; t = os.times(); sys.stdout.write(str(t.user + t.system))"
    command = ["taskset", "-c", str(min(cores()[1])), str(python_of(contender.requirements)), "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return float(done.stdout)
