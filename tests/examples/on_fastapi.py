"""A pytest plugin that runs the example on the real FastAPI: `pronghorn...` is imported from `fastapi...`.

Load it first of all (`pytest -p tests.examples.on_fastapi`), in a process that imports nothing of Pronghorn.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from types import ModuleType


class AliasFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `pronghorn` and its submodules as FastAPI's modules of the same names."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Take charge of the names that begin with `pronghorn`."""
        is_ours = fullname.partition(".")[0] == "pronghorn"
        return importlib.util.spec_from_loader(fullname, self) if is_ours else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """Import FastAPI's module and remember what the import system is about to overwrite."""
        module = importlib.import_module("fastapi" + spec.name.removeprefix("pronghorn"))
        self._own_spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Do not run the module a second time; give it its own spec back."""
        module.__spec__ = self._own_spec


sys.meta_path.insert(0, AliasFinder())
