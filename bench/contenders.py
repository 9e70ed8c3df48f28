"""Who is measured: a name, a way to install it and the command line of its server.

Each contender runs in a process of its own; an environment that is not ours is made on demand in the
cache folder and kept there.
"""

import os
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pronghorn-bench"
START_SECONDS = 30.0


@dataclass(frozen=True)
class Contender:
    """One stack: `requirements` empty means the environment this program runs in."""

    name: str
    framework: str
    requirements: tuple[str, ...]
    command: tuple[str, ...]


FASTAPI = Contender(
    name="FastAPI 0.165.0 on uvicorn",
    framework="fastapi",
    requirements=("fastapi==0.165.0", "uvicorn[standard]==0.54.0"),
    command=(
        *("-m", "uvicorn", "bench.app:app", "--host", "127.0.0.1", "--port", "{port}"),
        *("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"),
    ),
)
PRONGHORN = Contender(
    name="Pronghorn, native server",
    framework="pronghorn",
    requirements=(),
    command=(
        *("-m", "pronghorn", "run", "--entrypoint", "bench.app:app"),
        *(
            "--host",
            "127.0.0.1",
            "--port",
            "{port}",
            "--workers",
            "1",
            "--no-access-log",
            "--log-level",
            "warning",
        ),
    ),
)


def python_of(contender: Contender) -> Path:
    """The interpreter that has the contender installed; makes its environment the first time."""
    if not contender.requirements:
        return Path(sys.executable)
    version = f"py{sys.version_info.major}{sys.version_info.minor}"
    folder = CACHE / "-".join((contender.framework, contender.requirements[0].rpartition("=")[2], version))
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *contender.requirements], check=True)
        ready.touch()
    return python


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_listening(process: subprocess.Popen[bytes], port: int) -> None:
    """Return once the server accepts; raise when it has ended or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode} before it listened")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not listen on port {port} within {START_SECONDS:.0f} s")


@contextmanager
def serving(contender: Contender) -> Iterator[tuple[int, int]]:
    """Run the contender's server; yields its process id and port, stops it afterwards."""
    port = free_port()
    arguments = [part.format(port=port) for part in contender.command]
    environment = {**os.environ, "BENCH_FRAMEWORK": contender.framework, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [str(python_of(contender)), *arguments], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        wait_listening(process, port)
        yield process.pid, port
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
