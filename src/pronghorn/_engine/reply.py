"""A finished answer, as plain as a server needs it.

Lives here: `Reply`, making one of a Starlette response whose body is already there, and which have none.
Must not live here: writing bytes to anything (`server`, `adapters`).
Invariant: a reply is handed over once and not changed afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from starlette.responses import Response

from pronghorn._base.status_codes import allows_body

RawHeaders = Sequence[tuple[bytes, bytes]]
AfterWork = Callable[[], Coroutine[Any, Any, None]]


class Reply:
    """Status, headers and the whole body of an answer.

    Attributes:
        status: the HTTP status code.
        body: the whole body.
        media_type: the finished ``content-type`` value; the server adds ``content-length`` itself. None
            where ``headers`` is complete.
        headers: further headers when ``media_type`` is given, else the complete list, names in lower case.
        after: work for after the reply was handed to the transport (background tasks), or None.
    """

    __slots__ = ("after", "body", "headers", "media_type", "status")

    def __init__(
        self,
        status: int,
        body: bytes,
        media_type: bytes | None = None,
        headers: RawHeaders = (),
        after: AfterWork | None = None,
    ) -> None:
        self.status = status
        self.body = body
        self.media_type = media_type
        self.headers = headers
        self.after = after

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """The complete header list, for whoever has no finished heads of its own."""
        if self.media_type is None:
            return list(self.headers)
        length = b"%d" % len(self.body)
        return [(b"content-length", length), (b"content-type", self.media_type), *self.headers]


FilePart = bytes | tuple[int, int]
"""Bytes, or what is between two offsets of a file."""


class FileReply:
    """Status, headers and a body that is in a file.

    Attributes:
        status: the HTTP status code.
        headers: the complete list, names in lower case.
        descriptor: of the open file; whoever made this closes it.
        parts: what the body consists of, in order.
        size: bytes of the body.
    """

    __slots__ = ("descriptor", "headers", "parts", "size", "status")

    def __init__(
        self, status: int, headers: list[tuple[bytes, bytes]], descriptor: int, parts: Sequence[FilePart]
    ) -> None:
        self.status = status
        self.headers = headers
        self.descriptor = descriptor
        self.parts = parts
        self.size = sum(len(part) if isinstance(part, bytes) else part[1] - part[0] for part in parts)

    def is_whole(self) -> bool:
        """Whether the headers announce this body, no more and no less, and nothing else about framing."""
        framing = [value for name, value in self.headers if name in (b"content-length", b"transfer-encoding")]
        return framing == [b"%d" % self.size]


def drop_forbidden_body(response: Response) -> None:
    """Leave out the body where the response's status has none; a 205 then says so (RFC 9110, 15.3.6)."""
    if allows_body(response.status_code):
        return
    response.body = b""
    if "content-length" in response.headers:
        response.headers["content-length"] = "0"


def is_plain_response(response: Response) -> bool:
    """Whether ``response`` has its whole body and is sent the ordinary way, so that a `Reply` can stand for it."""
    return type(response).__call__ is Response.__call__ and type(getattr(response, "body", None)) is bytes


def reply_of(response: Any) -> Reply | None:
    """A reply that stands for ``response``; None when that has to send itself."""
    if not isinstance(response, Response) or not is_plain_response(response):
        return None
    return Reply(response.status_code, response.body, None, response.raw_headers, response.background)  # type: ignore[arg-type]
