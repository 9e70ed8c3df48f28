"""`python -m reliability [CHECK…]`: run checks, print each figure beside its bar, fail when one is missed."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvloop

from reliability.catalogue import CHECKS
from reliability.check import Check, Figure, Skipped


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m reliability", description=__doc__)
    parser.add_argument("checks", nargs="*", metavar="CHECK", help="names or rows; all quick ones by default")
    parser.add_argument("--soak", action="store_true", help="the long ones instead of the quick ones")
    parser.add_argument("--list", action="store_true", help="name the checks and run none")
    parser.add_argument("--json", type=Path, default=Path("build/reliability.json"), help="where to write it")
    return parser.parse_args()


def chosen(names: Sequence[str], *, soak: bool) -> list[Check]:
    """The checks that a command line means.

    Raises:
        SystemExit: a name that no check has.
    """
    known = {name for check in CHECKS for name in (check.name, str(check.row))}
    if unknown := [name for name in names if name not in known]:
        sys.exit(f"no check is called {', '.join(unknown)}: see --list")
    if names:
        return [check for check in CHECKS if check.name in names or str(check.row) in names]
    return [check for check in CHECKS if check.soak is soak]


async def run(check: Check) -> list[Figure]:
    """Run one check, and print what it finds as it finds it."""
    print(f"\n{check.row:>2}  {check.name}: {check.about}", flush=True)
    figures = []
    async for figure in check.run():
        figures.append(figure)
        print(
            f"    {'ok' if figure.met else 'MISSED':<7}{figure.what}: {figure.found} ({figure.bar})",
            flush=True,
        )
    return figures


def main() -> int:
    """The exit code: 0 when every bar is met."""
    options = parse_arguments()
    if options.list:
        for check in CHECKS:
            print(f"{check.row:>3}  {check.name:<14}{'soak  ' if check.soak else 'quick '}{check.about}")
        return 0
    found: dict[str, Any] = {}
    missed, skipped = [], []
    for check in chosen(options.checks, soak=options.soak):
        begun = time.monotonic()
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                figures = runner.run(run(check))
        except Skipped as reason:
            print(f"    skipped: {reason}")
            skipped.append(check.name)
            continue
        except Exception:
            traceback.print_exc()
            missed.append(check.name)
            continue
        found[check.name] = {
            "row": check.row,
            "seconds": round(time.monotonic() - begun, 1),
            "figures": [asdict(figure) for figure in figures],
        }
        missed += [check.name] if not all(figure.met for figure in figures) else []
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found, indent=1) + "\n")
    print(
        f"\n{len(found)} checks, {len(missed)} missed {missed or ''}, {len(skipped)} skipped {skipped or ''}"
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
