"""What a function around requests is handed: its request, and the response of the part inside.

Must not live here: asking that part (`passage`). Invariant: both are what `BaseHTTPMiddleware` hands over, as far as
a function can tell.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from starlette.background import BackgroundTask
from starlette.datastructures import MutableHeaders
from starlette.middleware.base import _CachedRequest, _StreamingResponse
from starlette.requests import empty_receive, empty_send
from starlette.types import Receive, Scope, Send

from pronghorn._engine.middleware.passing import StreamedReply
from pronghorn._engine.reply import RawHeaders, Reply


class FunctionRequest(_CachedRequest):
    """The request as a function gets it."""


def request_for(scope: Scope, receive: Receive, send: Send) -> FunctionRequest:
    """Make a request."""
    request: FunctionRequest = _new(FunctionRequest)
    request.scope = scope
    request._receive = receive
    request._send = send
    return request


_new: Any = object.__new__

# PERF: what else the constructors set is the same for every request: the class has it. bench middleware
for _name, _value in vars(_CachedRequest({"type": "http"}, empty_receive, empty_send)).items():
    if _name not in {"scope", "_receive", "_send"}:
        setattr(FunctionRequest, _name, _value)


class PassedHeaders(MutableHeaders):
    """The headers of a passed response."""

    def __init__(self, raw: Any) -> None:
        self._list = raw

    def __setitem__(self, key: str, value: str) -> None:
        # PERF: most set one that is not there yet, which takes no list of where it is. bench middleware
        name, line = key.lower().encode("latin-1"), value.encode("latin-1")
        for known, _ in self._list:
            if known == name:
                super().__setitem__(key, value)
                return
        self._list.append((name, line))

    def __repr__(self) -> str:
        return repr(MutableHeaders(raw=self._list))


class PassedResponse(_StreamingResponse):
    """What `call_next` gives for a finished reply: a streaming response of one piece.

    Args:
        content: the body.
        status: the status code.
        headers: the complete list.
        written: its first two, where these are as the server would write them itself.
    """

    info: Any = None
    media_type = None
    taken = False
    """Whether somebody has begun to read the body."""
    _whole: Any = None

    def __init__(self, content: bytes, status: int, headers: RawHeaders, written: RawHeaders | None) -> None:
        self.content = content
        self.status_code = status
        self.raw_headers = headers  # type: ignore[assignment]
        self.written = written
        # PERF: what is always asked for is found sooner on the instance than on the class.
        self.background: BackgroundTask | None = None
        self._headers: Any = None
        self._iterator: Any = None

    @property
    def headers(self) -> MutableHeaders:
        """The headers, which may be changed."""
        headers: MutableHeaders | None = self._headers
        if headers is None:
            headers = self._headers = PassedHeaders(self.raw_headers)
        return headers

    @property
    def body_iterator(self) -> Any:
        """The body."""
        if self._iterator is None:
            self._iterator = self._whole = self._pieces()
        return self._iterator

    @body_iterator.setter
    def body_iterator(self, iterator: Any) -> None:
        self._iterator = iterator

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        self.taken = True
        if self.content:
            yield self.content

    def is_intact(self) -> bool:
        """Whether the body was neither replaced nor looked at."""
        return self._iterator is None or (not self.taken and self._iterator is self._whole)

    def as_reply(self) -> Reply | None:
        """The reply again; None when the body is another."""
        if not self.is_intact():
            return None
        headers, media_type, written = self.raw_headers, None, self.written
        if written is not None and headers[:2] == written:
            headers, media_type = headers[2:], written[1][1]
        return StreamedReply(self.status_code, self.content, media_type, headers, self.background)


def passed_on(reply: Reply) -> PassedResponse:
    """The response that a function around ``reply`` gets."""
    headers = reply.raw_headers()
    return PassedResponse(
        reply.body, reply.status, headers, headers[:2] if reply.media_type is not None else None
    )
