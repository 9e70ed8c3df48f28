"""Reading a built middleware stack: which of its layers are known, and as what.

Lives here: the table of known kinds. Must not live here: what they do. Invariant: a layer is known only when
its class is exactly the known one and nothing of that class was replaced; one layer that is not, and none is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from starlette.middleware.base import BaseHTTPMiddleware

from pronghorn._base.untouched import is_untouched_class
from pronghorn._engine.middleware.adapter import Adapter
from pronghorn._engine.middleware.cors import CorsAdapter
from pronghorn._engine.middleware.gzip import GzipAdapter
from pronghorn._engine.middleware.https_redirect import HttpsRedirectAdapter
from pronghorn._engine.middleware.level import Level
from pronghorn._engine.middleware.trusted_host import TrustedHostAdapter

_SESSIONS = "starlette.middleware.sessions"


@cache
def _adapters(*, with_sessions: bool) -> dict[type, type[Adapter]]:
    known: list[Any] = [CorsAdapter, GzipAdapter, HttpsRedirectAdapter, TrustedHostAdapter]
    if with_sessions:  # needs a package of its own, which is there when the application has sessions
        from pronghorn._engine.middleware.session import SessionAdapter

        known.append(SessionAdapter)
    return {adapter.kind: adapter for adapter in known}


def adapter_of(layer: Any) -> Adapter | None:
    """The adapter for a middleware; None for one that is not known."""
    kind: Any = type(layer)
    adapter = _adapters(with_sessions=kind.__module__ == _SESSIONS).get(kind)
    if adapter is None or not is_untouched_class(kind):
        return None
    return adapter(layer)


def is_function_layer(layer: Any) -> bool:
    """Whether a middleware runs a function around each request, as `BaseHTTPMiddleware` does."""
    if not isinstance(layer, BaseHTTPMiddleware) or type(layer).__call__ is not BaseHTTPMiddleware.__call__:
        return False
    return is_untouched_class(BaseHTTPMiddleware)


def read_levels(layers: Sequence[Any]) -> Level | None:
    """The levels that ``layers``, outermost first, make; None when a layer is not known."""
    adapters: list[Adapter] = []
    for index, layer in enumerate(layers):
        if is_function_layer(layer):
            inner = read_levels(layers[index + 1 :])
            return None if inner is None else Level(adapters, layer, inner)
        adapter = adapter_of(layer)
        if adapter is None:
            return None
        adapters.append(adapter)
    return Level(adapters)
