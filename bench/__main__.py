"""`python -m bench`: every workload on every contender, in turn; JSON, a Markdown page and plots.

The load runs on one core, the server on another. Workloads that want the same settings share servers,
which stand until the last of these workloads is done. Within a workload the contenders take turns, round
after round, so that a change of the machine's speed meets them all.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

from bench import databases, plots, report
from bench.contenders import CONTENDERS, Contender
from bench.databases import postgresql
from bench.environments import ROOT, CannotInstall, python_of
from bench.measure import run_alone, run_round, warm_up
from bench.processes import cores
from bench.results import Results, describe, machine
from bench.servers import WORK, Server, Unfit, allow_many_files, check, serving
from bench.workloads import WORKLOADS, Workload, download_content

QUICK = {
    "contender": ["fastapi", "pronghorn"],
    "workload": ["hello", "parameters", "item", "body", "chain", "dependencies", "def"],
    "connections": [32],
    "seconds": 4,
    "rounds": 3,
}


def parse_arguments() -> argparse.Namespace:
    """The command line of the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=int, default=1, help="length of one sample")
    parser.add_argument("--rounds", type=int, default=3, help="samples of each workload and contender")
    parser.add_argument(
        "--minutes", type=float, default=38, help="one round only while it is behind this plan"
    )
    parser.add_argument("--contender", nargs="+", choices=[c.name for c in CONTENDERS], help="only these")
    parser.add_argument("--workload", nargs="+", choices=[w.name for w in WORKLOADS], help="only these")
    parser.add_argument(
        "--connections", nargs="+", type=int, help="only workloads with this many connections"
    )
    parser.add_argument("--quick", action="store_true", help="FastAPI beside Pronghorn, seven workloads")
    parser.add_argument("--out", type=Path, default=WORK / "results", help="the folder for what is written")
    parser.add_argument("--publish", action="store_true", help="write to docs/benchmarks")
    options = parser.parse_args()
    if options.quick:
        vars(options).update(QUICK)
    if options.publish:
        options.out = ROOT / "docs" / "benchmarks"
    return options


