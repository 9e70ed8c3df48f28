"""What a user's type checker reports, and what it does not, over the files in typing_tests/."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "typing_tests").glob("*.py"))
MARK = re.compile(r"# error(?:: (\w+))?$")
MYPY_ERROR = re.compile(r"^(?:.*/)?typing_tests/(\w+\.py):(\d+):(?:\d+:)? error: (.*)$", re.MULTILINE)

Reports = dict[tuple[str, int], str]


def marked(checker: str) -> set[tuple[str, int]]:
    """File and line of every mark that `checker` has to meet."""
    found: set[tuple[str, int]] = set()
    for file in FILES:
        for number, line in enumerate(file.read_text().splitlines(), start=1):
            mark = MARK.search(line)
            if mark and mark[1] in (None, checker):
                found.add((file.name, number))
    return found


def run(*command: str) -> str:
    tool = Path(sys.executable).with_name(command[0])
    return subprocess.run([tool, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False).stdout


def mypy() -> Reports:
    """What mypy --strict reports; its configuration is the project's."""
    output = run("mypy", "--no-error-summary", "--no-pretty", "typing_tests")
    return {(file, int(line)): text for file, line, text in MYPY_ERROR.findall(output)}


def pyright() -> Reports:
    """What pyright reports in its standard mode."""
    report = json.loads(run("pyright", "--outputjson", "typing_tests"))
    errors = [item for item in report["generalDiagnostics"] if item["severity"] == "error"]
    return {(Path(item["file"]).name, item["range"]["start"]["line"] + 1): item["message"] for item in errors}


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_exactly_the_marked_lines_are_reported(checker: Callable[[], Reports]) -> None:
    reports = checker()
    expected = marked(checker.__name__)

    unexpected = {place: text for place, text in reports.items() if place not in expected}
    missed = expected - set(reports)
    assert (unexpected, missed) == ({}, set())
