"""What reading a connection comes to: requests, or a refusal.

Lives here: what a request must be for the reader to fill it in, and the record of a refusal. Must not live
here: reading.
"""

from __future__ import annotations

import dataclasses
from typing import Protocol


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not read on: the status it is answered with, and words for the peer.

    Attributes:
        to_head: whether the method was HEAD, whose answer has no body.
    """

    status: int
    reason: str
    to_head: bool = False


class Incoming(Protocol):
    """What the reader fills in: a request, first its head, then its body.

    It is made as a request of HTTP/1.1 without a body, after which the connection stays open.
    """

    method: str
    path: str
    raw_path: bytes
    query: bytes
    headers: list[tuple[bytes, bytes]]
    http_version: str
    body: bytes | None
    keep_alive: bool
    expects_continue: bool
    upgrades: bool
    length: int | None

    def take_body(self, data: bytes) -> None:
        """Bytes of the body arrived."""

    def end_body(self) -> None:
        """The body is complete."""

    def limits_body(self) -> bool:
        """Whether the application has a limit of its own for it; asked when it exceeds the server's."""
        ...
