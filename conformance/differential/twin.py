"""The process in which the real FastAPI answers.

Reads blobs from standard input, each of which says what hypothesis drew for a case; makes the same case
of it, with `pronghorn` being FastAPI here; writes the answers. Both directions are pickles.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import sys
import warnings

from hypothesis import Verbosity, given, reproduce_failure, settings
from hypothesis import __version__ as hypothesis_version

import tests.examples.on_fastapi  # first of all: from here on, `pronghorn` is FastAPI
from conformance.differential.cases import Answers, Case, answers_to, cases
from tests.differential.outcomes import ask_by_asgi

assert tests.examples.on_fastapi.AliasFinder.__module__ in sys.modules


class Drawn(Exception):
    """Carries a case out of the test that drew it: replaying wants an error."""

    def __init__(self, case: Case) -> None:
        self.case = case


def replay(blob: bytes) -> Case:
    """The case that `blob` tells of."""

    @reproduce_failure(hypothesis_version, blob)
    @settings(database=None, deadline=None, verbosity=Verbosity.quiet)
    @given(case=cases())
    def draw(case: Case) -> None:
        raise Drawn(case)

    try:
        draw()
    except Drawn as drawn:
        return drawn.case
    raise AssertionError("a replay ends with an error")


def answer(blob: bytes, runner: asyncio.Runner) -> Answers | str:
    """FastAPI's answers; an error's text where the case cannot be made here."""
    try:
        case = replay(blob)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return runner.run(answers_to(case, ask_by_asgi))


def main() -> None:
    """Answer until the input ends."""
    warnings.simplefilter("ignore")
    logging.disable()  # applications fail on purpose
    with asyncio.Runner() as runner:
        while True:
            try:
                blob = pickle.load(sys.stdin.buffer)
            except EOFError:
                return
            pickle.dump(answer(blob, runner), sys.stdout.buffer)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
