"""FastAPI's source distribution and an environment with everything that its tests and tutorials need.

Both live in the user's cache folder and are made once. The environment holds the real FastAPI, to
compare with, and what Pronghorn itself requires; Pronghorn is imported from the working copy that asked
last, so that any number of them share the environment.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
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

_FOR_COMPARING = ("hypothesis~=6.170",)
"""Makes up the applications of `conformance.differential`."""


@dataclass(frozen=True)
class Upstream:
    """Where the unpacked distribution and the environment are."""

    source: Path
    python: Path

    def variables(self, *paths: Path) -> dict[str, str]:
        """Environment variables of a process there that imports from ``paths``, then Pronghorn."""
        return os.environ | {
            "PYTHONPATH": os.pathsep.join(str(path) for path in (*paths, REPOSITORY / "src")),
            "PATH": f"{self.python.parent}{os.pathsep}{os.environ['PATH']}",
        }


def prepare() -> Upstream:
    """Fetch and install what is not there yet.

    Raises:
        SystemExit: the package index gave another archive than the pinned one.
    """
    cache = (
        Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pronghorn" / f"fastapi-{VERSION}"
    )
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # whoever comes second finds everything made
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
    # Under its final name only when it is whole.
    with tarfile.open(archive) as packed, tempfile.TemporaryDirectory(dir=cache) as folder:
        packed.extractall(folder, filter="data")
        (Path(folder) / source.name).rename(source)
    return source


def _environment(cache: Path, source: Path) -> Path:
    wanted = [
        f"fastapi=={VERSION}",
        *_of_the_suite(source),
        *_of_pronghorn(),
        *_FOR_TUTORIALS,
        *_FOR_COMPARING,
    ]
    # A folder for every list: copies of the repository that want different ones do not undo each other's.
    key = hashlib.sha256("\n".join([sys.version, *wanted]).encode()).hexdigest()[:12]
    folder = cache / f"python{sys.version_info.major}.{sys.version_info.minor}-{key}"
    python, finished = folder / "bin" / "python", folder / "finished"
    if not finished.is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        _pip(str(python), "install", "--upgrade", "pip")
        _pip(str(python), "install", *wanted)
        finished.write_text("\n".join(wanted))
    for packages in folder.glob("lib/python*/site-packages"):
        (packages / "pronghorn.pth").write_text(f"{REPOSITORY / 'src'}\n")
    return python


def _of_the_suite(source: Path) -> list[str]:
    """The extras that the tests need, and the suite's own dependency group."""
    project = tomllib.loads((source / "pyproject.toml").read_text())
    found = [
        *project["project"]["optional-dependencies"]["all"],
        *_group(project["dependency-groups"], "tests"),
    ]
    return sorted({requirement for requirement in found if _name(requirement) not in _NOT_NEEDED})


def _of_pronghorn() -> list[str]:
    """What Pronghorn requires with all its extras."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    found = {*project["dependencies"], *(one for extra in extras.values() for one in extra)}
    return sorted(one for one in found if _name(one) != project["name"])


def _group(groups: dict[str, list[str | dict[str, str]]], name: str) -> list[str]:
    members: list[str] = []
    for member in groups[name]:
        members += [member] if isinstance(member, str) else _group(groups, member["include-group"])
    return members


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement.strip(), maxsplit=1)[0]


def _pip(python: str, *arguments: str) -> None:
    subprocess.run([python, "-m", "pip", "--disable-pip-version-check", *arguments, "--quiet"], check=True)
