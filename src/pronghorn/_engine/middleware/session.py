"""Sessions on the fast way.

Must not live here: cookies and signatures, which the middleware reads and writes. Invariant: the session that
the request's code has met is the one that is written, though the middleware is asked twice.
"""

from __future__ import annotations

from starlette.middleware.sessions import Session, SessionMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pronghorn._engine.exchange import Exchange
from pronghorn._engine.middleware.adapter import Adapter
from pronghorn._engine.middleware.passing import around, passed, step
from pronghorn._engine.reply import Reply


class SessionAdapter(Adapter):
    """`SessionMiddleware`: a dictionary kept in a signed cookie, as ``scope["session"]``."""

    kind = SessionMiddleware
    has_before = True
    has_after = True

    def before(self, x: Exchange) -> Reply | None:
        """Read the session, from the cookie where there is one."""
        for name, _ in x.headers:
            if name == b"cookie":
                step(around(self.layer, _nothing), x.scope, x.receive, _refuse)
                return None
        x.scope["session"] = Session()
        return None

    def after(self, x: Exchange, reply: Reply) -> Reply:
        """Write the session where it was touched."""
        session = x.scope["session"]
        if type(session) is Session and not session.accessed and not session.modified:
            return reply
        # The middleware reads the cookie again, to know whether there was a session; `passed` puts ours back.
        return passed(_Keeping(self.layer, session), x, reply)

    def wrap(self, x: Exchange, app: ASGIApp) -> ASGIApp:
        """The middleware around ``app``, with the session that was read before."""
        return _Keeping(self.layer, x.scope["session"], app)


class _Keeping:
    """The middleware, whose application goes on with a session that was read before."""

    def __init__(self, layer: SessionMiddleware, session: object, app: ASGIApp | None = None) -> None:
        self.layer = layer
        self.session = session
        self.app: ASGIApp = app or _nothing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await around(self.layer, self._put_back)(scope, receive, send)

    async def _put_back(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["session"] = self.session
        await self.app(scope, receive, send)


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """The session was read, which is all that was wanted."""


async def _refuse(message: Message) -> None:
    raise RuntimeError(f"A response was started while a session was read: {message['type']}")
