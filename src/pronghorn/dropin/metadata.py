"""What `importlib.metadata` says about the distribution `fastapi`.

Packages compare versions (`fastapi ~= 0.92`) and read requirements before they import anything.
"""

from __future__ import annotations

import re
from importlib.metadata import Distribution, DistributionFinder
from os import PathLike
from typing import Any

from pronghorn.dropin.names import FASTAPI_VERSION

_REQUIREMENTS = (
    "starlette>=1.6.0",
    "anyio>=4.1.0",
    "pydantic>=2.9.0",
    "typing-extensions>=4.8.0",
    "typing-inspection>=0.4.2",
    "annotated-doc>=0.0.2",
    "opentelemetry-api>=1.44.0",
)

_FILES = {
    "METADATA": "\n".join(
        [
            "Metadata-Version: 2.4",
            "Name: fastapi",
            f"Version: {FASTAPI_VERSION}",
            "Summary: FastAPI's names, served by Pronghorn",
            "Requires-Python: >=3.11",
            *(f"Requires-Dist: {requirement}" for requirement in _REQUIREMENTS),
            "Provides-Extra: all",
            "Provides-Extra: standard",
            "",
        ]
    ),
    "entry_points.txt": "[console_scripts]\nfastapi = fastapi.cli:main\n",
    "top_level.txt": "fastapi\n",
}


class FastAPIDistribution(Distribution):
    """The distribution that stands in for FastAPI's."""

    def read_text(self, filename: str | PathLike[str]) -> str | None:
        """The text of a metadata file, `None` for one it does not have."""
        return _FILES.get(str(filename))

    def locate_file(self, path: str | PathLike[str]) -> Any:
        """No file belongs to it: the code is Pronghorn's."""
        raise FileNotFoundError(f"the drop-in has no file {path!s}: the code of fastapi is Pronghorn's")


def asks_for_fastapi(context: DistributionFinder.Context) -> bool:
    """Whether a search should find it.

    Not one through folders of its own (a package installer looking at what lies there), else by name;
    names compare as PEP 503 says.
    """
    if "path" in vars(context):
        return False
    return context.name is None or re.sub(r"[-_.]+", "-", context.name).lower() == "fastapi"
