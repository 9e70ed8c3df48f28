"""CORS on the fast way.

Must not live here: which headers CORS takes; the middleware is asked once per origin and its answer kept.
Invariant: a kept answer is used only for responses without a header that CORS looks at or sets.
"""

from __future__ import annotations

from typing import Any

from starlette.middleware.cors import CORSMiddleware

from pronghorn._engine.exchange import Exchange
from pronghorn._engine.middleware.adapter import Adapter
from pronghorn._engine.middleware.passing import answer_of, passed
from pronghorn._engine.reply import RawHeaders, Reply

_KEPT_ORIGINS = 256
_TOUCHED = b"vary", b"access-control-"


class CorsAdapter(Adapter):
    """`CORSMiddleware`: answers preflight requests, adds headers to the others."""

    kind = CORSMiddleware
    has_before = True
    meets_options_only = True
    has_after = True

    def __init__(self, layer: Any) -> None:
        super().__init__(layer)
        self._without_origin: RawHeaders | None = None
        self._additions: dict[tuple[bytes, bool], RawHeaders] = {}

    def before(self, x: Exchange) -> Reply | None:
        """Answer a preflight request."""
        if x.method == "OPTIONS" and _origin(x) is not None:
            return answer_of(self.layer, x)
        return None

    def after(self, x: Exchange, reply: Reply) -> Reply:
        """Add the headers for the request's origin."""
        headers = reply.headers
        for name, _ in headers:
            if name.startswith(_TOUCHED):
                return passed(self.layer, x, reply)
        for name, value in x.headers:
            if name == b"origin":
                additions = self._for_origin(x, value)
                break
        else:
            additions = self._without_origin or self._ask(x)
            self._without_origin = additions
        reply.headers = (*headers, *additions) if headers else additions
        return reply

    def _for_origin(self, x: Exchange, origin: bytes) -> RawHeaders:
        # Whether an origin is allowed is asked every time: the list may change while the server runs.
        key = (origin, self.layer.is_allowed_origin(origin.decode("latin-1")))
        additions = self._additions.get(key)
        if additions is None:
            if len(self._additions) >= _KEPT_ORIGINS:
                self._additions.clear()
            additions = self._additions[key] = self._ask(x)
        return additions

    def _ask(self, x: Exchange) -> RawHeaders:
        """What the middleware adds to a response without headers."""
        return tuple(passed(self.layer, x, Reply(200, b"", None, ())).headers)


def _origin(x: Exchange) -> bytes | None:
    return next((value for name, value in x.headers if name == b"origin"), None)
