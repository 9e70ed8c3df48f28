"""`UploadFile`: a file received in a form, as a type that pydantic validates and describes.

Must not live here: reading forms. Invariant: validation accepts any of Starlette's uploads and hands
back the same object, never a copy.
"""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema
from starlette.datastructures import Headers
from starlette.datastructures import UploadFile as StarletteUploadFile

from pronghorn._base.page_cache import is_cached


class UploadFile(StarletteUploadFile):
    """A file received in a multipart form; kept in memory while small, then on disk.

    Declare a parameter of this type in a path operation or dependency.

    Attributes:
        file: the file itself, for code that is not asynchronous.
        filename: the name that the client gave; never trust it as a path.
        size: bytes received.
        headers: the headers of the file's part of the form.
        content_type: the media type that the client gave.

    Example:
        >>> from io import BytesIO
        >>> UploadFile(BytesIO(b"..."), filename="cover.png").filename
        'cover.png'
    """

    file: BinaryIO
    filename: str | None
    size: int | None
    headers: Headers

    async def write(self, data: bytes) -> None:
        """Write ``data`` at the current position, in a worker thread where that may block."""
        await super().write(data)

    async def read(self, size: int = -1) -> bytes:
        """Read at most ``size`` bytes from the current position, all by default.

        PERF: what was received just now is in memory as a rule, though it is on a disk too; a thread for each
        piece took two thirds of the time of an upload. bench: upload
        """
        file: Any = self.file
        on_disk = type(file) is SpooledTemporaryFile and not self._in_memory
        if on_disk and is_cached(file.fileno(), file.tell(), size):
            return cast(bytes, file.read(size))
        return await super().read(size)

    async def seek(self, offset: int) -> None:
        """Go to byte ``offset``; `read` and `write` continue from there."""
        await super().seek(offset)

    async def close(self) -> None:
        """Close the file. Happens by itself once the request is over."""
        await super().close()

    @classmethod
    def _validate(cls, value: Any, _: Any) -> UploadFile:
        if not isinstance(value, StarletteUploadFile):
            raise ValueError(f"Expected UploadFile, received: {type(value)}")
        return cast(UploadFile, value)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "contentMediaType": "application/octet-stream"}

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(cls._validate)
