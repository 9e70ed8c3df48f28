"""Whether an application limits the body of a request itself.

Lives here: the question that a server asks before it applies a limit of its own. Must not live here:
counting (`_engine.body_limit`). Invariant: asking changes nothing.
"""

from __future__ import annotations

from typing import Any

from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.routing import Match, Mount
from starlette.types import Scope

from pronghorn._app.fast import walk
from pronghorn._app.included import IncludedRouter
from pronghorn._engine.exchange import Exchange


def limits_body(app: Any, exchange: Exchange) -> bool:
    """Whether a `max_body_size` of `app`, or of what it leads to, is in force for a request."""
    # The exchange's own scope may be on its way through the application already, and changed by it.
    scope = {"type": "http", "method": exchange.method, "path": exchange.path, "headers": exchange.headers}
    return _limits_below(app, {**scope, "root_path": exchange.root_path})


def _limits_below(app: Any, scope: Scope) -> bool:
    if app.max_body_size is not None:
        return True
    for route, effective in walk(app.router):
        shown: Any = effective or route
        match, child_scope = shown.matches(dict(scope))
        if match == Match.FULL:
            return _limits(shown, {**scope, **child_scope})
    return False


def _limits(route: Any, scope: Scope) -> bool:
    if isinstance(route, IncludedRouter):  # a subclassed router, which alone knows where it leads
        return route.include_context.max_body_size is not None
    inner = getattr(route, "starlette_route", None) or route
    if isinstance(inner, Mount) and hasattr(inner.app, "limits_body") and _limits_below(inner.app, scope):
        return True
    return isinstance(getattr(route, "app", None), RequestBodyLimitMiddleware)
