"""One run: servers started and stopped, contenders in turn, results gathered.

Workloads that want the same settings share servers, which stand until the last of these workloads is done.
Within a workload the contenders take turns, round after round, so that a change of the machine's speed meets
them all. A contender that fails is started again and has a second chance; after that it has its dash, and
nobody else is concerned.
"""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from itertools import groupby
from subprocess import SubprocessError
from typing import TypeVar

from bench import plan
from bench.contenders import Contender
from bench.environments import CannotInstall, python_of
from bench.measure import Figures, run_alone, run_round, warm_up
from bench.plan import Step
from bench.results import Results, machine, who
from bench.servers import Server, Unfit, WrongReply, check, describe, serving, stop
from bench.workloads import Workload


@dataclass(frozen=True)
class Options:
    """What a run is told.

    Attributes:
        seconds: the length of one sample.
        rounds: the most samples of one workload and contender.
        minutes: what the whole run should not exceed.
        connections: only workloads with so many connections; empty for all.
        check_only: ask everything once, measure nothing.
    """

    seconds: int = 1
    rounds: int = 3
    minutes: float = 38.0
    connections: tuple[int, ...] = ()
    check_only: bool = False


T = TypeVar("T")
TROUBLE = (Unfit, OSError, ValueError, EOFError, HTTPException, SubprocessError)
"""What a contender's failure may look like from here."""


class Standing:
    """The servers of one group of workloads.

    Attributes:
        gone: contenders whose server could not be started, with the reason.
    """

    def __init__(self, settings: dict[str, str], stack: ExitStack) -> None:
        self.gone: dict[str, str] = {}
        self._servers: dict[str, Server] = {}
        self._settings = settings
        self._stack = stack

    def start(self, contender: Contender) -> None:
        """Start a server, or remember why there is none."""
        try:
            server = self._stack.enter_context(serving(contender, self._settings))
        except Unfit as error:
            self.gone[contender.name] = str(error)
        else:
            server.halt()
            self._servers[contender.name] = server

    def start_again(self, contender: Contender) -> None:
        """Stop what is left of a server, and start it anew."""
        stop(self._servers.pop(contender.name))
        self.start(contender)

    @contextmanager
    def server(self, contender: Contender) -> Iterator[Server]:
        """The server that stands; one that polls runs while the block does only.

        Raises:
            Unfit: there is none.
        """
        if contender.name in self.gone:
            raise Unfit(self.gone[contender.name])
        server = self._servers[contender.name]
        server.go_on()
        try:
            yield server
        finally:
            server.halt()


