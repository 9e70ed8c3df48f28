"""The tables of requests against the reader alone, without sockets: each also cut at every byte."""

from __future__ import annotations

import pytest

from reliability.cases.case import Case
from reliability.cases.malformed import FIELDS, LIMITS, LINES, MALFORMED, VERSIONS
from reliability.cases.rules import ANSWERS
from reliability.cases.smuggling import CHUNKS, CODINGS, ENDS, LENGTHS
from tests.server.test_reader import outcome, read

INVALID = (*MALFORMED, *LENGTHS, *CODINGS, *CHUNKS)
VALID = tuple(case for case in (*ANSWERS, *ENDS) if len(case.data) < 400)


def named(cases: tuple[Case, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


def test_the_tables_are_whole() -> None:
    names = [case.name for case in (*INVALID, *VALID)]
    assert len(names) == len(set(names))
    assert len(MALFORMED) == len((*LINES, *VERSIONS, *FIELDS, *LIMITS))
    assert len(INVALID) >= 160


@named(INVALID)
def test_what_is_invalid_is_refused_and_nothing_after_it_read(case: Case) -> None:
    reader = read(case.data)
    assert reader.refusal is not None
    assert 400 <= reader.refusal.status < 506
    assert "happened" not in [request.path.strip("/") for request in reader.requests]


@named(tuple(case for case in INVALID if len(case.data) < 400))
def test_what_is_invalid_is_refused_wherever_it_is_cut(case: Case) -> None:
    for cut in range(1, len(case.data)):
        assert read(case.data[:cut], case.data[cut:]).refusal is not None


@named(VALID)
def test_what_is_valid_is_the_same_wherever_it_is_cut(case: Case) -> None:
    expected = outcome(case.data)
    for cut in range(1, len(case.data)):
        assert outcome(case.data[:cut], case.data[cut:]) == expected
    assert outcome(*(case.data[i : i + 1] for i in range(len(case.data)))) == expected
