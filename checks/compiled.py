"""Whether the installed Pronghorn is the compiled one: `python -m checks.compiled`.

Lives here: the comparison of the modules that have a `.pxd` file with those that were imported. Must not live
here: compiling (`hatch_build.py`).
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

SOURCES = Path(__file__).parents[1] / "src"


def typed_modules(sources: Path = SOURCES) -> Iterator[str]:
    """The names of the modules that are meant to be compiled."""
    for file in sorted(sources.rglob("*.pxd")):
        yield ".".join(file.relative_to(sources).with_suffix("").parts)


def is_compiled(name: str) -> bool:
    """Whether a module is an extension module."""
    return str(import_module(name).__file__).endswith(tuple(EXTENSION_SUFFIXES))


def main() -> int:
    """1 when one of them is not compiled."""
    pure = [name for name in typed_modules() if not is_compiled(name)]
    print(f"not compiled: {', '.join(pure)}" if pure else "compiled: every module that has a .pxd file")
    return 1 if pure else 0


if __name__ == "__main__":
    sys.exit(main())
