"""What a server's children use is the server's."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.processes import cpu_seconds, process_tree, resident_bytes

WORKER = "x = b'x' * 50_000_000\nfor _ in range(8_000_000): pass\nprint('ready', flush=True)\ninput()"
SUPERVISOR = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WORKER!r}])"


@contextmanager
def running(code: str) -> Iterator[int]:
    """A process that has done its work and waits; its id."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process.pid
        process.communicate("\n")


def test_counts_what_a_supervisors_worker_uses() -> None:
    with running(SUPERVISOR) as pid:
        supervisor, worker = process_tree(pid)
        assert supervisor == pid
        assert cpu_seconds(pid) > cpu_seconds(worker) > 0.05
        assert resident_bytes(pid) > resident_bytes(worker) > 40_000_000


def test_counts_a_worker_that_has_ended() -> None:
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WORKER!r}], stdin=-3, stdout=-3); print('ready', flush=True); input()"
    with running(code) as pid:
        assert process_tree(pid) == [pid]
        assert cpu_seconds(pid) > 0.05


def test_a_process_that_is_gone_uses_nothing() -> None:
    with running("print('ready', flush=True); input()") as pid:
        pass
    assert cpu_seconds(pid) == resident_bytes(pid) == 0