class Bench:
    """One run of the benchmark."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        names = options.contender
        self.contenders = [c for c in CONTENDERS if names is None or c.name in names]
        self.workloads = [w for w in WORKLOADS if not options.workload or w.name in options.workload]
        self.results = Results(machine(), options.seconds, options.rounds)
        self.databases: dict[str, str | None] = {}
        self.begin = time.monotonic()
        self.done = 0

    def rounds(self) -> range:
        """The rounds of the next workload: one only, when the run is behind its plan."""
        behind = (time.monotonic() - self.begin) / (self.options.minutes * 60) > self.done / len(
            self.workloads
        )
        return range(1 if behind and self.done else self.options.rounds)

    def say(self, text: str) -> None:
        """Tell how far it is."""
        print(f"{time.monotonic() - self.begin:>6.0f} s  {text}", flush=True)

    def install(self) -> None:
        """Make the environments; contenders that cannot be installed are out."""
        self.say("making environments, where they are not there yet")
        for contender in list(self.contenders):
            try:
                if contender.program and shutil.which(contender.program) is None:
                    raise CannotInstall(f"there is no {contender.program} on this machine")
                python = python_of(contender.requirements)
            except CannotInstall as error:
                self.contenders.remove(contender)
                self.results.absent[contender.title] = str(error)
                self.say(f"{contender.title}: {error}")
            else:
                self.results.contenders.append(describe(contender, python))

    def run(self) -> None:
        """Every workload, grouped by the settings of its servers."""
        self.begin = time.monotonic()
        for settings, group in groupby(
            self.workloads, key=lambda w: (w.driver in ("idle", "startup"), w.settings)
        ):
            workloads = list(group)
            found = self.settings(settings[1])
            if found is None:
                self.dash_all(workloads, "there is no PostgreSQL on this machine")
            elif workloads[0].driver in ("idle", "startup"):
                self.run_alone(workloads[0], found)
                self.done += 1
            else:
                self.run_group(workloads, found)

    def settings(self, wanted: dict[str, str]) -> dict[str, str] | None:
        """The environment variables for servers; None when a database is wanted that is not there."""
        name = wanted.get("BENCH_DATABASE")
        if name is None:
            return wanted
        url = self.databases[name]
        return None if url is None else {**wanted, "BENCH_DATABASE": url}

    def dash_all(self, workloads: Iterable[Workload], reason: str) -> None:
        """Nobody runs these."""
        for workload in workloads:
            for contender in self.contenders:
                self.dash(workload, contender, reason)

    def dash(self, workload: Workload, contender: Contender, reason: str) -> None:
        """One contender does not run a workload."""
        self.results.dash(workload, contender.name, reason)

    def fitting(self, workload: Workload) -> list[Contender]:
        """Who runs `workload`; the others get their dash."""
        for contender in self.contenders:
            reason = contender.reason(workload.name)
            if reason:
                self.dash(workload, contender, reason)
        return [contender for contender in self.contenders if not contender.reason(workload.name)]

    def run_alone(self, workload: Workload, settings: dict[str, str]) -> None:
        """A workload whose measurement starts the servers."""
        self.say(workload.title)
        contenders = self.fitting(workload)
        for _ in self.rounds():
            for contender in list(contenders):
                try:
                    figures = run_alone(workload, contender, settings)
                except Unfit as error:
                    contenders.remove(contender)
                    self.unfit([workload], contender, str(error))
                else:
                    self.results.add(workload, None, contender.name, figures)

    def run_group(self, workloads: list[Workload], settings: dict[str, str]) -> None:
        """Workloads that share servers."""
        wanted = [c for c in self.contenders if any(not c.reason(w.name) for w in workloads)]
        self.say(f"starting {len(wanted)} servers {settings or ''}")
        with ExitStack() as stack:
            servers: dict[str, Server] = {}
            for contender in wanted:
                try:
                    servers[contender.name] = stack.enter_context(serving(contender, settings))
                except Unfit as error:
                    self.unfit(workloads, contender, str(error))
            for workload in workloads:
                fitting = [servers[c.name] for c in self.fitting(workload) if c.name in servers]
                self.run_workload(workload, fitting)
                self.revive(servers, settings, stack)
                self.done += 1

    def revive(self, servers: dict[str, Server], settings: dict[str, str], stack: ExitStack) -> None:
        """Start the servers again that a workload has ended: the next one is another chance."""
        for server in [server for server in servers.values() if server.process.poll() is not None]:
            self.say(f"{server.contender.title}: starting again: {server.last_words()}")
            try:
                servers[server.contender.name] = stack.enter_context(serving(server.contender, settings))
            except Unfit:
                del servers[server.contender.name]

    def unfit(self, workloads: Iterable[Workload], contender: Contender, reason: str) -> None:
        """A contender has failed."""
        for workload in workloads:
            if not contender.reason(workload.name):
                self.say(f"{workload.name}: {contender.title}: {reason}")
                self.dash(workload, contender, reason)

    def run_workload(self, workload: Workload, servers: list[Server]) -> None:
        """Check every server, then measure them in turn."""
        standing = [server for server in servers if self.passes(server, workload)]
        only = self.options.connections
        for connections in workload.connections:
            if not only or connections in only or workload.driver != "wrk":
                self.say(f"{workload.title}, {connections} connections")
                for _ in self.rounds():
                    standing = [s for s in standing if self.sample(workload, s, connections)]

    def passes(self, server: Server, workload: Workload) -> bool:
        """Whether the server gives the expected replies."""
        try:
            check(server, workload)
            warm_up(workload, server.port)
        except Unfit as error:
            self.unfit([workload], server.contender, f"fails the check: {error}")
            return False
        return True

    def sample(self, workload: Workload, server: Server, connections: int) -> bool:
        """Take one sample; whether it went well."""
        try:
            figures = run_round(workload, server, seconds=self.options.seconds, connections=connections)
        except Unfit as error:
            self.unfit([workload], server.contender, str(error))
            return False
        self.results.add(workload, connections, server.contender.name, figures)
        return True


def interrupt(number: int, frame: object) -> None:
    """SIGTERM ends a run as Ctrl+C does: servers are stopped, and what there is gets written."""
    raise KeyboardInterrupt


def main() -> int:
    """Measure, then write."""
    options = parse_arguments()
    signal.signal(signal.SIGTERM, interrupt)
    if shutil.which("wrk") is None:
        print("wrk is needed to make load; on Debian: apt-get install wrk")
        return 1
    allow_many_files()
    os.sched_setaffinity(0, cores()[0])
    WORK.mkdir(parents=True, exist_ok=True)
    file = WORK / "download.bin"
    file.write_bytes(download_content())
    os.environ["BENCH_FILE"] = str(file)
    bench = Bench(options)
    bench.install()
    with ExitStack() as stack:
        if any("BENCH_DATABASE" in workload.settings for workload in bench.workloads):
            bench.databases = {
                "sqlite": databases.make_sqlite(),
                "postgresql": stack.enter_context(postgresql()),
            }
        try:
            bench.run()
        except KeyboardInterrupt:
            bench.say("interrupted: what there is gets written")
    results = bench.results.as_json()
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    names = plots.write(results, options.out)
    (options.out / "results.md").write_text(report.page(results, names))
    print(report.comparison(results))
    bench.say(f"written to {options.out}: results.json, results.md, {len(names)} plots")
    return 0


if __name__ == "__main__":
    sys.exit(main())
