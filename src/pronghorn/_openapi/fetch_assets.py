"""Fetches the scripts and styles of the documentation pages, so that they work without internet.

Runs when a wheel is built or an editable install is made (see `hatch_build.py`), and by hand with
`python -m pronghorn._openapi.fetch_assets`. The files are taken out of wheels on the package index
that `pip` is configured for, because an index is all that an installation may assume to have.
Never run while serving: `offline` only reads what was put there before.

Invariant: a file is written only with the content whose digest is pinned here, and at once: a
reader sees the whole file or none. Only the standard library is used, as nothing else is
installed when a wheel is built.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DIRECTORY", "WHEELS", "Member", "Wheel", "install"]

DIRECTORY = Path(__file__).parent / "assets"
"""Where the files are put: beside the code that serves them."""


@dataclass(frozen=True)
class Member:
    """One file of a wheel.

    Attributes:
        path: where it is in the wheel.
        target: where it is put, below the assets' directory: `library@version/file`.
        sha256: the digest of its content.
    """

    path: str
    target: str
    sha256: str


@dataclass(frozen=True)
class Wheel:
    """A wheel on the package index and what is taken out of it.

    Attributes:
        requirement: the distribution and its exact version.
        members: the wanted files.
    """

    requirement: str
    members: tuple[Member, ...]


_SIDECAR = "drf_spectacular_sidecar/static/drf_spectacular_sidecar"

WHEELS = (
    # Rebuilt every month from the npm packages swagger-ui-dist and redoc, byte for byte.
    Wheel(
        "drf-spectacular-sidecar==2026.10.1",
        (
            Member(
                f"{_SIDECAR}/swagger-ui-dist/swagger-ui-bundle.js",
                "swagger-ui-dist@5.33.1/swagger-ui-bundle.js",
                "050bc415ee7048dcd881682678f720264e7da5e373f7461d7c58c755305255f7",
            ),
            Member(
                f"{_SIDECAR}/swagger-ui-dist/swagger-ui.css",
                "swagger-ui-dist@5.33.1/swagger-ui.css",
                "1ac324f7dcd27e4b9386b4bd6421271ec147e922a22c05ba24b11515e9aa6321",
            ),
            Member(
                f"{_SIDECAR}/swagger-ui-dist/LICENSE",
                "swagger-ui-dist@5.33.1/LICENSE",
                "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30",
            ),
            Member(
                f"{_SIDECAR}/redoc/bundles/redoc.standalone.js",
                "redoc@2.5.4/redoc.standalone.js",
                "dcaf76612bc4a3fbcc923a8966dee2f6146a5f32e5ce1b6f02dd60cbbf89500b",
            ),
            Member(
                f"{_SIDECAR}/redoc/LICENSE",
                "redoc@2.5.4/LICENSE",
                "d3026d549cf68ab7355bcfa85877bf8f845b3334a7efbfdc63936432fb34ff0e",
            ),
        ),
    ),
    # The npm package @scalar/api-reference. Its licence is in THIRD_PARTY.txt beside this module.
    Wheel(
        "flask-openapi3-scalar==1.44.15",
        (
            Member(
                "flask_openapi3_scalar/templates/scalar/js/scalar.standalone.js",
                "scalar-api-reference@1.44.15/standalone.js",
                "91ae672e1e5d96b0d708316ef7dd06d76afd712387ba31ed90b05837318b91c7",
            ),
        ),
    ),
)
"""All that the pages need, by the wheels it comes from."""


def install(directory: Path = DIRECTORY, wheels: tuple[Wheel, ...] = WHEELS) -> list[str]:
    """Put all files in place that are not there yet.

    Args:
        directory: where to put them.
        wheels: where they come from.

    Returns:
        What could not be had, one line for each wheel; empty when all files are in place. Never
        raises for a missing index, package or permission: pages fall back to the CDN.
    """
    problems = []
    for wheel in wheels:
        missing = [member for member in wheel.members if not _is_in_place(member, directory)]
        if not missing:
            continue
        try:
            _extract(wheel.requirement, missing, directory)
        except (OSError, subprocess.CalledProcessError, zipfile.BadZipFile, LookupError) as error:
            problems.append(f"{wheel.requirement}: {_reason(error)}")
    return problems


def _is_in_place(member: Member, directory: Path) -> bool:
    """Whether the file is there with the right content."""
    path = directory / member.target
    return path.is_file() and _digest(path.read_bytes()) == member.sha256


def _extract(requirement: str, members: list[Member], directory: Path) -> None:
    """Download a wheel and put some of its files in place."""
    with (
        tempfile.TemporaryDirectory(prefix="pronghorn-assets-") as scratch,
        zipfile.ZipFile(_download(requirement, Path(scratch))) as archive,
    ):
        for member in members:
            content = archive.read(member.path)
            if _digest(content) != member.sha256:
                raise LookupError(f"{member.path} has sha256 {_digest(content)}, not {member.sha256}")
            _write(directory / member.target, content)


def _download(requirement: str, directory: Path) -> Path:
    """Download one wheel from the index that pip is configured for."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
    options = ["--no-deps", "--only-binary", ":all:", "--dest", str(directory)]
    subprocess.run([*command, *options, requirement], check=True, capture_output=True, text=True)
    return next(directory.glob("*.whl"))


def _write(path: Path, content: bytes) -> None:
    """Write a file at once, as several builds may run at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    # mkstemp makes files that only the owner can read; a server may run as somebody else.
    Path(scratch).chmod(0o644)
    Path(scratch).replace(path)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _reason(error: Exception) -> str:
    """What went wrong, in the words of pip where it was pip."""
    if isinstance(error, subprocess.CalledProcessError):
        lines = [line for line in str(error.stderr).splitlines() if line.strip()]
        return lines[-1] if lines else f"pip ended with status {error.returncode}"
    return str(error)


def main(directory: Path = DIRECTORY, wheels: tuple[Wheel, ...] = WHEELS) -> int:
    """Fetch the files and say what is missing; the exit status is 1 when something is."""
    problems = install(directory, wheels)
    for problem in problems:
        sys.stderr.write(f"documentation assets: {problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
