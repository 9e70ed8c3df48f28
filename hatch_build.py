"""What a build of Pronghorn adds to its sources: the documentation pages' files, and compiled modules if asked.

Called by hatchling for wheels, editable installs and source distributions. A source distribution
carries the files of the documentation pages, so a wheel made from it needs no index for them. Set
PRONGHORN_DOCS_ASSETS=skip to build without; pages then load from a CDN and say so.

Set PRONGHORN_COMPILE=1 and the wheel has, beside each module that has a `.pxd` file, the same module
compiled by Cython. Invariant: what is compiled is the Python source; the `.pxd` file adds types, and
without the compiled modules everything works alike.
"""

import ast
import importlib.util
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# What a compiled class cannot have for a base, and what is there for type checkers only: event loops ask a protocol
# for its methods, not for its class.
_BASES_FOR_TYPES = re.compile(r"\((?:asyncio\.Protocol|Generic\[\w+\])\)")


class BuildAdditions(BuildHookInterface[Any]):
    """Fetches the documentation pages' files, and compiles, before the build collects its contents."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What compiling needs."""
        return ["cython>=3.3,<3.4", "setuptools>=77"] if self._compiles() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Put the files in place; what cannot be fetched is reported and never stops the build."""
        if os.environ.get("PRONGHORN_DOCS_ASSETS") != "skip":
            for problem in _fetch_assets(Path(self.root)).install():
                self.app.display_warning(f"documentation pages will use the CDN: {problem}")
        if self._compiles() and version != "editable":
            self._scratch = tempfile.mkdtemp(prefix="pronghorn-build-")
            build_data["pure_python"] = False
            build_data["infer_tag"] = True
            for file, name in compile_modules(Path(self.root, "src"), Path(self._scratch)):
                build_data["force_include"][str(file)] = name

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was only needed for the build."""
        if hasattr(self, "_scratch"):
            shutil.rmtree(self._scratch)

    def _compiles(self) -> bool:
        return self.target_name == "wheel" and os.environ.get("PRONGHORN_COMPILE", "") not in ("", "0")


def compile_modules(sources: Path, scratch: Path) -> list[tuple[Path, str]]:
    """Compile the modules that have a `.pxd` file.

    Args:
        sources: the folder of the package.
        scratch: an empty folder for all that comes of it.

    Returns:
        The extension modules, each with its path in the wheel.
    """
    from Cython.Build import cythonize
    from setuptools import Distribution, Extension

    copied, built = scratch / "src", scratch / "built"
    shutil.copytree(sources, copied, ignore=shutil.ignore_patterns("__pycache__", "assets", "*.so"))
    modules = []
    for typed in sorted(copied.rglob("*.pxd")):
        module = typed.with_suffix(".py")
        compiled = re.findall(r"^cdef class (\w+)", typed.read_text("utf-8"), re.MULTILINE)
        module.write_text(without_types(module.read_text("utf-8"), compiled), "utf-8")
        name = ".".join(module.relative_to(copied).with_suffix("").parts)
        modules.append(
            Extension(name, [str(module)], extra_compile_args=["-g0"] if os.name == "posix" else [])
        )
    extensions = cythonize(
        modules,
        include_path=[str(copied)],
        language_level=3,
        quiet=True,
        # Annotations are for people and checkers: what is no instance of its annotation works uncompiled too.
        compiler_directives={"annotation_typing": False, "binding": True},
    )
    for extension in extensions:
        _mend(Path(extension.sources[0]))
    command = Distribution({"name": "pronghorn", "ext_modules": extensions}).get_command_obj("build_ext")
    command.build_lib, command.build_temp = str(built), str(scratch / "objects")
    command.parallel = os.cpu_count()
    command.ensure_finalized()
    command.run()
    return [(file, file.relative_to(built).as_posix()) for file in sorted(built.rglob("*")) if file.is_file()]


def _mend(translated: Path) -> None:
    """Let compiled coroutines go on with an exception of which somebody has set ``__traceback__`` to None.

    Python keeps that None where Cython 3.3 expects a traceback or nothing, and the process would end.
    """
    text = translated.read_text("utf-8")
    for asked in ("if (exc_tb) {", "if (likely(exc_tb)) {"):
        text = text.replace(asked, "if (exc_tb && exc_tb != Py_None) {")
    translated.write_text(text, "utf-8")


def without_types(source: str, compiled: list[str]) -> str:
    """Python source without what only type checkers read in some of its classes; its lines stay where they are."""
    lines = source.split("\n")
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef) or node.name not in compiled:
            continue
        lines[node.lineno - 1] = _BASES_FOR_TYPES.sub("", lines[node.lineno - 1])
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and statement.value is None:
                first, last = statement.lineno - 1, statement.end_lineno or statement.lineno
                lines[first:last] = [""] * (last - first)
    return "\n".join(lines)


def _fetch_assets(root: Path) -> ModuleType:
    """The package's module that fetches; loaded by path, as the package itself is being built."""
    path = root / "src" / "pronghorn" / "_openapi" / "fetch_assets.py"
    spec = importlib.util.spec_from_file_location("fetch_assets", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name while they are being made.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
