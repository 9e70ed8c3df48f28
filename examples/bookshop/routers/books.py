"""Books: list, read, add, replace, change, remove, and the whole catalogue as JSON Lines."""

from collections.abc import AsyncIterator
from math import ceil
from typing import Annotated

from pronghorn import APIRouter, Depends, Header, Path, Query, Request, Response, Security, status

from ..catalogue import change_book, create_book, find_books, get_book, iter_books, names_tag, remove_book
from ..dependencies import Session
from ..errors import Conflict, NotFound, VersionMismatch, problems
from ..models import Book
from ..schemas import BookFilter, BookIn, BookOut, BookPatch, Links, Page
from ..security import current_user

router = APIRouter(prefix="/books", tags=["books"])

EXPORT_BATCH = 100

# The largest id any of the supported databases can hold in an integer column.
BookId = Annotated[int, Path(ge=1, le=2**31 - 1, description="The number of a book.")]
IfMatch = Annotated[str | None, Header(description="Only if the book still has this entity tag.")]
may_change = [Security(current_user, scopes=["books"])]


def page_links(request: Request, page: int, pages: int) -> Links:
    """Return the addresses of the neighbouring pages, with the filters of this one."""

    def address(number: int) -> str:
        return f"{request.url.path}?{request.url.include_query_params(page=number).query}"

    return Links(
        next=address(page + 1) if page < pages else None,
        previous=address(min(page - 1, pages)) if page > 1 and pages else None,
    )


@router.get("")
async def list_books(
    wanted: Annotated[BookFilter, Query()], request: Request, response: Response, session: Session
) -> Page[BookOut]:
    """List books: filtered, sorted, a page at a time. The `Link` header (RFC 8288) has the neighbouring pages too."""
    books, total = await find_books(session, wanted)
    pages = ceil(total / wanted.size)
    links = page_links(request, wanted.page, pages)
    named = [("next", links.next), ("prev", links.previous)]
    header = ", ".join(f'<{address}>; rel="{name}"' for name, address in named if address)
    if header:
        response.headers["Link"] = header
    return Page[BookOut](
        items=[BookOut.model_validate(book) for book in books],
        total=total,
        page=wanted.page,
        pages=pages,
        size=wanted.size,
        links=links,
    )


async def as_download(response: Response) -> None:
    """Make a browser save the reply instead of showing it."""
    response.headers["Content-Disposition"] = 'attachment; filename="bookshop.jsonl"'


@router.get("/export", dependencies=[Depends(as_download)])
async def export_books(session: Session) -> AsyncIterator[BookOut]:
    """Send the whole catalogue as JSON Lines, one book a line, read from the database a batch at a time."""
    async for book in iter_books(session, EXPORT_BATCH):
        yield BookOut.model_validate(book)


@router.get("/{book_id}", responses={304: {"description": "Not changed"}, **problems(NotFound)})
async def read_book(
    book_id: BookId,
    response: Response,
    session: Session,
    if_none_match: Annotated[
        str | None, Header(description="Only if the book has another entity tag.")
    ] = None,
) -> BookOut:
    """Show one book."""
    book = await get_book(session, book_id)
    response.headers["ETag"] = book.etag
    if if_none_match is not None and names_tag(if_none_match, book.etag):
        response.status_code = status.HTTP_304_NOT_MODIFIED
    return BookOut.model_validate(book)


@router.post("", status_code=status.HTTP_201_CREATED, dependencies=may_change)
async def add_book(data: BookIn, request: Request, response: Response, session: Session) -> BookOut:
    """Add a book. Needs the scope `books`."""
    book = await create_book(session, data)
    await session.commit()
    response.headers["Location"] = request.url_for("read_book", book_id=str(book.id)).path
    return changed(book, response)


@router.put("/{book_id}", dependencies=may_change, responses=problems(NotFound, Conflict, VersionMismatch))
async def replace_book(
    book_id: BookId, data: BookIn, response: Response, session: Session, if_match: IfMatch = None
) -> BookOut:
    """Replace everything about a book. Needs the scope `books`."""
    book = await get_book(session, book_id, if_match)
    await change_book(session, book, data.model_dump(), data)
    await session.commit()
    return changed(book, response)


@router.patch("/{book_id}", dependencies=may_change, responses=problems(NotFound, Conflict, VersionMismatch))
async def patch_book(
    book_id: BookId, data: BookPatch, response: Response, session: Session, if_match: IfMatch = None
) -> BookOut:
    """Change some things about a book; what is not sent stays. Needs the scope `books`."""
    book = await get_book(session, book_id, if_match)
    await change_book(session, book, data.model_dump(exclude_unset=True), data)
    await session.commit()
    return changed(book, response)


@router.delete(
    "/{book_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=may_change,
    responses=problems(NotFound, Conflict, VersionMismatch),
)
async def delete_book(book_id: BookId, session: Session, if_match: IfMatch = None) -> None:
    """Remove a book. Orders that have it keep its title. Needs the scope `books`."""
    await remove_book(session, await get_book(session, book_id, if_match))
    await session.commit()


def changed(book: Book, response: Response) -> BookOut:
    """Return a changed book, with its new entity tag on the reply."""
    response.headers["ETag"] = book.etag
    return BookOut.model_validate(book)
