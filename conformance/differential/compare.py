"""Compares what Pronghorn and the real FastAPI answer, case by case.

`--cases N` requests are made (at least), from the seed `--seed S`: the same ones at every run. The first
difference that nobody has meant is made as small as can be, printed, and ends the run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import pickle
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from types import TracebackType

from hypothesis import Phase, given, seed, settings
from hypothesis.control import current_build_context
from hypothesis.core import encode_failure

from conformance.differential.cases import REQUESTS, Answers, Case, answers_to, cases
from conformance.differential.on_purpose import is_meant
from conformance.docs_src import first_difference
from tests.differential.effort import SUPPRESSED
from tests.differential.ways import WAYS


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

    def answers(self, blob: bytes) -> Answers | str:
        """What FastAPI answers to a case."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump(blob, self._process.stdin)
        self._process.stdin.flush()
        answers: Answers | str = pickle.load(self._process.stdout)
        return answers


def check(case: Case, twin: Twin, runner: asyncio.Runner, tally: Counter[str]) -> None:
    """Compare all answers to one case.

    Raises:
        AssertionError: they differ.
    """
    real = twin.answers(encode_failure(current_build_context().data.choices))
    for way, ask in WAYS.items():
        difference = first_difference_of(case, real, runner.run(answers_to(case, ask)))
        assert difference is None, f"{way}: {difference}"
    tally["applications"] += 1
    tally["requests"] += len(case.asked)


def first_difference_of(case: Case, real: Answers | str, ours: Answers) -> str | None:
    """In what our answers to a case differ first; None where they do not."""
    if isinstance(real, str):
        return f"FastAPI refuses: {real}"
    if real.paths != ours.paths:
        return f"operations: {ours.paths}, FastAPI has {real.paths}"
    if real.document != ours.document:
        return f"document: {_document_difference(real.document, ours.document)}"
    for asked, expected, found in zip(case.asked, real.outcomes, ours.outcomes, strict=True):
        if is_meant(expected, found):
            continue
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
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    tally: Counter[str] = Counter()
    with Twin() as twin, asyncio.Runner() as runner:

        @seed(options.seed)
        @settings(
            max_examples=-(-options.cases // REQUESTS),
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=SUPPRESSED,
        )
        @given(case=cases())
        def run(case: Case) -> None:
            check(case, twin, runner, tally)

        run()
    print(f"{tally['requests']} requests to {tally['applications']} applications answered alike")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
