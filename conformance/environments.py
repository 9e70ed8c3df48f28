"""Environments and source distributions of other projects, made once and kept in the user's cache folder.

Invariant: what stands under its final name is whole; whoever comes second finds everything made.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pronghorn"


@contextmanager
def locked(folder: Path) -> Iterator[Path]:
    """Make `folder` and keep other processes out of it meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def environment(folder: Path, requirements: Sequence[str]) -> Path:
    """The interpreter of an environment below `folder` that has `requirements` installed.

    Each list of requirements has an environment of its own: working copies of the repository that want
    different ones do not undo each other's.
    """
    key = hashlib.sha256("\n".join([sys.version, *requirements]).encode()).hexdigest()[:12]
    place = folder / f"python{sys.version_info.major}.{sys.version_info.minor}-{key}"
    python, finished = place / "bin" / "python", place / "finished"
    if not finished.is_file():
        venv.create(place, with_pip=True, clear=True)
        _pip(python, "install", *requirements)
        finished.touch()
    return python


def unpacked(folder: Path, requirement: str, sha256: str) -> Path:
    """The unpacked source distribution of `requirement`, a pinned version, below `folder`.

    Raises:
        SystemExit: the package index gave another archive than the one with that checksum.
    """
    source = folder / sha256[:12]
    if source.is_dir():
        return next(source.iterdir())
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        place, package = Path(temporary), requirement.partition("==")[0]
        options = ["--no-deps", f"--no-binary={package}", "--dest", temporary]
        _pip(Path(sys.executable), "download", *options, requirement)
        archive = next(place.iterdir())
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != sha256:
            raise SystemExit(f"{archive.name}: sha256 is {found}, expected {sha256}")
        with tarfile.open(archive) as packed:
            packed.extractall(place / "unpacked", filter="data")
        (place / "unpacked").rename(source)
    return next(source.iterdir())


def _pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    subprocess.run(command, check=True)
