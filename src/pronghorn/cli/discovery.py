"""Which application a command is about: from a path, an import string, or the project's settings.

Finds it as FastAPI's own command line does. Looks at files and at names in a module; importing the
module is `loading`'s task. Invariant: nothing here changes `sys.path` or imports anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pronghorn.cli.problems import Problem

DEFAULT_PATHS = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")
"""Tried in this order when nothing says where the application is."""

PREFERRED_NAMES = ("app", "api")
"""Names that win over other applications in the same module."""

_IMPORT_STRING = re.compile(r"[^\W\d][\w.]*:[^\W\d][\w.]*")


@dataclass(frozen=True)
class Target:
    """A module to import, from where, and the application's name in it."""

    module: str
    search_path: Path
    app_name: str | None = None
    found_by: str = "the path given"

    @property
    def import_string(self) -> str:
        """`module:name`, as servers take it."""
        return f"{self.module}:{self.app_name}"


def find_target(
    directory: Path, path: str | None = None, app_name: str | None = None, entrypoint: str | None = None
) -> Target:
    """The application that the arguments of a command mean, seen from `directory`.

    A path or an application name comes first, then an entry point given, then the one in
    `pyproject.toml`, then the usual file names.

    Raises:
        Problem: the arguments contradict each other, or lead nowhere.
    """
    if entrypoint is not None and (path is not None or app_name is not None):
        raise Problem(
            "Cannot use --entrypoint together with path or --app arguments",
            fix="an entry point (module:name) says both where the application is and its name; drop the others",
        )
    if path is None and app_name is not None and _IMPORT_STRING.fullmatch(app_name):
        return _from_import_string(app_name, directory)
    if path is not None and _IMPORT_STRING.fullmatch(path) and not (directory / path).exists():
        return _from_import_string(
            path if app_name is None else f"{path.partition(':')[0]}:{app_name}", directory
        )
    if path is not None:
        return _from_path(directory, path, app_name)
    if app_name is not None:
        return _from_path(directory, default_path(directory), app_name)
    if entrypoint is not None:
        return _from_import_string(entrypoint, directory, "--entrypoint")
    configured = configured_entrypoint(directory / "pyproject.toml")
    if configured is not None:
        return _from_import_string(configured, directory, "the entrypoint in pyproject.toml")
    return _from_path(directory, default_path(directory), None, "looking at the usual places")


def default_path(directory: Path) -> str:
    """The first of the usual files that exists.

    Raises:
        Problem: none does.
    """
    for candidate in DEFAULT_PATHS:
        if (directory / candidate).is_file():
            return candidate
    raise Problem(
        "Could not find a default file to run, please provide an explicit path",
        fix=f"looked for {', '.join(DEFAULT_PATHS)} in {directory}; name the file, or module:name",
    )


def module_of(path: Path) -> tuple[str, Path]:
    """The dotted name by which the file or package at `path` is imported, and the folder it starts from.

    Every parent folder with an `__init__.py` is part of the name.
    """
    module_path = path.resolve()
    if module_path.name == "__init__.py":
        module_path = module_path.parent
    names, start = [module_path.stem], module_path.parent
    while (start / "__init__.py").is_file() and start != start.parent:
        names.insert(0, start.name)
        start = start.parent
    return ".".join(names), start


def configured_entrypoint(pyproject: Path) -> str | None:
    """`entrypoint` under `[tool.pronghorn]`, else under `[tool.fastapi]`, else `None`.

    Raises:
        Problem: the file is not TOML, or the value is not a text.
    """
    if not pyproject.is_file():
        return None
    import tomllib

    try:
        tools = tomllib.loads(pyproject.read_text("utf-8")).get("tool", {})
    except tomllib.TOMLDecodeError as error:
        raise Problem(f"Invalid configuration in pyproject.toml: {error}", where=str(pyproject)) from error
    for tool in ("pronghorn", "fastapi"):
        entrypoint = tools.get(tool, {}).get("entrypoint")
        if entrypoint is None:
            continue
        if not isinstance(entrypoint, str):
            raise Problem(
                f"Invalid configuration in pyproject.toml: entrypoint is {entrypoint!r}, expected a text",
                where=f"{pyproject}, [tool.{tool}]",
                fix='write it as entrypoint = "package.module:app"',
            )
        return entrypoint
    return None


def choose_app(namespace: Mapping[str, Any], application: type | tuple[type, ...]) -> str | None:
    """The name of the application that a module most likely means, `None` when it has none.

    Args:
        namespace: the module's names and what they stand for.
        application: what counts as an application.
    """
    names = applications_in(namespace, application)
    return next((name for name in (*PREFERRED_NAMES, *names) if name in names), None)


def applications_in(namespace: Mapping[str, Any], application: type | tuple[type, ...]) -> list[str]:
    """The names of all applications in a module, in alphabetical order."""
    return sorted(name for name, found in namespace.items() if isinstance(found, application))


def similar(name: str, candidates: Iterable[str]) -> str:
    """The candidates as a text for a message; says so when there are none."""
    listed = ", ".join(candidates)
    return (
        f"applications found there: {listed}"
        if listed
        else f"found no application there at all, {name!r} or other"
    )


def _from_path(directory: Path, path: str, app_name: str | None, found_by: str = "the path given") -> Target:
    full_path = directory / path
    if not full_path.exists():
        raise Problem(
            f"Path does not exist {path}",
            fix=f"paths are relative to {directory}; an import string is written module:name",
        )
    module, search_path = module_of(full_path)
    return Target(module, search_path, app_name, found_by)


def _from_import_string(
    import_string: str, directory: Path, found_by: str = "the import string given"
) -> Target:
    module, _, app_name = import_string.partition(":")
    if not module or not app_name:
        raise Problem(
            "Import string must be in the format module.submodule:app_name",
            where=f"{found_by}: {import_string!r}",
        )
    return Target(module, directory.resolve(), app_name, found_by)
