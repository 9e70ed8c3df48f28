"""What an exception from the user's code is turned into."""

import subprocess
import sys
from pathlib import Path

import pytest

from pronghorn.cli.problems import Problem, explain_exception, likely_fix


def raised_by(source: str, folder: Path) -> Problem:
    """The problem that running `source`, a file of the user's, ends in."""
    file = folder / "shop.py"
    file.write_text(source)
    try:
        exec(compile(source, str(file), "exec"), {"__name__": "shop", "__package__": ""})
    except BaseException as error:
        return explain_exception(error)
    raise AssertionError("expected an exception")


def test_the_users_own_frame_is_named_though_the_error_is_raised_in_a_library(tmp_path: Path) -> None:
    problem = raised_by("import json\n\ndef read():\n    json.loads('{')\n\nread()\n", tmp_path)
    assert problem.where == f"{tmp_path}/shop.py:4 in read"
    assert problem.source == "json.loads('{')"
    assert problem.message.startswith("JSONDecodeError: Expecting property name")


def test_a_place_below_the_working_directory_is_told_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert raised_by("1 / 0\n", tmp_path).where == "shop.py:1"


def test_an_exception_without_a_message_is_told_by_its_type(tmp_path: Path) -> None:
    assert raised_by("raise KeyboardInterrupt\n", tmp_path).message == "KeyboardInterrupt"


def test_a_syntax_error_is_placed_where_it_is(tmp_path: Path) -> None:
    problem = raised_by("x = 1\ndef f(:\n", tmp_path)
    assert problem.where == f"{tmp_path}/shop.py:2"
    assert problem.source == "def f(:"
    assert problem.message == "SyntaxError: invalid syntax"


def test_a_syntax_error_without_a_place_has_none() -> None:
    problem = explain_exception(SyntaxError("odd"))
    assert (problem.where, problem.source) == (None, None)


def test_an_exception_from_a_library_alone_has_no_place() -> None:
    code = "from pronghorn.cli.problems import explain_exception as e; print(e(ValueError('x')).where)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "None"


@pytest.mark.parametrize(
    ("source", "fix"),
    [
        ("raise ModuleNotFoundError('No module', name='fastapi.routing')", "--drop-in"),
        ("import nowhere_at_all", "pip install nowhere_at_all"),
        ("from . import other", "__init__.py"),
        (
            "raise ImportError('cannot import name x (most likely due to a circular import)')",
            "import each other",
        ),
        (
            "raise RuntimeError('Form data requires \"python-multipart\" to be installed.')",
            "pronghorn[standard]",
        ),
    ],
)
def test_the_likely_fix_is_offered(tmp_path: Path, source: str, fix: str) -> None:
    assert fix in str(raised_by(source, tmp_path).fix)


def test_no_fix_is_invented() -> None:
    assert likely_fix(ValueError("odd")) is None
    assert likely_fix(ModuleNotFoundError("no name given")) is None


def test_notes_on_an_exception_are_kept(tmp_path: Path) -> None:
    source = "error = ValueError('odd')\nerror.add_note('In parameter q')\nraise error\n"
    assert raised_by(source, tmp_path).notes == ("In parameter q",)


def test_a_note_that_says_what_to_do_is_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = f"error = ValueError('odd')\nerror.add_note('In q, at {tmp_path}/shop.py:3')\n"
    problem = raised_by(f"{source}error.add_note('Fix: drop it')\nraise error\n", tmp_path)
    assert (problem.notes, problem.fix) == (("In q, at shop.py:3",), "drop it")
