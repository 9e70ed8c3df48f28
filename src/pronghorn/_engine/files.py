"""Sending files: what a `FileResponse` sends, found out in one visit to a worker thread, and sent without more.

Lives here: opening the file, choosing its parts, sending them as ASGI messages. Must not live here: the rules
of ranges (Starlette's response has them), sockets (`server`).
Invariant: what is sent is what the response itself would send; a file that turns out shorter than it was is an
error, never a complete body.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from contextvars import copy_context
from secrets import token_hex
from typing import Any, Final

from starlette import responses
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn._base.page_cache import is_cached
from pronghorn._base.untouched import are_untouched
from pronghorn._base.workers import leave_async, run_in_worker
from pronghorn._engine.exchange import exchange_of
from pronghorn._engine.reply import FilePart, FileReply, Reply

SMALL: Final = 64 * 1024
"""A body of at most this is read while the file is open anyway, and sent as any other."""

_PIECE = 256 * 1024

# What is done here in the place of the response's own.
_REPLACED = ("__call__", "_handle_simple", "_handle_single_range", "_handle_multiple_ranges")
_KNOWN = {name: getattr(FileResponse, name, None) for name in (*_REPLACED, "_open_file", "chunk_size")}
_IS_KNOWN = are_untouched((FileResponse, name) for name in _REPLACED)


def sender_of(response: Any) -> ASGIApp:
    """The ASGI application that sends ``response``: itself, or a quicker one where it is a file."""
    return FileSender(response) if is_plain_file(response) else response


def is_plain_file(response: Any) -> bool:
    """Whether a response sends a file exactly as `FileResponse` does."""
    kind: Any = type(response)
    if not isinstance(response, FileResponse) or not _IS_KNOWN:
        return False
    return all(
        getattr(kind, name, None) is known for name, known in _KNOWN.items()
    ) and _KNOWN.keys().isdisjoint(vars(response))


class FileSender:
    """Sends one file.

    Args:
        response: what describes it.
    """

    def __init__(self, response: FileResponse) -> None:
        self._response = response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, then do the response's work for afterwards."""
        response = self._response
        if not _is_ours_to_send(scope):
            await response(scope, receive, send)
            return
        found = await run_in_worker(
            leave_async(copy_context()), open_file, response, scope["method"].upper(), Headers(scope=scope)
        )
        if isinstance(found, Response):
            await found(scope, receive, send)
            return
        exchange = exchange_of(send)
        if exchange is not None and not exchange.sends_files:
            exchange = None
        if isinstance(found, FileReply):
            try:
                if exchange is not None and found.is_whole():
                    await exchange.send_file(found)
                else:
                    await _stream(found, scope, receive, send)
            finally:
                os.close(found.descriptor)
        elif exchange is not None:
            await exchange.deliver(found)
        else:
            await send(
                {"type": "http.response.start", "status": found.status, "headers": found.raw_headers()}
            )
            await send({"type": "http.response.body", "body": found.body})
        if response.background is not None:
            await response.background()


def _is_ours_to_send(scope: Scope) -> bool:
    """Whether nothing speaks for the response's own way: another event loop, a server that takes paths."""
    if scope["type"] != "http" or asyncio._get_running_loop() is None:
        return False
    return "http.response.pathsend" not in scope.get("extensions", ())


# In the worker thread --------------------------------------------------------------------------------


