"""`python -m conformance.typing_comparison [checker ...]`: FastAPI's tutorials as type checkers see them.

Checks every file under `docs_src` of FastAPI's source distribution twice: as it is, against the real
FastAPI, and with `fastapi` replaced by `pronghorn` in its imports. Prints how many errors each checker
reports for each, and every line that is an error for one of the two alone; fails when Pronghorn has one
that `EXPLAINED` does not list.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.upstream import Upstream, prepare

#: What a checker says, by file and line.
Reports = Mapping[tuple[str, int], list[str]]

#: Lines of the pinned distribution that are errors with Pronghorn alone, each with its reason.
EXPLAINED = {
    ("docs_src/graphql_/tutorial001.py", 25): "the router of strawberry-graphql derives from FastAPI's own",
}

_IMPORT = re.compile(r"^(\s*)(from|import) fastapi(?=[\s.])", re.MULTILINE)


def main(names: Sequence[str]) -> int:
    """Print what the checkers called ``names`` (by default all) report; return the exit code."""
    upstream = prepare()
    good = True
    for name in names or CHECKERS:
        check = CHECKERS[name]
        with tempfile.TemporaryDirectory() as folder:
            theirs, ours = tutorials(upstream.source, Path(folder))
            fastapi, pronghorn = check(theirs, upstream), check(ours, upstream)
        print(
            f"{name}: {_count(fastapi)} errors with FastAPI, {_count(pronghorn)} with Pronghorn", flush=True
        )
        for line in difference(fastapi, pronghorn):
            print(f"  only FastAPI: {line}")
        for line in difference(pronghorn, fastapi):
            print(f"  only Pronghorn: {line}", flush=True)
        good = good and not {*pronghorn} - {*fastapi} - {*EXPLAINED}
    return 0 if good else 1


def tutorials(source: Path, folder: Path) -> tuple[Path, Path]:
    """Folders with the tutorials as they are, and with their imports rewritten."""
    theirs, ours = folder / "theirs", folder / "ours"
    for target in (theirs, ours):
        shutil.copytree(source / "docs_src", target / "docs_src")
    for file in ours.rglob("*.py"):
        file.write_text(_IMPORT.sub(r"\1\2 pronghorn", file.read_text("utf-8")), "utf-8")
    return theirs, ours


def difference(reports: Reports, other: Reports) -> Iterator[str]:
    """The lines of ``reports`` on which ``other`` has nothing, for people."""
    for place, messages in sorted(reports.items()):
        if place not in other:
            reason = f" (explained: {EXPLAINED[place]})" if place in EXPLAINED else ""
            yield f"{place[0]}:{place[1]}: {' | '.join(messages)}{reason}"


def _count(reports: Reports) -> int:
    return sum(map(len, reports.values()))


def mypy(folder: Path, upstream: Upstream) -> Reports:
    """The errors of mypy --strict."""
    options = ["--strict", "--config-file=", "--cache-dir=/dev/null", "--output=json"]
    options += ["--explicit-package-bases", f"--python-executable={upstream.python}"]
    output = _run(["mypy", *options, "docs_src"], folder)
    return _by_line(
        (one["file"], one["line"], f"{one['message']} [{one['code']}]")
        for one in map(json.loads, output.splitlines())
        if one["severity"] == "error"
    )


def pyright(folder: Path, upstream: Upstream) -> Reports:
    """The errors of pyright in its strict mode."""
    (folder / "pyrightconfig.json").write_text('{"include": ["docs_src"], "typeCheckingMode": "strict"}')
    output = _run(["pyright", "--outputjson", f"--pythonpath={upstream.python}"], folder)
    return _by_line(
        (
            str(Path(one["file"]).relative_to(folder.resolve())),
            one["range"]["start"]["line"] + 1,
            f"{one['message'].splitlines()[0]} [{one.get('rule', 'syntax')}]",
        )
        for one in json.loads(output)["generalDiagnostics"]
        if one["severity"] == "error"
    )


def ty(folder: Path, upstream: Upstream) -> Reports:
    """The errors of ty as it comes."""
    options = ["--output-format=gitlab", f"--python={upstream.python}", "--no-progress"]
    output = _run(["ty", "check", *options, "docs_src"], folder)
    return _by_line(
        (one["location"]["path"], one["location"]["positions"]["begin"]["line"], one["description"])
        for one in json.loads(output)
        if one["severity"] in {"major", "critical", "blocker"}
    )


CHECKERS: Mapping[str, Callable[[Path, Upstream], Reports]] = {"mypy": mypy, "pyright": pyright, "ty": ty}


def _run(command: list[str], folder: Path) -> str:
    tool = Path(sys.executable).with_name(command[0])
    done = subprocess.run([tool, *command[1:]], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1}:  # 1: there are errors; anything else: it did not get to its end
        raise SystemExit(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _by_line(found: Iterator[Any]) -> Reports:
    reports: dict[tuple[str, int], list[str]] = {}
    for file, line, message in found:
        reports.setdefault((file, line), []).append(message)
    return reports


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
