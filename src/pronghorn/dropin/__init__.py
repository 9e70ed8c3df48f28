"""Pronghorn as the `fastapi` package, for code that imports `fastapi` and cannot be changed.

`install()` is the whole interface; `python -m pronghorn.dropin` calls it around a script, a module
or a command, `pronghorn run --drop-in` around an application. Every `fastapi.X` is a view of the
module of ours that does its work (`mirror`), composed as `names` says; nothing outside this package
knows that it exists.

    >>> from pronghorn import dropin
    >>> dropin.install()
    >>> import fastapi
    >>> fastapi.__version__
    '0.165.0'
"""

from __future__ import annotations

import sys

from pronghorn.dropin import environment, identity
from pronghorn.dropin.finder import FastAPIFinder
from pronghorn.dropin.mirror import MirrorModule
from pronghorn.dropin.names import FASTAPI_VERSION

__all__ = ["FASTAPI_VERSION", "install", "installed", "uninstall"]

_finder = FastAPIFinder()


def installed() -> bool:
    """Whether `import fastapi` gives Pronghorn in this process."""
    return _finder in sys.meta_path


def install(*, child_processes: bool = True) -> None:
    """Make Pronghorn answer to `fastapi`, for the rest of this process.

    Call it before anything imports `fastapi`; calling it again does nothing.

    Args:
        child_processes: also in the Python processes started from this one (reloaders, worker
            processes, `subprocess`, pytest-xdist), through their environment.

    Raises:
        RuntimeError: the real FastAPI has been imported already, so that some code holds its classes.
    """
    loaded = sys.modules.get("fastapi")
    if loaded is not None and not isinstance(loaded, MirrorModule):
        raise RuntimeError(
            f"pronghorn.dropin.install() was called after fastapi had been imported from"
            f" {getattr(loaded, '__file__', 'an unknown place')}: code that imported it keeps its classes."
            " Call install() before the first import of fastapi, or start the program with"
            " `python -m pronghorn.dropin`."
        )
    if not installed():
        sys.meta_path.insert(0, _finder)
    if child_processes:
        environment.announce()


def uninstall() -> None:
    """Undo `install()`: `import fastapi` finds the real FastAPI again, if there is one.

    Modules that imported `fastapi` meanwhile keep what they imported.
    """
    if not installed():
        return
    sys.meta_path.remove(_finder)
    for name in [name for name in sys.modules if name.partition(".")[0] == "fastapi"]:
        del sys.modules[name]
    identity.restore()
    environment.withdraw()
