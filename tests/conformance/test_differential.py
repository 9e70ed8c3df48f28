"""What counts as a difference between FastAPI's answers and ours."""

from dataclasses import replace
from typing import Any

import pytest

from conformance.differential.cases import Answers, Case
from conformance.differential.compare import first_difference_of
from conformance.differential.on_purpose import is_meant
from conformance.differential.ways import comparable, is_broken_off, suits_rsgi, suits_socket
from pronghorn import FastAPI
from tests.differential.declared import Made
from tests.differential.outcomes import Asked, Outcome

ASKED = Asked(headers=((b"host", b"test"),))
FINE = Outcome(200, [(b"content-length", b"2")], b"{}", ["called", "sent"])
REAL = Answers([("GET", "/a")], '{"paths": {"/a": {}}}', [FINE])
CASE = Case(Made(FastAPI(), [("GET", "/a")], []), b"", (ASKED,))


def test_equal_answers_do_not_differ() -> None:
    assert first_difference_of(CASE, REAL, replace(REAL)) is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"paths": []}, "operations: []"),
        ({"document": '{"paths": {"/b": {}}}'}, "document: /paths: keys ['/b']"),
        ({"document": "ValueError: no"}, "document: ValueError: no"),
        ({"outcomes": [replace(FINE, status=201)]}, ": status\n    ours    201\n    FastAPI 200"),
        ({"outcomes": [replace(FINE, headers=[])]}, ": headers"),
        ({"outcomes": [replace(FINE, body=b"[]")]}, ": body"),
        ({"outcomes": [replace(FINE, error="ValueError: no")]}, ": error"),
        ({"outcomes": [replace(FINE, log=["sent", "called"])]}, ": log"),
    ],
)
def test_a_difference_is_told(change: dict[str, Any], told: str) -> None:
    assert told in str(first_difference_of(CASE, REAL, replace(REAL, **change)))


def test_a_case_that_fastapi_refuses_is_a_difference() -> None:
    assert first_difference_of(CASE, "AssertionError: no", REAL) == "FastAPI refuses: AssertionError: no"


def test_a_rejected_nan_may_be_answered_with_422() -> None:
    real = Outcome(500, error="ValueError: Out of range float values are not JSON compliant: nan")

    assert is_meant(real, Outcome(422))
    assert not is_meant(real, Outcome(200))
    assert not is_meant(Outcome(500, error="ValueError: other"), Outcome(422))


def test_a_rejected_surrogate_may_be_answered_with_422() -> None:
    message = "'utf-8' codec can't encode character '\\ud800': surrogates not allowed"

    assert is_meant(Outcome(463, body=message.encode()), Outcome(422))
    assert is_meant(Outcome(500, error="'utf-8' codec can't decode byte 0xff"), Outcome(422))
    assert not is_meant(Outcome(500, error=message), Outcome(500, error=message + "!"))


def test_a_swallowed_exception_may_be_told_of_otherwise() -> None:
    real = Outcome(500, error="UnboundLocalError: cannot access local variable 'response' where")

    assert is_meant(real, Outcome(500, error="FastAPIError: Response not awaited."))
    assert not is_meant(real, Outcome(200))
    assert not is_meant(Outcome(500, error="UnboundLocalError: x"), Outcome(500, error="FastAPIError: y"))
    assert not is_meant(real, Outcome(500, error="KeyError: z"))


def test_a_swallowed_exception_may_be_told_of_to_a_dependency_alone() -> None:
    real = Outcome(418, log=["('dep0', 'left', 'loop', 'dep0', 'UnboundLocalError')", "'sent'"])
    ours = replace(real, log=["('dep0', 'left', 'loop', 'dep0', 'FastAPIError')", "'sent'"])

    assert is_meant(real, ours)
    assert not is_meant(real, replace(ours, status=500))
    assert not is_meant(real, replace(ours, log=ours.log[:1]))
    assert not is_meant(ours, real)


def test_a_205_may_tell_of_another_length() -> None:
    real, ours = Outcome(205, [(b"content-length", b"4")]), Outcome(205, [(b"content-length", b"0")])

    assert is_meant(real, ours)
    assert not is_meant(real, replace(ours, body=b"x"))
    assert not is_meant(replace(real, status=200), replace(ours, status=200))


def test_servers_answer_for_the_connection_and_leave_out_bodies() -> None:
    outcome = Outcome(200, [(b"Date", b"now"), (b"X-B", b"1"), (b"a", b"2")], b"body", ["log"])

    assert comparable(outcome, Asked()) == Outcome(200, [(b"a", b"2"), (b"x-b", b"1")], b"body")
    assert comparable(outcome, Asked("HEAD")).body == b""
    no_content = replace(outcome, status=204, headers=[(b"content-length", b"4")])
    assert comparable(no_content, Asked()) == Outcome(204)


def test_what_can_be_asked_of_a_server() -> None:
    assert suits_socket(ASKED)
    assert suits_rsgi(ASKED)
    assert not suits_socket(Asked())
    for asked in (
        replace(ASKED, root_path="/root"),
        replace(ASKED, body=b"{}"),
        replace(ASKED, headers=(*ASKED.headers, (b"content-length", b"3")), body=b"{}"),
    ):
        assert not suits_socket(asked)
        assert not suits_rsgi(asked)
    assert not suits_rsgi(replace(ASKED, headers=((b"x", b"\xe9"),)))


def test_an_error_after_the_start_breaks_a_response_off() -> None:
    assert is_broken_off(Outcome(200, error="ValueError: late"))
    assert not is_broken_off(Outcome(500, error="ValueError: handled"))
    assert not is_broken_off(FINE)
