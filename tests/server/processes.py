"""Servers in processes of their own, for tests: start one, talk to it, read its log, signal it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.server.peer import Answer, Peer

ROOT = Path(__file__).resolve().parent.parent.parent

PROGRAM = """
import sys
from pronghorn.server import ServerConfig, run
run(sys.argv[1], ServerConfig(port=0, access_log=False, **eval(sys.argv[2])))
"""


class Process:
    """A server in processes of its own, and what it logs."""

    def __init__(self, target: str, folder: Path, environ: dict[str, str], options: dict[str, Any]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, target, repr(options)],
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]), **environ},
        )
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._news:
                self.lines.append(line)
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    @property
    def log(self) -> str:
        return "".join(self.lines)

    def wait_for(self, text: str, times: int = 1) -> None:
        with self._news:
            assert self._news.wait_for(lambda: self.log.count(text) >= times, timeout=30), self.log

    def port(self) -> int:
        self.wait_for("Listening on")
        found = re.search(r"Listening on https?://127\.0\.0\.1:(\d+)", self.log)
        assert found is not None
        return int(found[1])

    def get(self, path: str = "/") -> Answer:
        """A request on a connection of its own."""
        with socket.create_connection(("127.0.0.1", self.port()), timeout=30) as connection:
            return Peer(connection).get(path, "Connection: close")

    def worker(self) -> int:
        return int(self.get().body)

    def workers(self, count: int) -> set[int]:
        """The process ids that answer, once there are `count` of them."""
        found: set[int] = until(lambda: {self.worker() for _ in range(20)}, lambda found: len(found) == count)
        return found

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        code = self.process.wait(timeout=30)
        self._thread.join(timeout=10)
        return code

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.wait()


def until(get: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
    """What `get` returns as soon as it is good."""
    end = time.monotonic() + 30
    while not good(found := get()):
        assert time.monotonic() < end, found
    return found


@contextlib.contextmanager
def process(
    target: str = "tests.server.served:app",
    folder: Path = ROOT,
    environ: dict[str, str] | None = None,
    **options: Any,
) -> Iterator[Process]:
    started = Process(target, folder, environ or {}, options)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.terminate()
            started.process.wait(timeout=30)
        assert started.process.stderr is not None
        started._thread.join(timeout=10)
        started.process.stderr.close()
