"""A pytest plugin for the suites of others: writes down the outcome of every test.

Loaded into a suite's own pytest with `-p recorder`; writes JSON to the file that the environment
variable `CONFORMANCE_RECORD` names.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path

import pytest

_outcomes: dict[str, str] = {}
_reasons: dict[str, str] = {}


def pytest_sessionstart() -> None:
    """Refuse to run on another framework than the one that is meant, Pronghorn unless told otherwise."""
    fastapi, pronghorn = import_module("fastapi"), sys.modules.get("pronghorn")
    is_ours = pronghorn is not None and fastapi.FastAPI is pronghorn.FastAPI
    found, wanted = "pronghorn" if is_ours else "fastapi", os.environ.get("CONFORMANCE_ON", "pronghorn")
    assert found == wanted, f"the tests would run on {found}, not on {wanted}"


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """A file that cannot be imported counts as one failure."""
    if report.failed:
        _fail(report)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """The worst of set-up, call and tear-down is the test's outcome."""
    if report.failed:
        _fail(report)
    elif report.when == "call" or report.skipped:
        kind = "xfailed" if hasattr(report, "wasxfail") else report.outcome
        _outcomes.setdefault(report.nodeid, kind)


def _fail(report: pytest.CollectReport | pytest.TestReport) -> None:
    _outcomes[report.nodeid] = "failed"
    crash = getattr(report.longrepr, "reprcrash", None)
    _reasons[report.nodeid] = crash.message if crash is not None else str(report.longrepr)[-600:]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Only the controller of a distributed run writes."""
    if hasattr(session.config, "workerinput"):
        return
    record = {"outcomes": _outcomes, "reasons": _reasons}
    Path(os.environ["CONFORMANCE_RECORD"]).write_text(json.dumps(record, indent=0))
