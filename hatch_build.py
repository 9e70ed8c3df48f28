"""What a build of Pronghorn adds to its sources: the documentation pages' scripts and styles.

Called by hatchling for wheels, editable installs and source distributions. A source distribution
carries the files, so a wheel made from it needs no index for them. Set PRONGHORN_DOCS_ASSETS=skip
to build without; pages then load from a CDN and say so.
"""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DocumentationAssets(BuildHookInterface[Any]):
    """Fetches the documentation pages' files before the build collects its contents."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Put the files in place; what cannot be had is reported and never stops the build."""
        if os.environ.get("PRONGHORN_DOCS_ASSETS") == "skip":
            return
        for problem in _fetch_assets(Path(self.root)).install():
            self.app.display_warning(f"documentation pages will use the CDN: {problem}")


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
