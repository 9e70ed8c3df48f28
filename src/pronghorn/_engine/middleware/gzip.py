"""GZip on the fast way.

Must not live here: what is compressed and how; the middleware does it. Invariant: what is skipped here is what
the middleware leaves as it is, whatever the headers say.
"""

from __future__ import annotations

from typing import Any

from starlette.middleware.gzip import GZipMiddleware

from pronghorn._engine.exchange import Exchange
from pronghorn._engine.middleware.adapter import Adapter
from pronghorn._engine.middleware.passing import StreamedReply, passed
from pronghorn._engine.reply import Reply


class GzipAdapter(Adapter):
    """`GZipMiddleware`: compresses bodies of a certain size, large ones in a thread."""

    kind = GZipMiddleware
    has_after = True

    def __init__(self, layer: Any) -> None:
        super().__init__(layer)
        self.thread_minimum_size = layer.thread_minimum_size

    def after(self, x: Exchange, reply: Reply) -> Reply:
        """Compress the body, unless it is small and all there."""
        body = reply.body
        if len(body) < self.layer.minimum_size and not (body and isinstance(reply, StreamedReply)):
            return reply
        return passed(self.layer, x, reply)
