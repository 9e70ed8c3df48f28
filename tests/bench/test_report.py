from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bench import plots
from bench.report import comparison, page
from bench.results import in_short

CONTENDER = {"versions": {"a": "1"}, "command": "python -m a"}
RESULTS: dict[str, Any] = {
    "machine": {
        "date": "2026-01-01",
        "python": "CPython 3",
        "system": "Linux 6",
        "processor": "one",
        "cores": 2,
        "memory_gib": 8,
        "wrk": "wrk 4",
    },
    "seconds": 1,
    "rounds": 3,
    "contenders": [
        {"name": "fastapi", "title": "FastAPI on uvicorn", "kind": "theirs", **CONTENDER},
        {"name": "other", "title": "Other <1>", "kind": "theirs", **CONTENDER},
        {"name": "pronghorn", "title": "Pronghorn, native server", "kind": "ours", **CONTENDER},
    ],
    "absent": {"Gone": "no release for this interpreter"},
    "cases": {
        "hello@32": {
            "title": "hello JSON, 32 connections",
            "workload": "hello",
            "driver": "wrk",
            "unit": "request",
            "samples": {
                "fastapi": {"rate": [900, 1000, 1100], "cpu": [300, 310, 290], "memory": [50]},
                "pronghorn": {"rate": [9000, 9900], "cpu": [30, 30], "memory": [40], "load": [0.97]},
            },
            "dashes": {"other": "fails the check: <b>"},
        }
    },
}


def test_the_page_has_medians_spread_and_reasons() -> None:
    text = page(RESULTS, {"hello@32": "hello.svg"})
    assert "| FastAPI on uvicorn | 1,000 ±10% | 300 ±3% | - | - | 50.0 | - | 1.0 |" in text
    assert "| Pronghorn, native server | 9,450 ±5% | 30.0 ±0% | - | - | 40.0 | 97% | 10.0 |" in text
    assert "| Other <1> | - | - | - | - | - | - | - |" in text
    assert "- Other <1>: `fails the check: <b>`" in text
    assert "- Gone is not among them: no release for this interpreter" in text
    assert "![hello JSON, 32 connections](hello.svg)" in text


def test_the_page_has_targets_and_everybody_beside_fastapi() -> None:
    text = page(RESULTS, {})
    assert "| hello JSON: CPU, FastAPI ÷ Pronghorn | ≥ 13 | 10.00 | no |  |" in text
    assert "| ≥ 1.5 | 9.45 | yes | FastAPI on uvicorn; the load's core was busy with pronghorn |" in text
    assert "| ≤ 5 KiB | - | not measured |  |" in text
    assert "| hello JSON, 32 connections | 1.0 | - | 10.0 |" in text


def test_the_terminal_has_ratios() -> None:
    assert comparison(RESULTS).splitlines()[-1].split()[-2:] == ["10.0", "9.4"]


def test_a_plot_is_well_formed(tmp_path: Path) -> None:
    names = plots.write(RESULTS, tmp_path)
    assert names == {"hello@32": "hello-32.svg"}
    texts = [node.text for node in ElementTree.parse(tmp_path / "hello-32.svg").iter() if node.text]
    assert texts.index("Pronghorn, native server") < texts.index("FastAPI on uvicorn")


@pytest.mark.parametrize(
    ("reason", "short"),
    [
        (
            "under load, its server ended with SIGABRT: Fatal: x: y\nz",
            "under load, its server ended with SIGABRT",
        ),
        (
            "its server did not answer within 60 s: nothing in its log",
            "its server did not answer within 60 s",
        ),
        ("no dependency injection", "no dependency injection"),
    ],
)
def test_the_last_words_of_a_server_stay_out_of_the_report(reason: str, short: str) -> None:
    assert in_short(reason) == short
