"""The redirect to HTTPS on the fast way.

Must not live here: the redirect itself, which the middleware makes. Invariant: only requests that came over
HTTPS pass without asking it.
"""

from __future__ import annotations

from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.types import ASGIApp

from pronghorn._engine.exchange import Exchange
from pronghorn._engine.middleware.adapter import Adapter
from pronghorn._engine.middleware.passing import answer_of
from pronghorn._engine.reply import Reply


class HttpsRedirectAdapter(Adapter):
    """`HTTPSRedirectMiddleware`: sends plain HTTP to HTTPS."""

    kind = HTTPSRedirectMiddleware
    has_before = True

    def before(self, x: Exchange) -> Reply | None:
        """Redirect a request that came over plain HTTP."""
        scheme = getattr(x, "scheme", None) or x.scope["scheme"]
        return None if scheme == "https" else answer_of(self.layer, x)

    def wrap(self, x: Exchange, app: ASGIApp) -> ASGIApp:
        """Nothing to do for responses."""
        return app
