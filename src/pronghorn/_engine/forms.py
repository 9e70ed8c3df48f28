"""Reading multipart forms: Starlette's parser, whose files are written in large pieces.

Lives here: collecting what belongs into files, and when it is written. Must not live here: the grammar of
forms and its limits (python-multipart and Starlette), what files are given to parameters (`bodies`).
Invariant: the same forms are accepted and refused, with the same outcome, as by `Request.form`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from contextvars import copy_context
from typing import Any, cast

from starlette import formparsers, requests
from starlette.datastructures import FormData
from starlette.datastructures import UploadFile as StarletteUploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from pronghorn._base.untouched import is_untouched_class
from pronghorn._base.uploads import UploadFile
from pronghorn._base.workers import leave_async, run_in_worker

_ENOUGH = 1024 * 1024
"""So many bytes are worth a thread. PERF: one per piece from the network took half of the parsing. bench: upload"""

_MULTIPART = "multipart/form-data"


async def read_form(request: Request, **limits: Any) -> FormData:
    """The form of a request, kept where `Request.form` keeps it.

    Args:
        request: the request.
        limits: the limits that `Request.form` takes.

    Raises:
        HTTPException: the form is not valid, or exceeds a limit.
    """
    if not _is_ordinary(request):
        return await request.form(**limits)
    try:
        async with aclosing(request.stream()) as stream:
            form = await _FormParser(request.headers, stream, **limits).parse()
    except formparsers.MultiPartException as error:
        if "app" in request.scope:
            raise HTTPException(status_code=400, detail=error.message) from error
        raise
    request._form = form
    return form


def _is_ordinary(request: Request) -> bool:
    """Whether a request has a multipart form that nobody has read and nobody else wants to read."""
    kind = type(request)
    if kind.form is not Request.form or kind._get_form is not Request._get_form or request._form is not None:
        return False
    if vars(requests)["MultiPartParser"] is not formparsers.MultiPartParser:
        return False
    if not is_untouched_class(formparsers.MultiPartParser) or asyncio._get_running_loop() is None:
        return False
    return request.headers.get("content-type", "").partition(";")[0] == _MULTIPART


class _FormParser(formparsers.MultiPartParser):
    """Writes to files what has come together, instead of each piece.

    Args:
        headers: of the request.
        stream: its body.
        limits: see `starlette.requests.Request.form`.
    """

    def __init__(self, headers: Any, stream: AsyncGenerator[bytes, None], **limits: Any) -> None:
        super().__init__(headers, self._writing_out(stream), **limits)
        self._collected: list[tuple[StarletteUploadFile, memoryview]] = []
        self._size = 0
        self._ended: list[StarletteUploadFile] = []

    def on_headers_finished(self) -> None:
        """A part begins."""
        super().on_headers_finished()
        file = self._current_part.file
        if file is not None:
            self._current_part.file = UploadFile(
                file.file, size=file.size, filename=file.filename, headers=file.headers
            )

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """A piece of a part."""
        file = self._current_part.file
        if file is None:
            super().on_part_data(data, start, end)
        else:
            self._collected.append((file, memoryview(data)[start:end]))
            self._size += end - start

    def on_part_end(self) -> None:
        """The end of a part: a file is for the application to read from its beginning on."""
        super().on_part_end()
        if self._file_parts_to_finish:
            self._file_parts_to_finish.clear()
            assert self._current_part.file is not None
            self._ended.append(self._current_part.file)

    async def _writing_out(self, stream: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        async for chunk in stream:
            yield chunk
            if self._size >= _ENOUGH:
                await self._write_out()
        await self._write_out()

    async def _write_out(self) -> None:
        """Write what has come together; in a thread, unless all of it stays in memory."""
        files = [*(file for file, _ in self._collected), *self._ended]
        if any(file._will_roll(self._size) for file in files):
            await run_in_worker(leave_async(copy_context()), self._write)
        else:
            self._write()

    def _write(self) -> None:
        for file, data in self._collected:
            if file._in_memory and file._will_roll(len(data)):
                cast(Any, file.file).rollover()  # else it is written to memory first
            file.file.write(data)
            assert file.size is not None
            file.size += len(data)
        for file in self._ended:
            file.file.seek(0)
        self._collected.clear()
        self._ended.clear()
        self._size = 0
