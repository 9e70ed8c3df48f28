import threading
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

import pytest
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import Headers
from starlette.datastructures import UploadFile as StarletteUploadFile

from pronghorn._base import uploads
from pronghorn._base.uploads import UploadFile

pytestmark = pytest.mark.anyio


async def test_a_file_is_read_written_and_closed() -> None:
    upload = UploadFile(
        BytesIO(), size=0, filename="notes.txt", headers=Headers({"content-type": "text/plain"})
    )

    await upload.write(b"first second")
    await upload.seek(6)
    assert await upload.read(3) == b"sec"
    assert await upload.read() == b"ond"
    assert (upload.filename, upload.size, upload.content_type) == ("notes.txt", 12, "text/plain")
    await upload.close()
    assert upload.file.closed


@pytest.mark.parametrize("kind", [UploadFile, StarletteUploadFile])
def test_validation_hands_back_the_same_upload(kind: type[StarletteUploadFile]) -> None:
    upload = kind(BytesIO())

    assert TypeAdapter(UploadFile).validate_python(upload) is upload


def test_validation_refuses_anything_else() -> None:
    with pytest.raises(ValidationError, match="Expected UploadFile, received: <class 'str'>"):
        TypeAdapter(UploadFile).validate_python("notes.txt")


def test_the_schema_is_binary_content() -> None:
    assert TypeAdapter(UploadFile).json_schema() == {
        "type": "string",
        "contentMediaType": "application/octet-stream",
    }


@pytest.mark.parametrize("in_page_cache", [True, False])
async def test_a_file_on_a_disk_is_read_as_one_in_memory(
    monkeypatch: pytest.MonkeyPatch, in_page_cache: bool
) -> None:
    threads: list[int] = []

    def cached(descriptor: int, offset: int, count: int) -> bool:
        threads.append(threading.get_ident())
        return in_page_cache

    monkeypatch.setattr(uploads, "is_cached", cached)
    with SpooledTemporaryFile(max_size=4) as file:
        upload = UploadFile(cast(BinaryIO, file))
        await upload.write(b"first second")
        await upload.seek(3)

        assert await upload.read(4) == b"st s"
        assert await upload.read(2) == b"ec"
        assert file.tell() == 9
        assert await upload.read() == b"ond"
        assert await upload.read(1) == b""
    assert threads == [threading.get_ident()] * 4
