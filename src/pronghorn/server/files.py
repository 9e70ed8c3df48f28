"""A file on its way to a peer.

Lives here: when the kernel copies a file to a socket, when its bytes go through the transport, when a worker
thread reads them. Must not live here: heads, the response's end.

Invariants:
- Nothing is sent past a full socket: the transport has the next slice then, and with it flow control, the
  write deadline and the connection's end are its own as ever.
- The event loop reads only what is in memory.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from contextvars import Context
from typing import Any

from pronghorn._base.page_cache import is_cached
from pronghorn._base.workers import workers
from pronghorn._engine.files import read_piece
from pronghorn._engine.reply import FilePart, FileReply
from pronghorn.server.flow import SLICE, Outlet

_STEP = 512 * 1024
# So many bytes, then other connections have a turn.
_TURN = 4 * _STEP
# Twice the default mark at which the transport pauses: one slice is enough to be told when to go on.
_SLICE = 2 * SLICE


class FileSending:
    """Sends one body, in the pace of the peer.

    Args:
        outlet: where it goes.
        loop: the event loop.
        head: what goes first.
        reply: the body.

    Attributes:
        sent: bytes of the body that were handed over.
    """

    def __init__(
        self, outlet: Outlet, loop: asyncio.AbstractEventLoop, head: bytes, reply: FileReply
    ) -> None:
        self._outlet = outlet
        self._loop = loop
        self._parts: deque[FilePart] = deque(reply.parts)
        self._descriptor = reply.descriptor
        self._end: asyncio.Future[None] = loop.create_future()
        self._later = False
        self.sent = 0
        outlet.flush()
        self._is_copied = True
        outlet.send(head)
        outlet.sending = self

    async def wait(self) -> None:
        """Send, until all is sent or the peer is gone.

        Raises:
            RuntimeError: the file is shorter than it was.
        """
        try:
            self.go_on()
            await self._end
        finally:
            self._outlet.sending = None
            self._parts.clear()

    def abandon(self) -> None:
        """The connection is lost."""
        self._parts.clear()
        self._finish()

    def go_on(self) -> None:
        """Send what the peer takes."""
        if self._later:
            return
        try:
            self._send()
        except Exception as error:
            if not self._end.done():
                self._end.set_exception(error)

    def _send(self) -> None:
        limit = self.sent + _TURN
        outlet = self._outlet
        while self._parts and not outlet.is_shut and not outlet.transport.is_closing():
            part = self._parts[0]
            if isinstance(part, bytes):
                self._outlet.send(part)
                self._pass(len(part))
            elif self.sent >= limit:
                self._later = True
                self._loop.call_soon(self._resume)
                return
            elif not self._send_part(*part):
                return
        if not self._parts:
            self._finish()

    def _send_part(self, start: int, end: int) -> bool:
        """Send a piece from between two offsets; False: a thread has been asked for it."""
        count = min(end - start, _STEP)
        if not is_cached(self._descriptor, start, count):
            self._read_in_thread(start, min(count, _SLICE))
            return False
        sent = self._copy(start, count)
        if sent:
            self._pass(sent)
        if sent < count:
            self._write_slice(read_piece(self._descriptor, start + sent, min(count - sent, _SLICE)))
        return True

    def _write_slice(self, data: bytes) -> None:
        self._outlet.transport.write(data)
        self._pass(len(data))

    def _copy(self, start: int, count: int) -> int:
        """Let the kernel copy; how many bytes it did."""
        outlet = self._outlet
        if not self._is_copied or not outlet.is_clear:
            return 0
        try:
            return os.sendfile(outlet.socket, self._descriptor, start, count)
        except BlockingIOError:
            return 0
        except OSError:  # this kind of file, or the connection: the transport will find out which
            self._is_copied = False
            return 0

    def _pass(self, count: int) -> None:
        """So much of the first part has left."""
        self.sent += count
        part = self._parts.popleft()
        if not isinstance(part, bytes) and part[0] + count < part[1]:
            self._parts.appendleft((part[0] + count, part[1]))

    def _read_in_thread(self, start: int, count: int) -> None:
        self._later = True
        mailbox = workers.mailbox(self._loop)
        workers.submit(mailbox, Context(), read_piece, (self._descriptor, start, count), self._has_read)

    def _has_read(self, data: Any, error: BaseException | None) -> None:
        self._later = False
        if self._end.done() or not self._parts:
            return
        if error is not None:
            self._end.set_exception(error)
        else:
            self._write_slice(data)
            self.go_on()

    def _resume(self) -> None:
        self._later = False
        if not self._end.done():
            self.go_on()

    def _finish(self) -> None:
        if not self._end.done():
            self._end.set_result(None)
