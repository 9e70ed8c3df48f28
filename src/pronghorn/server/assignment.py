"""What a supervisor and a worker say to each other.

Lives here: the words on the channel between them. Must not live here: what either does.
"""

from __future__ import annotations

import dataclasses
import pickle
import socket
import struct
from typing import IO

from pronghorn.server.config import ServerConfig

# From worker to supervisor, a byte each: it serves; its event loop turns; its event loop stands still, and
# the log says where; another should take its place, and it serves until then.
READY = b"+"
BEAT = b"."
HUNG = b"!"
RECYCLE = b"~"
_LENGTH = struct.Struct("!I")


@dataclasses.dataclass(frozen=True)
class Assignment:
    """What a worker is to do.

    Attributes:
        target: the application's import string.
        config: the options.
        path: the supervisor's import path.
        explained: whoever started the supervisor tells why the application cannot be imported, and refuses
            what is none: the worker ends without a word about it.
    """

    target: str
    config: ServerConfig
    path: list[str]
    explained: bool = False

    def send(self, channel: socket.socket) -> None:
        """Hand it to a worker."""
        with channel.makefile("wb") as stream:
            self.write(stream)

    @staticmethod
    def receive(channel: socket.socket) -> Assignment:
        """Take it from the supervisor."""
        with channel.makefile("rb") as stream:
            return Assignment.read(stream)

    def write(self, stream: IO[bytes]) -> None:
        """Write it down."""
        data = pickle.dumps(self)
        stream.write(_LENGTH.pack(len(data)) + data)

    @staticmethod
    def read(stream: IO[bytes]) -> Assignment:
        """Read what was written by a process of ours: nobody else has the other end."""
        (length,) = _LENGTH.unpack(stream.read(_LENGTH.size))
        assignment = pickle.loads(stream.read(length))
        assert isinstance(assignment, Assignment)
        return assignment
