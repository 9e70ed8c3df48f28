"""Noticing that a file changed.

Lives here: the thread that watches. Must not live here: what a change leads to (`supervisor`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path


class Watcher:
    """Calls `changed` with the changed files, from a thread of its own, until stopped.

    Args:
        folders: what is watched, with all that is below.
        changed: takes the paths, sorted, each once.

    Raises:
        ImportError: `watchfiles` is not installed.
    """

    def __init__(self, folders: Sequence[str] | None, changed: Callable[[list[str]], None]) -> None:
        try:
            import watchfiles
        except ImportError as error:
            raise ImportError("reload needs watchfiles: pip install 'pronghorn[standard]'") from error
        self._watch = watchfiles.watch
        self._filter = watchfiles.PythonFilter()
        self._folders = [Path(folder) for folder in folders or [os.getcwd()]]
        self._changed = changed
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pronghorn-reload", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        changes = self._watch(
            *self._folders,
            watch_filter=self._filter,
            stop_event=self._stopping,
            rust_timeout=200,
            yield_on_timeout=False,
            raise_interrupt=False,
        )
        for change in changes:
            # A file put in the place of another is two changes, and one file.
            self._changed(sorted({path for _, path in change}))
