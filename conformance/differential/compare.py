"""Compares what Pronghorn and the real FastAPI answer, case by case.

`--cases N` requests are made (at least), `--each M` to an application, from the seed `--seed S`: the same
ones at every run. The first difference that nobody has meant is made as small as can be, printed, and ends the run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import pickle
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from types import TracebackType

from hypothesis import Phase, given, seed, settings

from conformance.differential.cases import Answers, Ask, Case, answers_to, cases, outcome_of
from conformance.differential.on_purpose import is_meant
from conformance.differential.ways import (
    IN_MEMORY,
    ask_by_rsgi,
    comparable,
    is_broken_off,
    on_socket,
    suits_rsgi,
    suits_socket,
)
from conformance.docs_src import first_difference
from tests.differential.effort import SUPPRESSED
from tests.differential.outcomes import Asked, Outcome


class Twin:
    """The process of the real FastAPI."""

    def __enter__(self) -> Twin:
        command = [sys.executable, "-m", "conformance.differential.twin"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def answers(self, case: Case) -> Answers | str:
        """What FastAPI answers to a case."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump((case.blob, case.asked), self._process.stdin)
        self._process.stdin.flush()
        answers: Answers | str = pickle.load(self._process.stdout)
        return answers


def check(case: Case, twin: Twin, runner: asyncio.Runner, tally: Counter[str]) -> None:
    """Compare all answers to one case.

    Raises:
        AssertionError: they differ.
    """
    real = twin.answers(case)
    for way, ask in IN_MEMORY.items():
        difference = first_difference_of(case, real, runner.run(answers_to(case.made, case.asked, ask)))
        assert difference is None, f"{way}: {difference}"
    assert not isinstance(real, str)
    runner.run(check_served(case, real, "rsgi", ask_by_rsgi, suits_rsgi, tally))
    with on_socket(case.made.app) as ask:
        runner.run(check_served(case, real, "native server", ask, suits_socket, tally))
    tally["applications"] += 1
    tally["requests"] += len(case.asked)
    if tally["applications"] % 25 == 0:
        print(f"{tally['requests']} requests to {tally['applications']} applications", file=sys.stderr)


async def check_served(
    case: Case, real: Answers, way: str, ask: Ask, suits: Callable[[Asked], bool], tally: Counter[str]
) -> None:
    """Compare what a client sees of the answers to the requests that can be asked that way.

    Raises:
        AssertionError: they differ.
    """
    for asked, outcome in zip(case.asked, real.outcomes, strict=True):
        if not suits(asked) or is_broken_off(outcome):
            continue
        expected = comparable(outcome, asked)
        found = comparable(await outcome_of(case.made.app, asked, ask), asked)
        tally[way] += 1
        difference = None if is_meant(outcome, found) else _outcome_difference(asked, expected, found)
        assert difference is None, f"{way}: {difference}"


def first_difference_of(case: Case, real: Answers | str, ours: Answers) -> str | None:
    """In what our answers to a case differ first; None where they do not."""
    if isinstance(real, str):
        return f"FastAPI refuses: {real}"
    if real.paths != ours.paths:
        return f"operations: {ours.paths}, FastAPI has {real.paths}"
    if real.document != ours.document:
        return f"document: {_document_difference(real.document, ours.document)}"
    for asked, expected, found in zip(case.asked, real.outcomes, ours.outcomes, strict=True):
        difference = None if is_meant(expected, found) else _outcome_difference(asked, expected, found)
        if difference is not None:
            return difference
    return None


def _outcome_difference(asked: Asked, expected: Outcome, found: Outcome) -> str | None:
    for name in ("status", "headers", "body", "error", "log"):
        left, right = getattr(expected, name), getattr(found, name)
        if left != right:
            return f"{asked}: {name}\n    ours    {right}\n    FastAPI {left}"
    return None


def _document_difference(real: str, ours: str) -> str:
    if real.startswith("{") and ours.startswith("{"):
        found = first_difference(json.loads(real), json.loads(ours))
        if found is not None:
            return found
    return f"{ours}, FastAPI has {real}"


def main(arguments: Sequence[str]) -> int:
    """Run; print the figures; return the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=8)
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    logging.disable()  # applications fail on purpose
    tally: Counter[str] = Counter()
    with Twin() as twin, asyncio.Runner() as runner:

        @seed(options.seed)
        @settings(
            max_examples=-(-options.cases // options.each),
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=SUPPRESSED,
        )
        @given(case=cases(options.each))
        def run(case: Case) -> None:
            check(case, twin, runner, tally)

        run()
    print(
        f"{tally['requests']} requests to {tally['applications']} applications answered alike by every way,"
        f" {tally['native server']} of them over a socket, {tally['rsgi']} over RSGI"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
