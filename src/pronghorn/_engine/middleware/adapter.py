"""What a known middleware is on the fast way.

Lives here: `Adapter`, and what all adapters have in common. Must not live here: any kind of middleware.
Invariant: an adapter gives what its middleware would give; where it has no quick answer it asks the
middleware itself (`passing`).
"""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp

from pronghorn._engine.exchange import Exchange
from pronghorn._engine.middleware.passing import around
from pronghorn._engine.reply import Reply

#: More than any body has.
NO_LIMIT = 1 << 62


class Adapter:
    """One middleware, met by exchanges and replies.

    Args:
        layer: the middleware as the application built it; its attributes are its configuration.
    """

    #: Whether `before`, `after` have anything to do.
    has_before = False
    has_after = False
    #: Whether `before` has nothing to do for methods other than OPTIONS.
    meets_options_only = False
    #: Bodies from this size on are not passed through `after`, but through the middleware itself, which
    #: works on them in a thread.
    thread_minimum_size = NO_LIMIT

    def __init__(self, layer: Any) -> None:
        self.layer = layer

    def before(self, x: Exchange) -> Reply | None:
        """Meet a request on its way in; a reply ends that way. Must be harmless when called twice."""
        return None

    def after(self, x: Exchange, reply: Reply) -> Reply:
        """Meet a reply on its way out."""
        return reply

    def wrap(self, x: Exchange, app: ASGIApp) -> ASGIApp:
        """The middleware around ``app``, which sends what is no plain reply; `before` has been called."""
        wrapped: ASGIApp = around(self.layer, app)
        return wrapped
