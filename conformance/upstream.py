"""FastAPI's source distribution and an environment with everything that its tests and tutorials need.

Both live in the user's cache folder and are made once. The environment also holds the real FastAPI
(to compare with) and Pronghorn from this repository.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

VERSION = "0.165.0"
SHA256 = "dd94d4128319c1e1d50535ab023ab698f850a4d2822f0e181747b46f4ff3c0ab"
REPOSITORY = Path(__file__).parent.parent

_NOT_NEEDED = ("ty", "mypy", "ruff", "pytest-codspeed", "pytest-cov", "pytest-sugar")
"""Requirements of the suite that check FastAPI's own source or only change pytest's display."""

_FOR_TUTORIALS = ("orjson", "ujson", "psycopg[binary]")
"""Imported by tutorials that the suite leaves alone."""


@dataclass(frozen=True)
class Upstream:
    """Where the unpacked distribution and the environment are."""

    source: Path
    python: Path


def prepare() -> Upstream:
    """Fetch and install what is not there yet.

    Raises:
        SystemExit: the package index gave another archive than the pinned one.
    """
    cache = (
        Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pronghorn" / f"fastapi-{VERSION}"
    )
    cache.mkdir(parents=True, exist_ok=True)
    source = _unpacked(cache)
    return Upstream(source, _environment(cache, source))


def _unpacked(cache: Path) -> Path:
    source = cache / f"fastapi-{VERSION}"
    if source.is_dir():
        return source
    archive = cache / f"fastapi-{VERSION}.tar.gz"
    if not archive.is_file():
        _pip(
            sys.executable,
            "download",
            "--no-deps",
            "--no-binary=:all:",
            "--dest",
            str(cache),
            f"fastapi=={VERSION}",
        )
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != SHA256:
        archive.unlink()
        raise SystemExit(f"{archive.name}: sha256 is {found}, expected {SHA256}")
    with tarfile.open(archive) as packed:
        packed.extractall(cache, filter="data")
    return source


def _environment(cache: Path, source: Path) -> Path:
    folder = cache / f"python{sys.version_info.major}.{sys.version_info.minor}"
    python, finished = folder / "bin" / "python", folder / "requirements.txt"
    wanted = "\n".join(
        [f"fastapi=={VERSION}", *_requirements(source), *_FOR_TUTORIALS, "-e", f"{REPOSITORY}[all]"]
    )
    if finished.is_file() and finished.read_text() == wanted:
        return python
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    _pip(str(python), "install", "--upgrade", "pip")
    _pip(str(python), "install", *wanted.split("\n"))
    finished.write_text(wanted)
    return python


def _requirements(source: Path) -> list[str]:
    """The extras that the tests need, and the suite's own dependency group."""
    project = tomllib.loads((source / "pyproject.toml").read_text())
    found = [
        *project["project"]["optional-dependencies"]["all"],
        *_group(project["dependency-groups"], "tests"),
    ]
    return sorted({requirement for requirement in found if _name(requirement) not in _NOT_NEEDED})


def _group(groups: dict[str, list[str | dict[str, str]]], name: str) -> list[str]:
    members: list[str] = []
    for member in groups[name]:
        members += [member] if isinstance(member, str) else _group(groups, member["include-group"])
    return members


def _name(requirement: str) -> str:
    return requirement.replace("[", " ").replace(">", " ").replace("=", " ").split()[0]


def _pip(python: str, *arguments: str) -> None:
    subprocess.run([python, "-m", "pip", "--disable-pip-version-check", *arguments, "--quiet"], check=True)