def open_file(response: FileResponse, method: str, headers: Headers) -> FileReply | Reply | Response:
    """Find out what is to be sent.

    Args:
        response: describes the file.
        method: the request's, upper case.
        headers: the request's.

    Returns:
        The open file and its parts; a reply, where there is no more to it than a head, or it is small; or a
        response that says what is wrong with the range.

    Raises:
        RuntimeError: there is no such file.
    """
    result = response.stat_result
    if result is None:
        result = _examine(response)
    if method == "HEAD":
        return _describe(response, method, headers, result, None)
    descriptor = os.open(response.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        if response.stat_result is None:
            result = os.fstat(descriptor)
        found = _describe(response, method, headers, result, descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    if not isinstance(found, FileReply):
        os.close(descriptor)
    return found


def _examine(response: FileResponse) -> os.stat_result:
    try:
        result = os.stat(response.path)
    except FileNotFoundError:
        raise RuntimeError(f"File at path {response.path} does not exist.") from None
    if not stat.S_ISREG(result.st_mode):
        raise RuntimeError(f"File at path {response.path} is not a file.")
    return result


def _describe(
    response: FileResponse, method: str, headers: Headers, result: os.stat_result, descriptor: int | None
) -> FileReply | Reply | Response:
    response.set_stat_headers(result)
    size = result.st_size
    status, raw_headers = response.status_code, response.raw_headers
    parts: Sequence[FilePart] = [(0, size)]
    try:
        ranges = _ranges(response, method, headers, size)
    except responses.MalformedRangeHeader as error:
        return PlainTextResponse(error.content, status_code=400)
    except responses.RangeNotSatisfiable as error:
        return PlainTextResponse(status_code=416, headers={"content-range": f"bytes */{error.max_size}"})
    if ranges:
        status = 206
        parts, raw_headers = _ranged(response, ranges, size)
    if descriptor is None:
        return Reply(status, b"", None, raw_headers)
    reply = FileReply(status, raw_headers, descriptor, parts)
    if reply.size > SMALL:
        return reply
    return Reply(status, b"".join(_read_whole(descriptor, part) for part in parts), None, raw_headers)


def _ranges(response: FileResponse, method: str, headers: Headers, size: int) -> list[tuple[int, int]]:
    """The ranges that are asked for, as start and end; empty where the whole file is."""
    wanted, condition = headers.get("range"), headers.get("if-range")
    if wanted is None or response.status_code != 200 or method not in ("GET", "HEAD"):
        return []
    if condition is not None and not response._should_use_range(condition):
        return []
    return response._parse_range_header(wanted, size)


def _ranged(
    response: FileResponse, ranges: list[tuple[int, int]], size: int
) -> tuple[list[FilePart], list[tuple[bytes, bytes]]]:
    """The parts of a body that consists of ranges, and the headers that go with it."""
    headers = MutableHeaders(raw=list(response.raw_headers))
    if len(ranges) == 1:
        start, end = ranges[0]
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
        headers["content-length"] = str(end - start)
        return list(ranges), headers.raw
    boundary = token_hex(13)
    length, head_of = response.generate_multipart(ranges, boundary, size, headers["content-type"])
    headers["content-type"] = f"multipart/byteranges; boundary={boundary}"
    headers["content-length"] = str(length)
    parts: list[FilePart] = []
    for start, end in ranges:
        parts += [head_of(start, end), (start, end), b"\r\n"]
    return [*parts, f"--{boundary}--".encode("latin-1")], headers.raw


def _read_whole(descriptor: int, part: FilePart) -> bytes:
    if isinstance(part, bytes):
        return part
    pieces: list[bytes] = []
    start, end = part
    while start < end:
        pieces.append(read_piece(descriptor, start, end - start))
        start += len(pieces[-1])
    return b"".join(pieces)


def read_piece(descriptor: int, offset: int, count: int) -> bytes:
    """At least one byte, at most ``count``.

    Raises:
        RuntimeError: the file ends before: it was made shorter.
    """
    piece = os.pread(descriptor, count, offset)
    if not piece:
        raise RuntimeError(f"A file ends at byte {offset}: it is shorter than it was when sending it began")
    return piece


# As ASGI messages ------------------------------------------------------------------------------------


async def _stream(file: FileReply, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a file piece by piece, until it ends or the peer leaves."""
    # From version 2.4 on `send` raises when the peer has left. ASGI, HTTP, "disconnected client"
    version = scope.get("asgi", {}).get("spec_version", "2.0")
    listening = None
    if tuple(map(int, version.split("."))) < (2, 4):
        listening = asyncio.ensure_future(_wait_disconnect(receive))
    try:
        await send({"type": "http.response.start", "status": file.status, "headers": file.headers})
        await _send_body(file, send, listening)
    finally:
        if listening is not None:
            listening.cancel()


async def _send_body(file: FileReply, send: Send, listening: asyncio.Future[None] | None) -> None:
    left = file.size
    async with aclosing(_pieces(file)) as pieces:
        async for piece in pieces:
            if listening is not None and listening.done():
                listening.result()
                break
            left -= len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": left > 0})


async def _pieces(file: FileReply) -> AsyncGenerator[bytes, None]:
    for part in file.parts:
        if isinstance(part, bytes):
            yield part
            continue
        start, end = part
        while start < end:
            piece = await _read(file.descriptor, start, end)
            start += len(piece)
            yield piece


async def _wait_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _read(descriptor: int, start: int, end: int) -> bytes:
    count = min(end - start, _PIECE)
    if is_cached(descriptor, start, count):
        return read_piece(descriptor, start, count)
    return await run_in_worker(leave_async(copy_context()), read_piece, descriptor, start, count)  # type: ignore[no-any-return]
