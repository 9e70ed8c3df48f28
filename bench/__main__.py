"""`python -m bench`: every workload on every contender, in turn; JSON, a Markdown page and plots.

The load runs on one core, the server on another.
"""

import argparse
import json
import os
import shutil
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from bench import databases, matrix, plots, report
from bench.contenders import CONTENDERS
from bench.databases import postgresql
from bench.environments import ROOT
from bench.processes import cores
from bench.run import Options, Run
from bench.servers import WORK, allow_many_files
from bench.workloads import WORKLOADS, download_content

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
    parser.add_argument("--rounds", type=int, default=3, help="most samples of each workload and contender")
    parser.add_argument(
        "--minutes", type=float, default=35, help="fewer samples, where there would be more than this"
    )
    parser.add_argument("--contender", nargs="+", choices=[c.name for c in CONTENDERS], help="only these")
    parser.add_argument("--workload", nargs="+", choices=[w.name for w in WORKLOADS], help="only these")
    parser.add_argument(
        "--connections", nargs="+", type=int, default=[], help="only workloads with this many connections"
    )
    parser.add_argument("--quick", action="store_true", help="FastAPI beside Pronghorn, seven workloads")
    parser.add_argument("--plan", action="store_true", help="print how long it would take, and end")
    parser.add_argument("--check-only", action="store_true", help="print who can do what; measure nothing")
    parser.add_argument("--out", type=Path, default=WORK / "results", help="the folder for what is written")
    parser.add_argument("--publish", action="store_true", help="write to docs/benchmarks")
    options = parser.parse_args()
    if options.quick:
        vars(options).update(QUICK)
    if options.publish:
        options.out = ROOT / "docs" / "benchmarks"
    return options


def make_run(options: argparse.Namespace) -> Run:
    """The run that the command line asks for."""
    names, wanted = options.contender, options.workload
    return Run(
        [contender for contender in CONTENDERS if names is None or contender.name in names],
        [workload for workload in WORKLOADS if wanted is None or workload.name in wanted],
        Options(
            options.seconds, options.rounds, options.minutes, tuple(options.connections), options.check_only
        ),
    )


def prepare() -> None:
    """This process on its core; what the applications read where they look for it."""
    allow_many_files()
    os.sched_setaffinity(0, cores()[0])
    WORK.mkdir(parents=True, exist_ok=True)
    file = WORK / "download.bin"
    file.write_bytes(download_content())
    os.environ["BENCH_FILE"] = str(file)


def go(run: Run) -> None:
    """Measure, until everything is done or somebody interrupts."""
    try:
        with ExitStack() as stack:
            if any("BENCH_DATABASE" in workload.settings for workload in run.workloads):
                url = stack.enter_context(postgresql())
                run.databases = {"sqlite": databases.make_sqlite(), "postgresql": url}
            run.go()
    except KeyboardInterrupt:
        run.say("interrupted: what there is gets written")


def write(run: Run, folder: Path) -> None:
    """The results as JSON, as a page, as plots and in short."""
    results = run.results.as_json()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    names = plots.write(results, folder)
    (folder / "results.md").write_text(report.page(results, names))
    print(report.comparison(results))
    run.say(f"written to {folder}: results.json, results.md, {len(names)} plots")


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
    prepare()
    run = make_run(options)
    run.make_plan()
    if options.plan:
        return 0
    run.install()
    go(run)
    if options.check_only:
        print("\n".join(matrix.lines(run.workloads, run.contenders, run.checked, run.results)))
    else:
        write(run, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
