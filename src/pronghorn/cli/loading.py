"""Imports the application that a `Target` means, and checks that it is one.

The only module of the command line that imports the user's code.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from types import ModuleType
from typing import Any

from starlette.applications import Starlette

from pronghorn.applications import Pronghorn
from pronghorn.cli.discovery import Target, applications_in, choose_app, similar
from pronghorn.cli.problems import Problem, explain_exception


def load(target: Target) -> tuple[Target, Pronghorn]:
    """The application, and the target with its name filled in.

    Its module's folder is put in front of `sys.path`, for good: the application imports lazily too.

    Raises:
        Problem: the import fails, or no application of that name is there.
    """
    module = _import(target)
    namespace = {name: getattr(module, name) for name in dir(module)}
    if target.app_name is None:
        name = choose_app(namespace, Pronghorn)
        if name is None:
            raise _nothing_found(target, namespace)
        target = replace(target, app_name=name)
    return target, _application(target, module, namespace)


def _import(target: Target) -> ModuleType:
    search_path = str(target.search_path)
    if search_path not in sys.path[:1]:
        sys.path.insert(0, search_path)
    try:
        return importlib.import_module(target.module)
    except (Exception, SystemExit) as error:
        raise explain_exception(error) from error


def _application(target: Target, module: ModuleType, namespace: dict[str, Any]) -> Pronghorn:
    found: Any = module
    for part in (target.app_name or "").split("."):
        found = getattr(found, part, None)
    if isinstance(found, Pronghorn):
        return found
    candidates = similar(target.app_name or "", applications_in(namespace, Pronghorn))
    if found is None:
        raise Problem(
            f"Could not find app name {target.app_name} in {target.module}",
            where=_file(module),
            fix=candidates,
        )
    raise Problem(
        f"The app name {target.app_name} in {target.module} doesn't seem to be a FastAPI app:"
        f" it is a {_kind(found)}",
        where=_file(module),
        fix=_foreign_fix(found) or candidates,
    )


def _nothing_found(target: Target, namespace: dict[str, Any]) -> Problem:
    foreign = next((found for found in namespace.values() if _foreign_fix(found)), None)
    return Problem(
        f"Could not find FastAPI app in module {target.module}, try using --app",
        fix=_foreign_fix(foreign) or "create one at the top level of the module: app = FastAPI()",
    )


def _foreign_fix(found: object) -> str | None:
    """How to run an application of the real FastAPI, which is installed beside Pronghorn."""
    if isinstance(found, Starlette) and type(found).__module__.startswith("fastapi"):
        return "it was made by the installed fastapi package: add --drop-in, or import from pronghorn"
    return None


def _kind(found: object) -> str:
    return f"{type(found).__module__}.{type(found).__qualname__}"


def _file(module: ModuleType) -> str | None:
    return getattr(module, "__file__", None)
