"""A run of known layers on the fast way, outermost first, down to a function layer or the application.

Lives here: the order in which adapters meet requests and replies. Must not live here: running anything else.
Invariant: a reply passes exactly the adapters that its request has passed, in reverse.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware.base import BaseHTTPMiddleware
from starlette.types import ASGIApp

from pronghorn._compile.callables import awaits_only_its_second
from pronghorn._engine.exchange import Exchange
from pronghorn._engine.middleware.adapter import NO_LIMIT, Adapter
from pronghorn._engine.reply import Reply


class Level:
    """Adapters, and what they are around.

    Args:
        adapters: outermost first.
        function: the layer inside of them that runs a function around each request, if there is one.
        inner: what that function is around.
    """

    def __init__(
        self,
        adapters: Sequence[Adapter],
        function: BaseHTTPMiddleware | None = None,
        inner: Level | None = None,
    ) -> None:
        self.adapters = tuple(adapters)
        self.function = function
        self.inner = inner
        self._befores = tuple(
            (index, adapter.before) for index, adapter in enumerate(adapters) if adapter.has_before
        )
        self._ordinary_befores = tuple(
            (index, before) for index, before in self._befores if not adapters[index].meets_options_only
        )
        #: Whether `enter` has something to do for methods other than OPTIONS.
        self.meets_all = bool(self._ordinary_befores)
        self.afters = tuple(adapter.after for adapter in reversed(adapters) if adapter.has_after)
        #: Whether every function from here on waits for nothing but `call_next`: then nothing but the path operation
        #: decides whether there is something to wait for.
        self.is_direct: bool = inner is None or (
            function is not None and inner.is_direct and awaits_only_its_second(function.dispatch_func)
        )
        #: Replies with bodies from this size on are sent by ASGI; see `Adapter.thread_minimum_size`.
        self.thread_minimum_size = min(
            (adapter.thread_minimum_size for adapter in adapters), default=NO_LIMIT
        )

    def enter(self, x: Exchange) -> Reply | None:
        """Take a request in; a reply is for the peer, it has passed the layers that it has to."""
        for index, before in self._befores if x.method == "OPTIONS" else self._ordinary_befores:
            reply = before(x)
            if reply is not None:
                for adapter in reversed(self.adapters[:index]):
                    reply = adapter.after(x, reply)
                return reply
        return None

    def leave(self, x: Exchange, reply: Reply) -> Reply:
        """Let a reply out."""
        for after in self.afters:
            reply = after(x, reply)
        return reply

    def wrap(self, x: Exchange, app: ASGIApp) -> ASGIApp:
        """The layers around an ASGI application that sends what is no plain reply."""
        for adapter in reversed(self.adapters):
            app = adapter.wrap(x, app)
        return app
