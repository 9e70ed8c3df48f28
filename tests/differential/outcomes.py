"""One request to one application in memory, and what came of it, with what the application's code did.

Must not live here: anything of Pronghorn's own, so that other implementations of the same API can be asked.
"""

import asyncio
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp

Message = MutableMapping[str, Any]

LOG: list[Any] = []
"""What the application's code did, in order; `sent` stands where the response was complete."""


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str = "GET"
    path: str = "/"
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    root_path: str = ""


@dataclass
class Outcome:
    """What came of a request."""

    status: int | None = None
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    log: list[Any] = field(default_factory=list)
    error: str | None = None

    def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            assert self.status is None, "a second response"
            self.status, self.headers = message["status"], list(message["headers"])
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                LOG.append("sent")


def told(error: BaseException | None) -> str | None:
    return None if error is None else f"{type(error).__name__}: {error}"


def _scope_of(asked: Asked) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "server": ("test", 80),
        "client": ("peer", 1),
        "scheme": "http",
        "method": asked.method,
        "root_path": asked.root_path,
        "path": asked.path,
        "raw_path": asked.path.encode(errors="replace"),
        "query_string": asked.query,
        "headers": list(asked.headers),
        "state": {"from": "lifespan"},
    }


async def ask_by_asgi(app: ASGIApp, asked: Asked) -> Outcome:
    outcome = Outcome()
    coming: list[Message] = [{"type": "http.request", "body": asked.body, "more_body": False}]

    async def receive() -> Message:
        return coming.pop() if coming else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        outcome.take(message)

    async def serve() -> None:
        await app(_scope_of(asked), receive, send)

    try:
        await asyncio.get_running_loop().create_task(serve())
    except Exception as error:
        outcome.error = told(error)
    return outcome
