"""Applications to point the command line at, and the command line itself."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pronghorn import dropin
from pronghorn.cli.commands import app

_numbers = itertools.count()

SHOP = """\
from typing import Annotated

from pronghorn import Depends, FastAPI

app = FastAPI(title="Shop")


def limit(top: int = 10) -> int:
    return top


@app.get("/items/{item_id}")
async def read_item(item_id: int, top: Annotated[int, Depends(limit)]) -> dict[str, int]:
    return {"item": item_id, "top": top}


@app.post("/items", status_code=201)
def create_item(name: str) -> str:
    return name
"""

Invoke = Callable[..., Result]
WriteModule = Callable[..., str]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WriteModule]:
    """Writes a module of a name never used before into the working directory; returns that name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    before = set(sys.modules)

    def write(source: str = SHOP, name: str | None = None) -> str:
        name = name or f"shop{next(_numbers)}"
        (tmp_path / f"{name}.py").write_text(source)
        return name

    yield write
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]
    dropin.uninstall()


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Runs a command in this process, in a wide terminal without colours."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("FORCE_COLOR", raising=False)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    return run
