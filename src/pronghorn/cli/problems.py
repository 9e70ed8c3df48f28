"""What went wrong before an application could start, told in a few lines.

A `Problem` names what was found, where (the user's own file and line), and the likely fix. An
exception that the user's code raises while it is imported becomes one through `explain_exception`.
"""

from __future__ import annotations

import linecache
import os
import sysconfig
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

_FIX = "Fix: "
"""How a note on an exception begins that says what to do."""

_OUR_FILES = str(Path(__file__).parent.parent)
_LIBRARY_FOLDERS = tuple(
    {sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")}
)


class Problem(Exception):
    """A failure to show without a traceback.

    Args:
        message: what was found, and what was expected.
        where: the place, as `file:line in function` or the setting's name.
        source: the line of source at that place.
        notes: what else is known, such as the parameter that a declaration is wrong about.
        fix: what the user can do.
    """

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        source: str | None = None,
        notes: tuple[str, ...] = (),
        fix: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.source = source
        self.notes = notes
        self.fix = fix


def explain_exception(error: BaseException) -> Problem:
    """The problem that an exception from the user's code stands for, with the exception as its cause."""
    where, source = (
        _syntax_place(error) if isinstance(error, SyntaxError) else _user_place(error.__traceback__)
    )
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    notes = [note.replace(f"{Path.cwd()}{os.sep}", "") for note in getattr(error, "__notes__", ())]
    fixes = [note.removeprefix(_FIX) for note in notes if note.startswith(_FIX)]
    problem = Problem(
        f"{type(error).__name__}: {text}" if text else type(error).__name__,
        where=where,
        source=source,
        notes=tuple(note for note in notes if not note.startswith(_FIX)),
        fix=fixes[0] if fixes else likely_fix(error),
    )
    problem.__cause__ = error
    return problem


def likely_fix(error: BaseException) -> str | None:
    """What most often helps against this exception while an application is imported, if anything."""
    return next((fix for rule in _RULES if (fix := rule(error)) is not None), None)


def _missing_module(error: BaseException) -> str | None:
    if not isinstance(error, ModuleNotFoundError) or error.name is None:
        return None
    top = error.name.partition(".")[0]
    if top == "fastapi":
        return "run it with --drop-in (Pronghorn answers to the name fastapi), or import from pronghorn"
    return (
        f"if {top} is a package from the index: pip install {top}; if it is yours: start from the folder that"
        " holds it, and ensure all the package directories have an __init__.py file"
    )


def _relative_import(error: BaseException) -> str | None:
    if isinstance(error, ImportError) and "relative import" in str(error):
        return "a file that uses relative imports is part of a package: ensure its folder has an __init__.py file"
    return None


def _circular_import(error: BaseException) -> str | None:
    if isinstance(error, ImportError) and "circular import" in str(error):
        return (
            "two modules import each other: move what both need into a third, or import inside the function"
        )
    return None


def _missing_multipart(error: BaseException) -> str | None:
    if "python-multipart" in str(error):
        return 'pip install "pronghorn[standard]"'
    return None


_RULES: tuple[Callable[[BaseException], str | None], ...] = (
    _missing_module,
    _relative_import,
    _circular_import,
    _missing_multipart,
)


def _syntax_place(error: SyntaxError) -> tuple[str | None, str | None]:
    place = None if error.filename is None else f"{_short(error.filename)}:{error.lineno}"
    return place, error.text.strip() if error.text else None


def _user_place(trace: TracebackType | None) -> tuple[str | None, str | None]:
    """The innermost frame that is neither ours nor a library's, and its line of source."""
    for frame, line in reversed(list(traceback.walk_tb(trace))):
        code = frame.f_code
        if _is_users(code.co_filename):
            place = f"{_short(code.co_filename)}:{line}"
            if code.co_name != "<module>":
                place += f" in {code.co_name}"
            return place, linecache.getline(code.co_filename, line).strip() or None
    return None, None


def _is_users(filename: str) -> bool:
    if filename.startswith("<") or Path(filename).is_relative_to(_OUR_FILES):
        return False
    return not any(Path(filename).is_relative_to(folder) for folder in _LIBRARY_FOLDERS)


def _short(filename: str) -> str:
    """The path from the working directory, where that is shorter."""
    try:
        return str(Path(filename).relative_to(Path.cwd()))
    except ValueError:
        return filename
