"""Writing, compiling and showing the source of plans: the only module that generates code.

Must not live here: what a plan does (`plan`). Invariant: the source of every compiled function can be read in
tracebacks and by tools, through `linecache`.
"""

from __future__ import annotations

import builtins
import itertools
import keyword
import linecache
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_numbers = itertools.count(1)


class SourceWriter:
    """Lines of source, with their indentation, and the objects that they refer to by name.

    Args:
        local_names: matches the names that the source uses for variables of its own: an object of such a
            name is known under another one.
    """

    def __init__(self, local_names: str = "(?!)") -> None:
        self._lines: list[str] = []
        self._depth = 0
        self._is_local = re.compile(local_names).fullmatch
        self.namespace: dict[str, Any] = {}

    def line(self, text: str) -> None:
        """Add one line at the present depth."""
        self._lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """Add a header (``if x:``) and indent what follows."""
        self.line(header)
        self._depth += 1
        yield
        self._depth -= 1

    def bind(self, name: str, value: Any) -> str:
        """Make ``value`` known under ``name``, or a name like it, which is returned."""
        # As the parser reads them: names are normalised, and not every letter may stand in one.
        name = unicodedata.normalize("NFKC", name)
        chosen = name = "".join(c if f"_{c}".isidentifier() else "_" for c in name) or "value"
        if (
            not name.isidentifier()
            or keyword.iskeyword(name)
            or hasattr(builtins, name)
            or self._is_local(name)
        ):
            chosen = name = f"_{name}"
        number = 1
        while chosen in self.namespace and self.namespace[chosen] is not value:
            number += 1
            chosen = f"{name}_{number}"
        self.namespace[chosen] = value
        return chosen

    @property
    def source(self) -> str:
        """Everything so far."""
        return "\n".join(self._lines) + "\n"

    def compile(self, function: str, title: str) -> tuple[Any, str]:
        """Compile the source.

        Args:
            function: the name of the function to return.
            title: what the source is of, shown in tracebacks.

        Returns:
            The function and the file name under which `linecache` knows the source.
        """
        filename = f"<plan {next(_numbers)}: {title}>"
        source = self.source
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        namespace = {"__name__": "pronghorn.plans", **self.namespace}
        exec(compile(source, filename, "exec"), namespace)  # our own source, made of declarations
        return namespace[function], filename
