"""Trusted hosts on the fast way.

Must not live here: which hosts match; the middleware is asked and its verdict kept for good hosts.
Invariant: only a host that the middleware let through is let through without asking it.
"""

from __future__ import annotations

from typing import Any

from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp

from pronghorn._engine.exchange import Exchange
from pronghorn._engine.middleware.adapter import Adapter
from pronghorn._engine.middleware.passing import answer_of
from pronghorn._engine.reply import Reply

_KEPT_HOSTS = 256


class TrustedHostAdapter(Adapter):
    """`TrustedHostMiddleware`: refuses requests for hosts that are not ours."""

    kind = TrustedHostMiddleware

    def __init__(self, layer: Any) -> None:
        super().__init__(layer)
        self.has_before = not layer.allow_any
        self._trusted: set[bytes] = set()

    def before(self, x: Exchange) -> Reply | None:
        """Refuse or redirect a request for another host."""
        host = None
        for name, value in x.headers:
            if name == b"host":
                host = value
                break
        if host in self._trusted:
            return None
        reply = answer_of(self.layer, x)
        if reply is None and host is not None:
            if len(self._trusted) >= _KEPT_HOSTS:
                self._trusted.clear()
            self._trusted.add(host)
        return reply

    def wrap(self, x: Exchange, app: ASGIApp) -> ASGIApp:
        """Nothing to do for responses."""
        return app
