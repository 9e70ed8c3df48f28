"""Where an endpoint stands, for error messages; looked up once per endpoint."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from pronghorn._base.errors import EndpointContext


class _ByIdentity:
    __slots__ = ("call",)

    def __init__(self, call: Any) -> None:
        self.call = call

    def __hash__(self) -> int:
        return id(self.call)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and other.call is self.call


def endpoint_context(call: Any, method: str, path: str | None, root_path: str) -> EndpointContext:
    """Function, file and line of ``call``, and the operation as ``METHOD /full/path`` where known."""
    context = EndpointContext(**_source(_ByIdentity(call)))
    if path:
        context["path"] = f"{method} {root_path.rstrip('/')}{path}"
    return context


@functools.lru_cache(maxsize=4096)
def _source(identity: _ByIdentity) -> EndpointContext:
    call = identity.call
    try:
        file, line = inspect.getsourcefile(call), inspect.getsourcelines(call)[1]
    except (TypeError, OSError):
        return EndpointContext()
    # What has lines of source has a file and a name.
    return EndpointContext(file=file or "", line=line, function=call.__name__)
