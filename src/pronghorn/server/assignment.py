"""What a supervisor and a worker say to each other.

Lives here: the words on the channel between them. Must not live here: what either does.
"""

from __future__ import annotations

import dataclasses
import pickle
import socket
import struct

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
    """

    target: str
    config: ServerConfig
    path: list[str]

    def send(self, channel: socket.socket) -> None:
        """Hand it to a worker."""
        data = pickle.dumps(self)
        channel.sendall(_LENGTH.pack(len(data)) + data)

    @staticmethod
    def receive(channel: socket.socket) -> Assignment:
        """Take it from the supervisor, who is trusted: nobody else has this end of the channel."""
        with channel.makefile("rb") as stream:
            (length,) = _LENGTH.unpack(stream.read(_LENGTH.size))
            assignment = pickle.loads(stream.read(length))
        assert isinstance(assignment, Assignment)
        return assignment
