"""The process in which the real FastAPI answers.

Reads from standard input what hypothesis drew for an application, and requests; makes the same application
of it, with `pronghorn` being FastAPI here; writes the answers. Both directions are pickles.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import sys
import warnings
from collections.abc import Sequence

from hypothesis import Verbosity, given, reproduce_failure, settings
from hypothesis import __version__ as hypothesis_version

import tests.examples.on_fastapi  # first of all: from here on, `pronghorn` is FastAPI
from conformance.differential.cases import Answers, answers_to
from tests.differential.declared import Made, applications
from tests.differential.outcomes import Asked, ask_by_asgi

assert tests.examples.on_fastapi.AliasFinder.__module__ in sys.modules


class Drawn(Exception):
    """Carries an application out of the test that drew it: replaying wants an error."""

    def __init__(self, made: Made) -> None:
        self.made = made


def replay(blob: bytes) -> Made:
    """The application that `blob` tells of."""

    @reproduce_failure(hypothesis_version, blob)
    @settings(database=None, deadline=None, verbosity=Verbosity.quiet)
    @given(made=applications())
    def draw(made: Made) -> None:
        raise Drawn(made)

    try:
        draw()
    except Drawn as drawn:
        return drawn.made
    raise AssertionError("a replay ends with an error")


def answer(blob: bytes, requested: Sequence[Asked], runner: asyncio.Runner) -> Answers | str:
    """FastAPI's answers; an error's text where the application cannot be made here."""
    try:
        made = replay(blob)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return runner.run(answers_to(made, requested, ask_by_asgi))


def main() -> None:
    """Answer until the input ends."""
    warnings.simplefilter("ignore")
    logging.disable()  # applications fail on purpose
    with asyncio.Runner() as runner:
        while True:
            try:
                blob, requested = pickle.load(sys.stdin.buffer)
            except EOFError:
                return
            pickle.dump(answer(blob, requested, runner), sys.stdout.buffer)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
