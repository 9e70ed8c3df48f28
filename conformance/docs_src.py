"""`python -m conformance.docs_src [module prefix]`: FastAPI's tutorials, unmodified, on the drop-in.

Imports every module under `docs_src` of FastAPI's source distribution, serves the OpenAPI document of
each application in it, and compares it with the one that FastAPI serves for the same file.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance.upstream import Upstream, prepare

_PROGRAM = str(Path(__file__).parent / "documents.py")
_ENVIRONMENT = {"FASTAPI_ENV": "development", "ADMIN_EMAIL": "admin@example.com"}


def main(prefix: str = "docs_src") -> int:
    """Print the differences and how many of how many are equal; return the exit code."""
    upstream = prepare()
    modules = [name for name in _modules(upstream.source) if name.startswith(prefix)]
    real = _documents(upstream, modules, [])
    ours = _documents(upstream, modules, ["-m", "pronghorn.dropin"])
    differing = {name: difference for name in modules if (difference := _difference(real[name], ours[name]))}
    for name, difference in differing.items():
        print(f"DIFFERS {name}: {difference}")
    refused = [name for name in modules if real[name]["error"]]
    print(f"FastAPI itself refuses {len(refused)} modules: {', '.join(refused) or 'none'}")
    documents = sum(len(real[name]["documents"]) for name in modules if name not in differing)
    print(
        f"{len(modules) - len(differing)} of {len(modules)} modules behave the same, {documents} documents equal"
    )
    return 1 if differing or not modules else 0


def _modules(source: Path) -> Iterator[str]:
    for file in sorted((source / "docs_src").rglob("*.py")):
        parts = file.relative_to(source).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _documents(upstream: Upstream, modules: list[str], before: list[str]) -> dict[str, Any]:
    """The lines that `documents` prints for `modules`, by module."""
    command = [str(upstream.python), *before, _PROGRAM, str(upstream.source)]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "static").mkdir()
        done = subprocess.run(
            command,
            cwd=folder,
            env=upstream.variables() | _ENVIRONMENT,
            input="\n".join(modules),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["module"]: line for line in lines}


def _difference(real: Mapping[str, Any], ours: Mapping[str, Any]) -> str | None:
    """The first thing in which our answer for a module differs from FastAPI's."""
    if real["error"] != ours["error"]:
        return f"{ours['error']}, FastAPI: {real['error']}"
    return first_difference(real["documents"], ours["documents"])


def first_difference(real: Any, ours: Any, place: str = "") -> str | None:
    """Where two JSON documents first differ; the order of keys counts, as readers see it in the docs pages."""
    if isinstance(real, dict) and isinstance(ours, dict):
        if list(real) != list(ours):
            return f"{place or '/'}: keys {list(ours)}, FastAPI has {list(real)}"
        pairs = [(f"{place}/{key}", real[key], ours[key]) for key in real]
    elif isinstance(real, list) and isinstance(ours, list) and len(real) == len(ours):
        pairs = [(f"{place}/{index}", *both) for index, both in enumerate(zip(real, ours, strict=True))]
    else:
        return (
            None if real == ours and type(real) is type(ours) else f"{place}: {ours!r}, FastAPI has {real!r}"
        )
    return next((found for at, left, right in pairs if (found := first_difference(left, right, at))), None)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
