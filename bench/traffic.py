"""Requests as bytes, and what is expected in return.

Lives here: writing a request, reading a response, comparing it. Must not live here: which requests
there are (`workloads`), or how they are timed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPResponse
from io import BytesIO
from typing import Any

HOST = "127.0.0.1:8000"
ANY = object()
"""A body that may be anything."""


@dataclass(frozen=True)
class Reply:
    """A response, read whole."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Sample:
    """One request and the reply it must get.

    Attributes:
        body: the expected JSON, or bytes as they are, or ANY.
        status: the expected one, or 0 for any.
        headers: these must have these values; names in lower case.
        refused: these must not have any of these values.
    """

    request: bytes
    status: int
    body: Any = ANY
    headers: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def difference(self, reply: Reply) -> str | None:
        """What is wrong with `reply`, or None."""
        if self.status not in (0, reply.status):
            return f"status {reply.status} instead of {self.status}: {reply.body[:200].strip()!r}"
        for name, value in self.headers.items():
            if reply.headers.get(name) != value:
                return f"header {name} is {reply.headers.get(name)!r} instead of {value!r}"
        for name, values in self.refused.items():
            if reply.headers.get(name) in values:
                return f"header {name} is {reply.headers.get(name)!r}"
        return self._difference_of_body(reply)

    def _difference_of_body(self, reply: Reply) -> str | None:
        if self.body is ANY:
            return None
        if isinstance(self.body, bytes):
            return (
                None if reply.body == self.body else f"{len(reply.body)} bytes that are not the expected ones"
            )
        try:
            found = json.loads(reply.body)
        except ValueError:
            return f"no JSON: {reply.body[:200]!r}"
        return None if found == self.body else f"{str(found)[:200]} instead of {str(self.body)[:200]}"


def build(target: str, *, method: str = "GET", body: bytes | None = None, **fields: str) -> bytes:
    """A request; `x_token="a"` becomes the field `X-Token: a`."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {HOST}", "Accept: */*"]
    lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in fields.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


def post_json(target: str, value: Any) -> bytes:
    """A request that posts `value` as JSON."""
    return build(target, method="POST", body=json.dumps(value).encode(), content_type="application/json")


class _Buffer:
    """What `http.client` takes for a socket."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def makefile(self, mode: str) -> Any:
        return self.file


def read_reply(file: Any) -> Reply:
    """Read one response to the end of its body, from a binary file."""
    response = HTTPResponse(_Buffer(file))  # type: ignore[arg-type]
    response.begin()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, headers, response.read())


def parse_reply(data: bytes) -> Reply:
    """The same, from bytes."""
    return read_reply(BytesIO(data))
