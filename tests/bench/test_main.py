import json
from pathlib import Path

import pytest

from bench.__main__ import go, write
from bench.run import Options, Run
from bench.workloads import workload


class Interrupted(Run):
    """A run that somebody ends after the first sample."""

    def go(self) -> None:
        figures = {"rate": 1_000.0, "cpu": 100.0}
        self.results.add(self.workloads[0], 32, "pronghorn", figures)
        raise KeyboardInterrupt


def test_writes_what_there_is_after_an_interruption(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Interrupted([], [workload("hello")], Options())
    run.results.contenders.append(
        {"name": "pronghorn", "title": "Pronghorn", "kind": "ours", "versions": {"a": "1"}, "command": "a"}
    )
    go(run)
    write(run, tmp_path / "new")
    assert "interrupted: what there is gets written" in capsys.readouterr().out
    results = json.loads((tmp_path / "new" / "results.json").read_text())
    assert results["cases"]["hello@32"]["samples"] == {"pronghorn": {"rate": [1000.0], "cpu": [100.0]}}
    assert (tmp_path / "new" / "hello-32.svg").exists()
    assert "| Pronghorn | 1,000 | 100 |" in (tmp_path / "new" / "results.md").read_text()
