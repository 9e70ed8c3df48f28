"""Pictures of covers: upload, download (whole or in ranges), removal."""

from typing import Annotated

from pronghorn import APIRouter, File, Header, Response, UploadFile, status
from pronghorn.concurrency import run_in_threadpool
from pronghorn.responses import FileResponse

from ..catalogue import get_book, names_tag
from ..covers import MEDIA_TYPES, cover_path, drop_cover, keep_cover, read_cover
from ..dependencies import CurrentSettings, Session
from ..errors import CoverTooLarge, NotFound, UnusableCover, problems
from ..schemas import BookOut
from .books import BookId, may_change

router = APIRouter(prefix="/books/{book_id}/cover", tags=["covers"])


@router.put("", dependencies=may_change, responses=problems(NotFound, CoverTooLarge, UnusableCover))
async def upload_cover(
    book_id: BookId,
    file: Annotated[UploadFile, File(description="A PNG, JPEG or WebP picture.")],
    session: Session,
    settings: CurrentSettings,
) -> BookOut:
    """Set or replace the cover of a book. Needs the scope `books`."""
    book = await get_book(session, book_id)
    picture = await read_cover(file, settings.max_cover_bytes)
    former = book.cover_file
    book.cover_file = await run_in_threadpool(keep_cover, settings.data_dir, book, picture)
    await session.commit()
    # Only now: had the commit failed, the book would still need its former cover.
    if former is not None and former != book.cover_file:
        await run_in_threadpool(drop_cover, settings.data_dir, former)
    return BookOut.model_validate(book)


@router.get(
    "",
    response_class=FileResponse,
    responses={
        200: {"description": "The picture", "content": {kind: {} for kind in MEDIA_TYPES.values()}},
        206: {"description": "The part of the picture that `Range` asks for"},
        304: {"description": "Not changed"},
        **problems(NotFound),
    },
)
async def read_cover_picture(
    book_id: BookId,
    session: Session,
    settings: CurrentSettings,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Send the cover of a book. `Range` requests are honoured (RFC 9110, section 14)."""
    book = await get_book(session, book_id)
    if book.cover_file is None:
        raise NotFound(f"Book {book_id} has no cover.")
    name, _, kind = book.cover_file.rpartition(".")
    headers = {
        "ETag": f'"{name}"',
        "Cache-Control": "public, max-age=0, must-revalidate",
        "X-Content-Type-Options": "nosniff",
    }
    if if_none_match is not None and names_tag(if_none_match, headers["ETag"]):
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    path = cover_path(settings.data_dir, book.cover_file)
    return FileResponse(path, headers=headers, media_type=MEDIA_TYPES[kind])


@router.delete(
    "", status_code=status.HTTP_204_NO_CONTENT, dependencies=may_change, responses=problems(NotFound)
)
async def delete_cover(book_id: BookId, session: Session, settings: CurrentSettings) -> None:
    """Remove the cover of a book. Needs the scope `books`."""
    book = await get_book(session, book_id)
    if book.cover_file is None:
        raise NotFound(f"Book {book_id} has no cover.")
    former, book.cover_file = book.cover_file, None
    await session.commit()
    await run_in_threadpool(drop_cover, settings.data_dir, former)
