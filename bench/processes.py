"""What the kernel knows about the server's processes: processor time, memory, and where they may run.

Every figure is the sum over the process that was started and all below it.
"""

import contextlib
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def process_tree(pid: int) -> list[int]:
    """`pid` and every process below it."""
    children: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += [int(child) for child in (task / "children").read_text().split()]
    return [pid, *(below for child in children for below in process_tree(child))]


def stat_fields(pid: int) -> Iterator[list[str]]:
    """The fields of /proc/…/stat from the third on (proc(5)), process by process."""
    for member in process_tree(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            yield Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()


def cpu_seconds(pid: int) -> float:
    """User and system time used so far, that of ended children included (fields 14 to 17)."""
    return sum(sum(map(int, fields[11:15])) for fields in stat_fields(pid)) / TICKS_PER_SECOND


def resident_bytes(pid: int) -> int:
    """Resident memory (field 24); pages that two processes share count twice."""
    return sum(int(fields[21]) * PAGE for fields in stat_fields(pid))


@lru_cache
def cores() -> tuple[set[int], set[int]]:
    """The core for the load, and the one for the server; the same when there is one only.

    Asked first before this process takes its own place, and the same ever after.
    """
    usable = sorted(os.sched_getaffinity(0))
    return {usable[0]}, {usable[-1] if len(usable) < 2 else usable[1]}
