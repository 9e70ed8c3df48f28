"""How the outcomes of a run of FastAPI's suite are judged."""

from pathlib import Path

from conformance.docs_src import first_difference
from conformance.verdict import covering_line, judge, read_left_out


def test_every_listed_line_has_a_reason() -> None:
    listed = read_left_out(Path(__file__).parents[2] / "conformance" / "left_out.toml")
    assert listed
    assert all(len(reason) > 20 and "not yet" not in reason for reason in listed.values())


def test_outcomes_are_sorted_by_what_they_mean() -> None:
    outcomes = {
        "tests/test_a.py::test_ok": "passed",
        "tests/test_a.py::test_bad": "failed",
        "tests/test_a.py::test_private[1]": "failed",
        "tests/test_a.py::test_skip": "skipped",
        "tests/test_b.py": "failed",
    }
    verdict = judge(outcomes, {"tests/test_a.py::test_private": "reason", "tests/test_b.py": "reason"})
    assert verdict.passed == ["tests/test_a.py::test_ok"]
    assert verdict.failed == ["tests/test_a.py::test_bad"]
    assert verdict.left_out == ["tests/test_a.py::test_private[1]", "tests/test_b.py"]
    assert verdict.skipped == ["tests/test_a.py::test_skip"]
    assert not verdict.good


def test_a_listed_test_that_passes_is_an_error() -> None:
    verdict = judge({"tests/test_a.py::test_x": "passed"}, {"tests/test_a.py": "reason"})
    assert verdict.wrongly_left_out == ["tests/test_a.py::test_x"]
    assert not verdict.good


def test_a_line_that_meets_no_test_is_an_error_in_a_whole_run_only() -> None:
    outcomes, listed = {"tests/test_a.py::test_x": "passed"}, {"tests/test_gone.py": "reason"}
    assert judge(outcomes, listed).wrongly_left_out == ["tests/test_gone.py"]
    assert judge(outcomes, listed, whole_suite=False).good


def test_the_most_specific_line_covers_a_test() -> None:
    listed = {"t.py": "file", "t.py::Class": "class", "t.py::f": "function", "t.py::f[a]": "case"}
    assert covering_line("t.py::f[a]", listed) == "t.py::f[a]"
    assert covering_line("t.py::f[b::c]", listed) == "t.py::f"
    assert covering_line("t.py::Class::m", listed) == "t.py::Class"
    assert covering_line("t.py::other", listed) == "t.py"
    assert covering_line("u.py::f", listed) is None


def test_the_first_difference_of_documents_is_placed() -> None:
    assert first_difference({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}) == "/a/1/b: 3, FastAPI has 2"
    assert (
        first_difference({"a": 1, "b": 2}, {"b": 2, "a": 1}) == "/: keys ['b', 'a'], FastAPI has ['a', 'b']"
    )
    assert first_difference([1], [1, 2]) == ": [1, 2], FastAPI has [1]"
    assert first_difference([1], [True]) == "/0: True, FastAPI has 1"
    assert first_difference({"a": [1]}, {"a": [1]}) is None
