from __future__ import annotations

import queue
from pathlib import Path

from pronghorn.server.reload import Watcher


def test_a_file_that_another_takes_the_place_of_is_named_once(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("ONE = 1")
    seen: queue.Queue[list[str]] = queue.Queue()
    watcher = Watcher([str(tmp_path)], seen.put)
    watcher.start()
    try:
        named: list[str] = []
        while not named:  # whatever happens before it watches goes unseen
            module.unlink()
            module.write_text("TWO = 2")
            try:
                named = seen.get(timeout=1)
            except queue.Empty:
                continue
        assert named == [str(module)]
    finally:
        watcher.stop()
