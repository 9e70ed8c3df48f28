"""The import hook that answers `import fastapi` and every module under it.

It stands first on `sys.meta_path`, so it answers whether or not the real FastAPI is installed; a
module that FastAPI does not have stays a `ModuleNotFoundError` (the package's search path leads
nowhere, so nothing else can supply it).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, DistributionFinder
from pathlib import Path
from types import CodeType, ModuleType

from pronghorn.dropin import identity
from pronghorn.dropin.metadata import FastAPIDistribution, asks_for_fastapi
from pronghorn.dropin.mirror import MirrorModule
from pronghorn.dropin.names import MIRRORS

_ROOT = Path(__file__).parent.parent


class MirrorLoader(InspectLoader):
    """Makes the module objects; there is no source of `fastapi` to run."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The empty mirror that the import system registers."""
        return MirrorModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Give the classes that FastAPI defines in this module their FastAPI name."""
        identity.adopt(module.__name__)

    def is_package(self, fullname: str) -> bool:
        """Whether modules can be imported from under it."""
        return MIRRORS[fullname].package

    def get_source(self, fullname: str) -> str:
        """The source of the module of ours that is in front."""
        return _source_file(fullname).read_text("utf-8")

    def get_code(self, fullname: str) -> CodeType:
        """What `python -m` runs: there is something to run in `fastapi.__main__` alone."""
        file = _source_file(fullname)
        return self.source_to_code(file.read_bytes(), str(file))


class FastAPIFinder(DistributionFinder, MetaPathFinder):
    """Finds the modules and the distribution metadata of `fastapi`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A real spec for each module that FastAPI has, `None` for everything else."""
        mirror = MIRRORS.get(fullname)
        if mirror is None:
            return None
        spec = ModuleSpec(fullname, MirrorLoader(), origin=str(_source_file(fullname)))
        spec.has_location = True
        if mirror.package:
            spec.submodule_search_locations = [_search_location(fullname)]
        return spec

    def find_distributions(self, context: DistributionFinder.Context | None = None) -> Iterable[Distribution]:
        """The metadata of FastAPI, when it is what is asked for."""
        wanted = context or DistributionFinder.Context()
        return [FastAPIDistribution()] if asks_for_fastapi(wanted) else []


def _source_file(fullname: str) -> Path:
    """The file of ours that stands behind a module, found without importing anything."""
    backing = MIRRORS[fullname].backing
    parts = backing[0].split(".")[1:] if backing and backing[0].startswith("pronghorn") else ["dropin"]
    package = _ROOT.joinpath(*parts, "__init__.py")
    return package if package.is_file() else _ROOT.joinpath(*parts).with_suffix(".py")


def _search_location(fullname: str) -> str:
    """A folder that does not exist: tools expect a package to name one, and it must hold no module."""
    return str(_ROOT.joinpath("dropin", *fullname.split(".")))
