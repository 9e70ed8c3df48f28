"""What may differ, one function a line of the table in docs/compatibility.md."""

from __future__ import annotations

from dataclasses import replace

from tests.differential.outcomes import Outcome

_NOT_JSON = "Out of range float values are not JSON compliant"
_NOT_UTF8 = "surrogates not allowed"


def is_meant(real: Outcome, ours: Outcome) -> bool:
    """Whether our answer to a request differs from FastAPI's only as the table says."""
    return is_rejected_nan(real, ours) or _without_length(real) == _without_length(ours)


def is_rejected_nan(real: Outcome, ours: Outcome) -> bool:
    """NaN or infinity in what is sent back about a rejected body: 422, not an error about the error.

    Beside a lone surrogate, which UTF-8 cannot say, it is still an error: another one, of the same status.
    """
    if real.status not in (500, 463, None) or not any(_NOT_JSON in one for one in _texts(real)):
        return False
    return ours.status == 422 or (
        ours.status == real.status and any(_NOT_UTF8 in one for one in _texts(ours))
    )


def _texts(outcome: Outcome) -> list[str]:
    """Where the message of an error may be found."""
    return [*outcome.log, outcome.error or "", outcome.body.decode("latin-1")]


def _without_length(outcome: Outcome) -> Outcome:
    """A 205 is sent without a body, so no length of one is declared."""
    if outcome.status != 205:
        return outcome
    headers = [(name, value) for name, value in outcome.headers if name != b"content-length"]
    return replace(outcome, headers=headers)
