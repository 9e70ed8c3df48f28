"""Runs a module, a command or a script as `python` itself would, with the drop-in installed.

The program gets a `__main__` module of its own that stays in place when it ends, so that exit
handlers, pickling and `multiprocessing` find in it what they find under `python`.
"""

from __future__ import annotations

import io
import os
import sys
import zipfile
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec
from types import CodeType, ModuleType

from pronghorn.dropin import install

USAGE = """\
usage: python -m pronghorn.dropin [-m module | -c command | script] [argument ...]

Runs a Python program in which `import fastapi` gives Pronghorn:

  -m module    run a library module, for example -m pytest tests
  -c command   run a command given as text
  script       run a file, a folder or a zip archive with a __main__.py
"""


def main(arguments: Sequence[str]) -> None:
    """Run the program that `arguments` (those after `python -m pronghorn.dropin`) name.

    Raises:
        SystemExit: the program's own, or with a message when it cannot be found.
    """
    kind, *rest = arguments or [""]
    if kind in {"-h", "--help"}:
        sys.stdout.write(USAGE)
        return
    if not kind or (kind.startswith("-") and (kind not in {"-m", "-c"} or not rest)):
        sys.stderr.write(USAGE)
        raise SystemExit(2)
    install()
    if kind == "-m":
        _run_module(rest[0], rest[1:])
    elif kind == "-c":
        _run_command(rest[0], rest[1:])
    else:
        _run_script(kind, rest)


def _run_module(name: str, arguments: Sequence[str]) -> None:
    sys.argv[:] = ["-m", *arguments]  # what `python -m` shows while the module is being found
    spec = _runnable_spec(name)
    sys.argv[0] = spec.origin or name
    _run(_code_of(spec), spec=spec)


def _run_command(command: str, arguments: Sequence[str]) -> None:
    sys.argv[:] = ["-c", *arguments]
    sys.path[0] = ""
    _run(compile(command, "<string>", "exec", dont_inherit=True))


def _run_script(path: str, arguments: Sequence[str]) -> None:
    sys.argv[:] = [path, *arguments]
    if os.path.isdir(path) or zipfile.is_zipfile(path):
        sys.path[0] = os.path.abspath(path)
        spec = PathFinder.find_spec("__main__", [sys.path[0]])
        if spec is None:
            raise SystemExit(f"can't find '__main__' module in {path!r}")
        _run(_code_of(spec), spec=spec)
        return
    sys.path[0] = os.path.dirname(os.path.realpath(path))
    full_path = os.path.abspath(path)
    try:
        with io.open_code(full_path) as file:
            source = file.read()
    except OSError as error:
        raise SystemExit(f"can't open file {path!r}: [Errno {error.errno}] {error.strerror}") from error
    code = SourceFileLoader("__main__", full_path).source_to_code(source, full_path)
    _run(code, file=full_path)


def _runnable_spec(name: str) -> ModuleSpec:
    """The spec of a module, or of the `__main__` of a package."""
    try:
        spec = find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            name, package = f"{name}.__main__", name
            spec = find_spec(name)
            if spec is None:
                raise SystemExit(f"{package!r} is a package without a __main__ module and cannot be run")
    except ModuleNotFoundError as error:
        raise SystemExit(f"No module named {error.name}") from error
    if spec is None:
        raise SystemExit(f"No module named {name}")
    return spec


def _code_of(spec: ModuleSpec) -> CodeType:
    get_code: Callable[[str], CodeType | None] = getattr(spec.loader, "get_code", lambda _: None)
    code = get_code(spec.name)
    if code is None:
        raise SystemExit(f"{spec.name!r} has no Python code to run")
    return code


def _run(code: CodeType, *, spec: ModuleSpec | None = None, file: str | None = None) -> None:
    """Execute `code` as the program's `__main__`."""
    module = ModuleType("__main__")
    if spec is not None:
        # A __main__ found in a folder or archive is top-level; python gives it that spec as well.
        module.__spec__, module.__loader__, module.__package__ = spec, spec.loader, spec.parent
        file = spec.origin
    if file is not None:
        module.__file__ = file
    vars(module)["__builtins__"] = sys.modules["builtins"]
    sys.modules["__main__"] = module
    exec(code, vars(module))
