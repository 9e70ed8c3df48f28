"""What is known of each package that is tried: read from `packages.toml`, nothing is run here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Package:
    """One package, pinned.

    Attributes:
        name: as on the package index.
        version: the one tried.
        extras: extras of it that the use needs.
        requires: what the use and the package's own tests need beside it.
        sha256: checksum of its source distribution, when that carries tests.
        tests: which of them have to do with FastAPI: paths from the distribution's root.
        options: arguments for pytest that they need.
        not_compared: tests whose outcome says nothing, each with the reason.
        refused_by_fastapi: why the package does not work with this FastAPI itself.
    """

    name: str
    version: str
    extras: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    sha256: str = ""
    tests: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    not_compared: Mapping[str, str] = field(default_factory=dict)
    refused_by_fastapi: str = ""

    @property
    def requirement(self) -> str:
        """The package and its extras, as pip wants it."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras}=={self.version}"

    @property
    def use(self) -> Path:
        """The file with the realistic use."""
        return _HERE / "uses" / f"use_{self.name.replace('-', '_')}.py"


def read_packages(file: Path = _HERE / "packages.toml") -> list[Package]:
    """All packages, in the order of the file."""
    read: dict[str, dict[str, Any]] = tomllib.loads(file.read_text("utf-8"))
    return [Package(name, **_frozen(known)) for name, known in read.items()]


def _frozen(known: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in known.items()}
