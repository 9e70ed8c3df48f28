"""The scope of a request of which user code may take exit stacks.

Lives here: the keys of the stacks, and a scope that makes them. Must not live here: closing them (`stacks`).
Invariant: nothing is made that nobody asks for.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

from pronghorn._base.exit_stack import MIDDLEWARE_STACK

INNER_STACK = "fastapi_inner_astack"
FUNCTION_STACK = "fastapi_function_astack"
#: All, from the inside out.
STACKS = (FUNCTION_STACK, INNER_STACK, MIDDLEWARE_STACK)


class LazyScope(dict[str, Any]):
    """A scope that has the stacks from when somebody asks for them.

    PERF: three stacks cost as much as the rest of a short request; hardly anybody wants them.
    """

    opened = False

    def __missing__(self, key: str) -> Any:
        if key not in STACKS:
            raise KeyError(key)
        self.opened = True
        stack = self[key] = AsyncExitStack()
        return stack

    def get(self, key: str, default: Any = None) -> Any:
        """See `dict.get`."""
        return self[key] if key in STACKS else super().get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in STACKS or super().__contains__(key)
