"""How the drop-in reaches Python processes started from this one.

Reloaders, worker processes and test runners start fresh interpreters that import the application
before any code of ours runs. Python imports a module named `sitecustomize` first thing, so the
folder `bootstrap`, which holds one, is put in front of `PYTHONPATH` for them.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path

BOOTSTRAP = str(Path(__file__).parent / "bootstrap")
"""The folder whose `sitecustomize` installs the drop-in when `fastapi` is first imported."""

VARIABLE = "PRONGHORN_DROPIN"
"""Set to `1` where the drop-in should be installed; anything else switches `bootstrap` off."""


def announce(environ: MutableMapping[str, str] = os.environ) -> None:
    """Ask Python processes that inherit `environ` to install the drop-in."""
    environ[VARIABLE] = "1"
    environ["PYTHONPATH"] = os.pathsep.join([BOOTSTRAP, *_other_entries(environ)])


def withdraw(environ: MutableMapping[str, str] = os.environ) -> None:
    """Undo `announce`."""
    environ.pop(VARIABLE, None)
    others = _other_entries(environ)
    if others:
        environ["PYTHONPATH"] = os.pathsep.join(others)
    else:
        environ.pop("PYTHONPATH", None)


def _other_entries(environ: MutableMapping[str, str]) -> list[str]:
    entries = environ.get("PYTHONPATH", "").split(os.pathsep)
    return [entry for entry in entries if entry and entry != BOOTSTRAP]
