"""Run by Python at start-up in processes that inherit the drop-in (see `environment`).

Imports nothing of ours until `fastapi` is asked for: every Python process started below a drop-in
one passes here, pip and compilers included. Another `sitecustomize` further down the path still runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, module_from_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.metadata import Distribution, DistributionFinder
    from types import ModuleType

_HERE = os.path.dirname(os.path.abspath(__file__))


class _OnFirstUse(MetaPathFinder):
    """Stands on `sys.meta_path` until `fastapi` is wanted, and answers for its metadata meanwhile."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "fastapi":
            return None
        from pronghorn import dropin

        sys.meta_path.remove(self)
        dropin.install()
        return find_spec(fullname)

    def find_distributions(self, context: DistributionFinder.Context) -> Iterable[Distribution]:
        if (context.name or "fastapi").lower() != "fastapi":
            return ()
        from pronghorn.dropin.metadata import FastAPIDistribution, asks_for_fastapi

        return (FastAPIDistribution(),) if asks_for_fastapi(context) else ()


def _run_the_next_one() -> None:
    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(module_from_spec(spec))


if os.environ.get("PRONGHORN_DROPIN") == "1":
    sys.meta_path.insert(0, _OnFirstUse())
sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != _HERE]
_run_the_next_one()
