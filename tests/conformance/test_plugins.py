"""How trying a package of the ecosystem on FastAPI and on Pronghorn is judged."""

from collections.abc import Mapping

from conformance.plugins.__main__ import complaints_about
from conformance.plugins.packages import Package, read_packages
from conformance.plugins.trial import Run, Trial
from conformance.upstream import REPOSITORY

PACKAGE = Package("shop-plugin", "1.0", not_compared={"tests/test_time.py": "depends on the clock"})


def trial(
    fastapi: Mapping[str, str],
    pronghorn: Mapping[str, str],
    own: tuple[Mapping[str, str], Mapping[str, str]] | None = None,
    package: Package = PACKAGE,
) -> Trial:
    failing = Run(pronghorn, {"use::test_a": "a\nreason"})
    use = {"FastAPI": Run(fastapi), "Pronghorn": failing, "native server": Run(pronghorn)}
    runs = {"FastAPI": Run(own[0]), "Pronghorn": Run(own[1])} if own else {}
    return Trial(package, use, runs)


def test_every_package_is_pinned_and_has_a_use() -> None:
    packages = read_packages()
    assert len({package.name for package in packages}) == len(packages) >= 16
    assert [package.name for package in packages if not package.use.is_file()] == []
    assert [package.name for package in packages if package.tests and len(package.sha256) != 64] == []
    assert all(reason for package in packages for reason in package.not_compared.values())


def test_the_documentation_lists_every_package_with_its_version() -> None:
    page = (REPOSITORY / "docs" / "moving-from-fastapi.md").read_text("utf-8")
    rows = [f"| {package.name} | {package.version} |" for package in read_packages()]
    assert [row for row in rows if row not in page] == []


def test_requirements_name_the_pinned_version_and_the_extras() -> None:
    assert Package("shop", "2.1", extras=("a", "b")).requirement == "shop[a,b]==2.1"
    assert Package("shop", "2.1").requirement == "shop==2.1"


def test_nothing_is_said_when_the_same_tests_pass() -> None:
    same = trial({"use::test_a": "passed"}, {"use::test_a": "passed"})
    assert list(complaints_about(same)) == []


def test_a_use_that_fails_on_pronghorn_is_told_for_each_way() -> None:
    lost = trial({"use::test_a": "passed"}, {"use::test_a": "failed"})
    assert list(complaints_about(lost)) == [
        "shop-plugin: use::test_a (Pronghorn) passes on FastAPI only: a reason",
        "shop-plugin: use::test_a (native server) passes on FastAPI only: did not run",
    ]


def test_own_tests_are_compared_one_by_one() -> None:
    fine = {"use::test_a": "passed"}
    own = (
        {"tests/a.py::test_b": "passed", "tests/a.py::test_c": "failed", "tests/test_time.py::t": "passed"},
        {"tests/a.py::test_b": "skipped", "tests/a.py::test_c": "passed"},
    )
    assert list(complaints_about(trial(fine, fine, own))) == [
        "shop-plugin: tests/a.py::test_b (Pronghorn) passes on FastAPI only: did not run"
    ]


def test_own_tests_must_run() -> None:
    fine = {"use::test_a": "passed"}
    assert list(complaints_about(trial(fine, fine, ({}, {})))) == [
        "shop-plugin: none of its own tests passes on FastAPI"
    ]


def test_a_use_must_pass_on_fastapi_unless_a_true_reason_is_given() -> None:
    fine, failing = {"use::test_a": "passed"}, {"use::test_a": "failed"}
    assert list(complaints_about(trial(failing, fine))) == [
        "shop-plugin: use::test_a fails on FastAPI itself: failed"
    ]
    refused = Package("shop-plugin", "1.0", refused_by_fastapi="needs an older one")
    assert list(complaints_about(trial(failing, failing, package=refused))) == []
    assert list(complaints_about(trial(fine, fine, package=refused))) == [
        "shop-plugin: works on FastAPI, although 'needs an older one' is noted"
    ]


def test_an_empty_use_is_no_success() -> None:
    assert list(complaints_about(trial({}, {}))) == ["shop-plugin: its use has no test"]


def test_a_test_with_made_up_parameters_is_known_by_its_function() -> None:
    on_fastapi = Run({"a::test_b[x1]": "passed", "a::test_b[x2]": "passed", "a::test_c[x]": "passed"})
    on_pronghorn = Run({"a::test_b[y1]": "passed", "a::test_b[y2]": "failed", "a::test_c[y]": "failed"})
    assert on_fastapi.passed_beside(on_pronghorn) == {"a::test_b[x2]", "a::test_c[x]"}
    assert on_fastapi.passed_beside(on_fastapi) == set()
