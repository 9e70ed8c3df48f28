"""Row 18: uploads when the disk is full."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from reliability.check import Figure, Skipped, exactly
from reliability.peer import connected, post
from reliability.serving import serving

_TYPE = "Content-Type: multipart/form-data; boundary=b"
_START = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'


def form(size: int) -> bytes:
    """A form with one file of `size` bytes."""
    return _START + b"x" * size + b"\r\n--b--\r\n"


@contextlib.contextmanager
def small_disk(size: str) -> Iterator[Path]:
    """A folder on a file system of its own, of this size."""
    if os.geteuid() != 0:
        raise Skipped("only root can mount a small file system")
    with tempfile.TemporaryDirectory(prefix="reliability-") as folder:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, check=False
        )
        if mounted.returncode:
            raise Skipped(f"a small file system cannot be mounted: {mounted.stderr.decode().strip()}")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


async def disk_full() -> AsyncIterator[Figure]:
    """20 MB onto 8 MB; then 1 MB more than is kept in memory."""
    with (
        small_disk("8m") as folder,
        serving(environment={"TMPDIR": str(folder)}, max_body_size=None) as server,
    ):
        async with connected(server.port) as peer:
            answer = await peer.ask(post("/upload", form(20_000_000), _TYPE))
            yield exactly("an upload that does not fit", answer.status, 507)
        yield exactly("bytes left on the disk", os.statvfs(folder).f_blocks - os.statvfs(folder).f_bfree, 0)
        async with connected(server.port) as peer:
            answer = await peer.ask(post("/upload", form(2_000_000), _TYPE))
            yield exactly("the next upload", answer.status, 200)
        yield exactly("files left behind", len(list(folder.iterdir())), 0)
