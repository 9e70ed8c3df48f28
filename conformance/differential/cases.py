"""What is compared: an application with requests to it, and everything that it answers.

Imported on both sides, so only the public API is used here.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.control import current_build_context
from hypothesis.core import encode_failure

from pronghorn import FastAPI
from tests.differential.asked import requests
from tests.differential.declared import Made, applications
from tests.differential.outcomes import LOG, Asked, Outcome, told

_ADDRESS = re.compile(" at 0x[0-9a-f]+")

Ask = Callable[[FastAPI, Asked], Coroutine[Any, Any, Outcome]]


@dataclass(frozen=True)
class Case:
    """An application and what it is asked.

    Attributes:
        made: the application.
        blob: what hypothesis drew for it, by which another process makes the same one.
        asked: the requests.
    """

    made: Made
    blob: bytes
    asked: tuple[Asked, ...]


@st.composite
def cases(draw: st.DrawFn, each: int) -> Case:
    """An application with something to ask, and ``each`` requests to it."""
    made = draw(applications())
    blob = encode_failure(current_build_context().data.choices)
    return Case(made, blob, tuple(draw(requests(made)) for _ in range(each)))


@dataclass
class Answers:
    """All that an application has shown.

    Attributes:
        paths: its operations; what is refused is missing.
        document: its OpenAPI document as JSON, or the error that it met.
        outcomes: what came of each request.
    """

    paths: list[tuple[str, str]]
    document: str
    outcomes: list[Outcome]


async def answers_to(made: Made, requested: Sequence[Asked], ask: Ask) -> Answers:
    """Ask an application everything."""
    return Answers(
        made.paths,
        document_of(made.app),
        [await outcome_of(made.app, asked, ask) for asked in requested],
    )


async def outcome_of(app: FastAPI, asked: Asked, ask: Ask) -> Outcome:
    """What came of one request, with what the application's code did for it."""
    LOG.clear()
    outcome = await asyncio.wait_for(ask(app, asked), 60)
    outcome.log = [_ADDRESS.sub("", repr(entry)) for entry in LOG]
    return outcome


def document_of(app: FastAPI) -> str:
    """The OpenAPI document as JSON; the order of its keys counts, readers see it."""
    try:
        return json.dumps(app.openapi())
    except Exception as error:
        return str(told(error))
