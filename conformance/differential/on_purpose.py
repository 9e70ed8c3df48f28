"""What may differ, one function a line of the table in docs/compatibility.md."""

from __future__ import annotations

import re
from dataclasses import replace

from tests.differential.outcomes import Outcome

_UNBOUND = "cannot access local variable 'response'"
_LEFT_BY = re.compile(r"(?<=, )'UnboundLocalError'(?=\)$)")
_UNSAYABLE = (
    "Out of range float values are not JSON compliant",
    "surrogates not allowed",
    "codec can't decode byte",
)


def is_meant(real: Outcome, ours: Outcome) -> bool:
    """Whether our answer to a request differs from FastAPI's only as the table says."""
    return (
        is_rejected_nan(real, ours)
        or is_swallowed(real, ours)
        or _without_length(real) == _without_length(ours)
    )


def is_rejected_nan(real: Outcome, ours: Outcome) -> bool:
    """What JSON or UTF-8 cannot say, in what is sent back about a rejected body: 422, not an error about the error."""
    if real.status not in (500, 463, None) or ours.status != 422:
        return False
    return any(words in text for words in _UNSAYABLE for text in _texts(real))


def is_swallowed(real: Outcome, ours: Outcome) -> bool:
    """An exception that the exit of a dependency of scope "function" swallowed: the error says so.

    A dependency around it may be all that meets the error, and raise another: then only its log tells.
    """
    if replace(real, log=[_LEFT_BY.sub("'FastAPIError'", one) for one in real.log]) == ours:
        return True
    if real.status != ours.status or not any(_UNBOUND in one for one in _texts(real)):
        return False
    return any("FastAPIError" in one or "Response not awaited" in one for one in _texts(ours))


def _texts(outcome: Outcome) -> list[str]:
    """Where the message of an error may be found."""
    return [*outcome.log, outcome.error or "", outcome.body.decode("latin-1")]


def _without_length(outcome: Outcome) -> Outcome:
    """A 205 is sent without a body, so no length of one is declared."""
    if outcome.status != 205:
        return outcome
    headers = [(name, value) for name, value in outcome.headers if name != b"content-length"]
    return replace(outcome, headers=headers)
