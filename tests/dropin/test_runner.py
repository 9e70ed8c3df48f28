"""`python -m pronghorn.dropin …` runs a program exactly as `python …` does."""

import zipfile
from pathlib import Path

import pytest

from pronghorn.dropin.runner import USAGE, main
from tests.dropin.modules import imported
from tests.dropin.programs import output_of, run, under_dropin

SHOW = """\
import sys
print(__name__, sys.argv, sys.path[0], globals().get("__file__"), __package__)
print(__spec__ and __spec__.name, sys.modules["__main__"].__dict__ is globals())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "script.py").write_text(SHOW)
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(SHOW)
    (package / "module.py").write_text(SHOW)
    (package / "inner").mkdir()
    (package / "inner" / "__init__.py").touch()
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ["script.py", "one", "--two"],
        ["-m", "script", "one"],
        ["-m", "package", "-m", "one"],
        ["-m", "package.module"],
        ["-c", SHOW, "one"],
        ["package"],
        ["archive.zip", "one"],
    ],
)
def test_a_program_sees_what_python_shows_it(folder: Path, arguments: list[str]) -> None:
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.writestr("__main__.py", SHOW)
    assert under_dropin(*arguments, cwd=folder) == output_of(*arguments, cwd=folder)


def test_exit_codes_and_uncaught_errors_are_the_programs_own(folder: Path) -> None:
    assert run("-m", "pronghorn.dropin", "-c", "raise SystemExit(7)", cwd=folder).returncode == 7
    failed = run("-m", "pronghorn.dropin", "-c", "1 / 0", cwd=folder)
    assert failed.returncode == 1
    assert failed.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_exit_handlers_still_find_the_programs_globals(folder: Path) -> None:
    code = "import atexit\nword = 'kept'\natexit.register(lambda: print(word, __import__('__main__').word))"
    assert under_dropin("-c", code, cwd=folder) == "kept kept"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-m", "no_such_module"], "No module named no_such_module"),
        (["-m", "no_such_package.module"], "No module named no_such_package"),
        (["-m", "package.inner"], "cannot be run"),
        (["-m", "sys"], "no Python code"),
        (["no_such_file.py"], "can't open file 'no_such_file.py'"),
        (["package/inner"], "can't find '__main__' module"),
    ],
)
def test_a_program_that_is_not_there_is_told(folder: Path, arguments: list[str], message: str) -> None:
    done = run("-m", "pronghorn.dropin", *arguments, cwd=folder)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [[], ["-m"], ["-c"], ["-x", "script.py"]])
def test_anything_else_is_answered_with_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert capsys.readouterr().err == USAGE


def test_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    assert capsys.readouterr().out == USAGE


@pytest.mark.parametrize(
    "name", ["pronghorn.__main__", "pronghorn.dropin.__main__", "pronghorn.cli.fastapi_program"]
)
def test_importing_a_program_does_not_run_it(name: str) -> None:
    imported(name)
