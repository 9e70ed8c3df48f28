"""Cover pictures on disk: checked, named by content, replaced atomically. No HTTP replies here.

Invariant: what is served is what its first bytes say it is. The name and type the client gave are never used.
"""

import hashlib
from pathlib import Path

from pronghorn import UploadFile

from .errors import CoverTooLarge, UnusableCover
from .models import Book

CHUNK = 64 * 1024

# First bytes, as registered for each format; RIFF needs a second look because sound and video use it too.
SIGNATURES = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"), (b"RIFF", "webp"))

MEDIA_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}


def kind_of(start: bytes) -> str:
    """Return the file name extension for a picture that begins with `start`.

    Raises:
        UnusableCover: It is none of the kinds the shop serves.
    """
    for signature, kind in SIGNATURES:
        if start.startswith(signature) and (kind != "webp" or start[8:12] == b"WEBP"):
            return kind
    raise UnusableCover("A cover must be a PNG, JPEG or WebP picture.")


async def read_cover(upload: UploadFile, limit: int) -> bytes:
    """Read an uploaded picture, giving up as soon as it is larger than `limit` bytes.

    Raises:
        CoverTooLarge: It is.
    """
    parts: list[bytes] = []
    size = 0
    while part := await upload.read(CHUNK):
        size += len(part)
        if size > limit:
            raise CoverTooLarge(f"A cover may have at most {limit} bytes.", limit=limit)
        parts.append(part)
    return b"".join(parts)


def cover_path(data_dir: Path, file_name: str) -> Path:
    """Return where the cover of this name is kept."""
    return data_dir / "covers" / file_name


def keep_cover(data_dir: Path, book: Book, picture: bytes) -> str:
    """Write a picture and return the name it is kept under. Blocks on the disk: run it in a worker thread."""
    name = f"{book.id}-{hashlib.sha256(picture).hexdigest()[:20]}.{kind_of(picture[:12])}"
    path = cover_path(data_dir, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_bytes(picture)
    draft.replace(path)
    return name


def drop_cover(data_dir: Path, file_name: str) -> None:
    """Remove a picture. Blocks on the disk: run it in a worker thread."""
    cover_path(data_dir, file_name).unlink(missing_ok=True)
