"""The native server in a process of its own, and what can be seen of it from outside.

Lives here: starting and ending it, its memory, its file descriptors, its log. Must not live here: a client.
Run as a program it is that process: `python -m reliability.serving '{"port": 8000}'`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reliability.check import Figure, exactly

ROOT = Path(__file__).resolve().parent.parent
APPLICATION = "reliability.application:app"
_START_SECONDS = 30.0


@dataclass
class Served:
    """A server under test.

    Attributes:
        process: its process.
        port: where it listens on 127.0.0.1.
        log: the file of all that it has printed.
    """

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def memory(self) -> int:
        """Resident memory of the process, in bytes."""
        return resident(self.pid)

    def restart_peak(self) -> int:
        """From now on `peak` is of what comes; the memory it begins with."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return _status_bytes(self.pid, "VmHWM")

    def peak(self) -> int:
        """The most resident memory that the process had since `restart_peak`, in bytes."""
        return _status_bytes(self.pid, "VmHWM")

    def bytes_read(self) -> int:
        """How many bytes the process has read, from connections and from files."""
        return self._moved("rchar")

    def bytes_written(self) -> int:
        """How many bytes the process has written, to connections and to files."""
        return self._moved("wchar")

    def _moved(self, name: str) -> int:
        lines = Path(f"/proc/{self.pid}/io").read_text().splitlines()
        return int(dict(line.split(": ") for line in lines)[name])

    def descriptors(self) -> int:
        """How many file descriptors the process has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu_seconds(self) -> float:
        """The processor time it has used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def stop(self, timeout: float = 40.0) -> float:
        """Ask it to stop, and wait; the seconds it took. It is killed when they exceed `timeout`."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return time.monotonic() - begun


def untroubled(server: Served) -> Figure:
    """The server has logged no traceback; the end of the first one is shown otherwise."""
    _, *tracebacks = server.log.read_text(errors="replace").split("Traceback (most recent call last)")
    if tracebacks:
        print(f"    {tracebacks[0][-1500:]}")
    return exactly("tracebacks", len(tracebacks), 0)


async def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for something that can only be looked at; whether it came within `seconds`."""
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:  # noqa: ASYNC110 - another process sets no event
        await asyncio.sleep(0.05)
    return met


def resident(pid: int) -> int:
    """Resident memory of a process, in bytes."""
    return _status_bytes(pid, "VmRSS")


def _status_bytes(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {pid} has no memory any more")


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(
    app: str = APPLICATION, environment: dict[str, str] | None = None, **options: Any
) -> Iterator[Served]:
    """Serve `app` while the block runs, in one process, with the server's defaults but for `options`."""
    port = free_port()
    told = {"port": port, "access_log": False, "log_level": "warning", "supervise": False}
    chosen = json.dumps({**told, **options})
    with tempfile.TemporaryDirectory(prefix="reliability-") as folder:
        log = Path(folder) / "log"
        server = Served(_start([app, chosen], log, environment or {}), port, log)
        try:
            _wait_listening(server)
            yield server
        finally:
            if server.is_alive():
                server.stop(timeout=3)


def _start(arguments: list[str], log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "reliability.serving", *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            stdout=out,
            stderr=subprocess.STDOUT,
        )


def _wait_listening(server: Served) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if not server.is_alive():
            raise RuntimeError(f"the server did not start:\n{server.log.read_text(errors='replace')}")
        if _answers(server.port):
            return
        time.sleep(0.02)
    raise RuntimeError(f"the server did not answer within {_START_SECONDS:.0f} s")


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), _START_SECONDS) as probe:
        probe.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        return probe.recv(1) != b""
    return False


if __name__ == "__main__":
    import resource

    from pronghorn.server import ServerConfig, run

    if (most := int(os.environ.get("RELIABILITY_DESCRIPTORS", "0"))) > 0:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    run(sys.argv[1], ServerConfig(**json.loads(sys.argv[2])))
