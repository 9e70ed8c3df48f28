"""An environment per contender, made on demand in the cache folder and kept there."""

import compileall
import os
import subprocess
import sys
import venv
from functools import lru_cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pronghorn-bench"


class CannotInstall(Exception):
    """The package index has no such release for this interpreter, or it does not build."""


def python_of(requirements: tuple[str, ...]) -> Path:
    """The interpreter that has `requirements`; the one that runs this program when there are none.

    Raises:
        CannotInstall: pip failed; the message is its last line.
    """
    compile_sources()
    if not requirements:
        return Path(sys.executable)
    version = f"py{sys.version_info.major}{sys.version_info.minor}"
    digest = sha256("\n".join(requirements).encode()).hexdigest()[:8]
    folder = CACHE / f"{requirements[0].partition('=')[0].partition('[')[0]}-{version}-{digest}"
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists():
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
        done = subprocess.run(pip, check=False, capture_output=True, text=True)
        if done.returncode:
            raise CannotInstall((done.stderr.strip() or "pip failed").splitlines()[-1])
        ready.touch()
    return python


@lru_cache
def compile_sources() -> None:
    """Compile what is run from this folder to bytecode: pip does so with all that it installs.

    Without it whoever runs from source compiles at every start, where nothing may be written beside the source.
    """
    for folder in ("src", "bench"):
        compileall.compile_dir(ROOT / folder, quiet=1)


def versions_of(python: Path, packages: tuple[str, ...]) -> dict[str, str]:
    """What is installed of `packages`, by name."""
    if python == Path(sys.executable):
        return {name: metadata.version(name) for name in packages}
    code = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    done = subprocess.run([python, "-c", code, *packages], check=True, capture_output=True, text=True)
    return dict(zip(packages, done.stdout.split(), strict=True))