class Run:
    """One run of the benchmark."""

    def __init__(self, contenders: list[Contender], workloads: list[Workload], options: Options) -> None:
        self.contenders = contenders
        self.workloads = workloads
        self.options = options
        self.results = Results(machine(), options.seconds, options.rounds)
        self.databases: dict[str, str | None] = {}
        self.rounds: dict[str, int] = {}
        self.checked: set[tuple[str, str]] = set()
        self.begin = time.monotonic()

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
                self.results.contenders.append(who(contender, python))

    # The plan ------------------------------------------------------------------------------------------

    def groups(self) -> Iterator[list[Workload]]:
        """Workloads that share servers; one that starts its own is alone."""
        for _, group in groupby(self.workloads, key=lambda w: (w.alone and w.name, w.settings)):
            yield list(group)

    def wanted(self, workloads: list[Workload]) -> list[Contender]:
        """Who has to stand for any of these."""
        return [c for c in self.contenders if any(not c.reason(w.name) for w in workloads)]

    def connections(self, workload: Workload) -> list[int]:
        """At how many connections it is measured."""
        only = self.options.connections
        return [n for n in workload.connections if not only or n in only or workload.driver != "wrk"]

    def steps(self) -> list[Step]:
        """What each workload takes."""
        found = []
        for group in self.groups():
            starts = len(self.wanted(group))
            for workload in group:
                fitting = sum(not contender.reason(workload.name) for contender in self.contenders)
                connections = self.connections(workload)
                found.append(plan.step(workload, fitting, connections, self.options.seconds, starts))
                starts = 0
        return found

    def make_plan(self) -> None:
        """Choose the rounds, and print what the run will take."""
        steps = self.steps()
        self.rounds = plan.choose_rounds(steps, self.options.rounds, self.options.minutes * 60)
        for step in steps:
            rounds = self.rounds[step.workload]
            count, cost = step.count(rounds), step.cost(rounds)
            print(f"{step.workload:<18}{count:>4} samples in {rounds} rounds{cost:>8.0f} s")
        samples = sum(step.count(self.rounds[step.workload]) for step in steps)
        minutes = plan.total(steps, self.rounds) / 60
        print(f"in all {samples} samples, about {minutes:.0f} minutes", flush=True)

    def rounds_now(self, workload: Workload) -> range:
        """The planned rounds of the next workload; one of the others than the deciding, when the run is late."""
        at = self.workloads.index(workload)
        to_come = plan.total(self.steps()[at:], self.rounds)
        late = time.monotonic() - self.begin + to_come > self.options.minutes * 60 * 1.02
        return range(1 if late and workload.name not in plan.DECIDING else self.rounds[workload.name])

    # The run -------------------------------------------------------------------------------------------

    def go(self) -> None:
        """Every workload, grouped by the settings of its servers."""
        self.begin = time.monotonic()
        for workloads in self.groups():
            settings = self.settings(workloads[0].settings)
            if settings is None:
                self.dash_all(workloads, "there is no PostgreSQL on this machine")
            elif workloads[0].alone:
                self.run_alone(workloads[0], settings)
            else:
                self.run_group(workloads, settings)

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
                self.results.dash(workload, contender.name, reason)

    def fitting(self, workload: Workload) -> list[Contender]:
        """Who runs `workload`; the others get their dash."""
        for contender in self.contenders:
            reason = contender.reason(workload.name)
            if reason:
                self.results.dash(workload, contender.name, reason)
        return [contender for contender in self.contenders if not contender.reason(workload.name)]

    def run_alone(self, workload: Workload, settings: dict[str, str]) -> None:
        """A workload whose measurement starts the servers."""
        self.say(workload.title)
        contenders = self.fitting(workload)
        for _ in range(1) if self.options.check_only else self.rounds_now(workload):
            for contender in list(contenders):
                figures = self.attempt(workload, contender, partial(run_alone, workload, contender, settings))
                if figures is None:
                    contenders.remove(contender)
                else:
                    self.checked.add((workload.name, contender.name))
                    self.results.add(workload, None, contender.name, figures)

    def run_group(self, workloads: list[Workload], settings: dict[str, str]) -> None:
        """Workloads that share servers."""
        wanted = self.wanted(workloads)
        self.say(f"starting {len(wanted)} servers {settings or ''}")
        with ExitStack() as stack:
            standing = Standing(settings, stack)
            for contender in wanted:
                standing.start(contender)
            for workload in workloads:
                self.run_workload(workload, standing)

    def run_workload(self, workload: Workload, standing: Standing) -> None:
        """Check every server, then measure them in turn."""
        contenders = [c for c in self.fitting(workload) if self.passes(workload, c, standing)]
        rounds = self.rounds_now(workload)
        if self.options.check_only:
            # Other drivers than wrk check what they read; only they say whether it is right.
            rounds = range(workload.driver != "wrk")
        numbers = self.connections(workload)
        for connections in numbers:
            self.say(f"{workload.title}, {connections} connections")
            for _ in rounds if plan.has_all_rounds(connections, numbers) else rounds[:1]:
                contenders = [c for c in contenders if self.sample(workload, c, connections, standing)]
        self.checked.update((workload.name, contender.name) for contender in contenders)

    def passes(self, workload: Workload, contender: Contender, standing: Standing) -> bool:
        """Whether the server gives the expected replies."""

        def ask() -> bool:
            with standing.server(contender) as server:
                check(server, workload)
                warm_up(workload, server.port)
            return True

        return self.attempt(workload, contender, ask, standing) is not None

    def sample(self, workload: Workload, contender: Contender, connections: int, standing: Standing) -> bool:
        """Take one sample; whether it went well."""
        seconds = self.options.seconds * workload.length

        def measure() -> Figures:
            with standing.server(contender) as server:
                return run_round(workload, server, seconds=seconds, connections=connections)

        figures = self.attempt(workload, contender, measure, standing, connections)
        if figures is not None:
            self.results.add(workload, connections, contender.name, figures)
        return figures is not None

    def attempt(
        self,
        workload: Workload,
        contender: Contender,
        what: Callable[[], T],
        standing: Standing | None = None,
        connections: int | None = None,
    ) -> T | None:
        """What `what` gives; if it fails, the same once more on a fresh server; then a dash, and None.

        A wrong reply would be wrong again.
        """
        for last in (False, True):
            try:
                return what()
            except TROUBLE as error:
                wrong = isinstance(error, WrongReply)
                reason = str(error) if isinstance(error, Unfit) else describe(error)
            self.say(f"{workload.name}: {contender.title}: {reason}")
            final = last or wrong or (standing is not None and contender.name in standing.gone)
            if standing is not None and not wrong and contender.name not in standing.gone:
                standing.start_again(contender)
            if final:
                self.results.dash(workload, contender.name, reason, failed_at=connections)
                break
            self.results.fail(workload, contender.name, reason)
        return None
