"""FastAPI's private functions around included routers, as packages and tests call them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.routing import BaseRoute
from starlette.types import Scope

from pronghorn._app.included import SCOPE_KEY, iter_routes_with_context

_SCOPE_MISSING = object()


def _iter_included_route_candidates(routes: Sequence[BaseRoute]) -> Iterator[BaseRoute]:
    """The routes below `routes`, each as a route that Starlette could try by itself."""
    for route, effective in iter_routes_with_context(routes):
        yield (effective.starlette_route if effective is not None else None) or route


def _restore_fastapi_scope_key(scope: Scope, key: str, previous: Any) -> None:
    """Put a key of FastAPI's part of the scope back to what it was."""
    own = scope.get(SCOPE_KEY)
    if not isinstance(own, dict):
        return
    if previous is _SCOPE_MISSING:
        own.pop(key, None)
    else:
        own[key] = previous
