"""What becomes of tests that failed beside others."""

from collections import Counter

from conformance.__main__ import Record

FIRST = Record(
    outcomes={"a": "passed", "b": "failed", "c": "failed", "d": "failed"},
    reasons={
        "b": "Failed: Timeout (>20.0s) from pytest-timeout.",
        "c": "subprocess.TimeoutExpired: Command '[...]' timed out after 15 seconds",
        "d": "AssertionError: assert 1 == 2",
    },
    requests=Counter({"native": 3}),
)


def test_what_is_left_out_does_not_run_again() -> None:
    assert FIRST.failed({"d": "private"}) == ["b", "c"]


def test_the_second_run_decides() -> None:
    second = Record({"b": "passed", "c": "failed"}, {"c": "AssertionError"}, Counter({"native": 2}))

    corrected = FIRST.corrected(second)

    assert corrected.outcomes == {"a": "passed", "b": "passed", "c": "failed", "d": "failed"}
    assert corrected.reasons == {"c": "AssertionError", "d": "AssertionError: assert 1 == 2"}
    assert corrected.requests == Counter({"native": 5})
    assert corrected.failed({}) == ["c", "d"]
