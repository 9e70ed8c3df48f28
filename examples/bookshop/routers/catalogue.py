"""The catalogue at a glance, and its authors."""

from math import ceil
from typing import Annotated

from sqlalchemy import func, select

from pronghorn import APIRouter, Path, Query, Request

from ..catalogue import authors_named, get_author, summarise
from ..dependencies import Session
from ..errors import NotFound, problems
from ..schemas import AuthorDetail, AuthorOut, BookOut, Catalogue, Page, Paging
from .books import page_links

router = APIRouter(tags=["catalogue"])


class AuthorFilter(Paging):
    """Which authors to list."""

    q: str | None = None


@router.get("/catalogue")
async def read_catalogue(session: Session) -> Catalogue:
    """Count the books by language and subject: what a search form needs."""
    return await summarise(session)


@router.get("/authors")
async def list_authors(
    wanted: Annotated[AuthorFilter, Query()], request: Request, session: Session
) -> Page[AuthorOut]:
    """List authors by name, a page at a time."""
    query = authors_named(wanted.q)
    total = await session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    authors = await session.scalars(query.offset((wanted.page - 1) * wanted.size).limit(wanted.size))
    pages = ceil(total / wanted.size)
    return Page[AuthorOut](
        items=[AuthorOut.model_validate(author) for author in authors],
        total=total,
        page=wanted.page,
        pages=pages,
        size=wanted.size,
        links=page_links(request, wanted.page, pages),
    )


@router.get("/authors/{author_id}", responses=problems(NotFound))
async def read_author(author_id: Annotated[int, Path(ge=1, le=2**31 - 1)], session: Session) -> AuthorDetail:
    """Show an author with all the books the shop has of theirs."""
    author, books = await get_author(session, author_id)
    return AuthorDetail(
        **AuthorOut.model_validate(author).model_dump(),
        books=[BookOut.model_validate(book) for book in books],
    )
