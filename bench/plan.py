"""How many samples each workload gets, and how long the whole run takes.

Every workload gets one round. What there is time for beyond that goes to the workloads by which the project
is judged, in the order of `DECIDING` and `NEXT`, then to the others. The seconds below are what things took on a machine of
two cores; they make an estimate, never a figure of the report.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from bench.workloads import Workload

DECIDING = (
    *("hello", "parameters", "body", "rejected", "rows", "chain", "dependencies", "dependencies-def"),
    *("def", "await-one", "await-three", "middleware"),
)
"""Workloads that get their rounds even where the run is late."""
NEXT = ("startup", "routes-10", "routes-10000", "echo", "upload", "download", "events", "idle")
FIRST = DECIDING + NEXT
START_SECONDS = 1.5
"""To start one server and see it answer."""
START_MORE = {"routes-1000": 2.5, "routes-10000": 18.0}
"""The same where there is more to set up."""
CHECK_SECONDS = 0.4
"""To check one contender for one workload, and to warm it up."""
SAMPLE_MORE = {"wrk": 0.2, "events": 2.5, "echo": 0.3, "broadcast": 0.7}
"""What one sample takes beyond the seconds that were asked for."""
ALONE_SECONDS = {"idle": 4.0, "startup": 3.5}
"""One sample of a workload that starts its servers itself."""


MAIN = 32
"""The number of connections that has all rounds, where a workload has several; the others have one."""


@dataclass(frozen=True)
class Step:
    """What one workload takes.

    Attributes:
        workload: its name.
        samples: how many in the first round: contenders times numbers of connections.
        more: how many in every further round.
        seconds: of one sample.
        once: seconds that do not depend on the rounds: starting servers, checking replies.
    """

    workload: str
    samples: int
    more: int
    seconds: float
    once: float

    def count(self, rounds: int) -> int:
        """Samples in so many rounds."""
        return self.samples + (rounds - 1) * self.more

    def cost(self, rounds: int) -> float:
        """Seconds for so many rounds."""
        return self.once + self.count(rounds) * self.seconds


def step(workload: Workload, contenders: int, connections: list[int], seconds: int, starts: int) -> Step:
    """What `workload` takes with so many contenders and numbers of connections, when it starts so many servers."""
    if workload.alone:
        return Step(workload.name, contenders, contenders, ALONE_SECONDS[workload.driver], 0.0)
    once = starts * START_MORE.get(workload.name, START_SECONDS) + contenders * CHECK_SECONDS
    more = sum(has_all_rounds(number, connections) for number in connections)
    sample = seconds * workload.length + SAMPLE_MORE.get(workload.driver, 0.0)
    return Step(workload.name, contenders * len(connections), contenders * more, sample, once)


def has_all_rounds(number: int, connections: list[int]) -> bool:
    """Whether a workload that has these numbers of connections has all of its rounds at `number`."""
    return number == MAIN or MAIN not in connections


def choose_rounds(steps: Iterable[Step], most: int, budget: float) -> dict[str, int]:
    """The rounds of each workload: one, or `most` where there is time for it within `budget` seconds."""
    ordered = sorted(steps, key=lambda step: (rank(step.workload), step.cost(1)))
    left = budget - sum(step.cost(1) for step in ordered)
    rounds = {}
    for step in ordered:
        extra = step.cost(2) - step.cost(1)
        more = max(0, min(most - 1, int(left / extra))) if extra else most - 1
        rounds[step.workload] = 1 + more
        left -= more * extra
    return rounds


def rank(name: str) -> int:
    """The place of a workload among those that get more rounds."""
    return FIRST.index(name) if name in FIRST else len(FIRST)


def total(steps: Iterable[Step], rounds: dict[str, int]) -> float:
    """Seconds for all of them."""
    return sum(step.cost(rounds[step.workload]) for step in steps)
