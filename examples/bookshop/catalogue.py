"""Reading and changing the catalogue: the queries behind the book and author routers. No HTTP here."""

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

import anyio
from sqlalchemy import ColumnElement, Select, asc, delete, desc, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from .errors import NotFound, VersionMismatch
from .languages import LANGUAGES
from .models import Author, Authorship, Book, Subject, fold
from .schemas import BookFilter, BookIn, BookOrder, BookPatch, Catalogue, Count

SORT_COLUMNS: dict[str, Any] = {
    BookOrder.TITLE: Book.sort_title,
    BookOrder.PUBLISHED: Book.published,
    BookOrder.PRICE: Book.price_cents,
}


def cents(price: Decimal) -> int:
    """Return an amount in euros as whole cents."""
    return int(price * 100)


def conditions(wanted: BookFilter) -> list[ColumnElement[bool]]:
    """Return what the filter asks for as conditions on `Book`."""
    found: list[ColumnElement[bool]] = []
    if wanted.q is not None:
        found += [Book.search_text.contains(word, autoescape=True) for word in fold(wanted.q).split()]
    if wanted.author is not None:
        found.append(Book.authorships.any(Authorship.author_id == wanted.author))
    if wanted.language is not None:
        found.append(Book.language == wanted.language)
    found += [Book.subjects.any(Subject.name == name) for name in wanted.subject]
    if wanted.published_from is not None:
        found.append(Book.published >= wanted.published_from)
    if wanted.published_to is not None:
        found.append(Book.published <= wanted.published_to)
    if wanted.max_price is not None:
        found.append(Book.price_cents <= cents(wanted.max_price))
    if wanted.in_stock is not None:
        found.append(Book.stock > 0 if wanted.in_stock else Book.stock == 0)
    return found


async def find_books(session: AsyncSession, wanted: BookFilter) -> tuple[Sequence[Book], int]:
    """Return one page of the books that match, and how many match in all."""
    where = conditions(wanted)
    total = await session.scalar(select(func.count()).select_from(Book).where(*where)) or 0
    direction = desc if wanted.sort.startswith("-") else asc
    column = SORT_COLUMNS[wanted.sort.removeprefix("-")]
    page = (
        select(Book)
        .where(*where)
        # The id settles ties: without it a book could be on two pages, or on none.
        .order_by(direction(column), Book.id)
        .offset((wanted.page - 1) * wanted.size)
        .limit(wanted.size)
    )
    return (await session.scalars(page)).all(), total


async def iter_books(session: AsyncSession, batch: int) -> AsyncIterator[Book]:
    """Give every book, by id, reading `batch` of them at a time.

    Between batches no cursor is open: a client who reads slowly, or leaves, holds nothing in the database.
    """
    after = 0
    while books := await read_batch(session, after, batch):
        for book in books:
            yield book
        after = books[-1].id
        session.expunge_all()


async def read_batch(session: AsyncSession, after: int, size: int) -> Sequence[Book]:
    """Return the books that follow the id `after`.

    The query is seen through even when the client leaves: breaking it off would cost the connection, and a
    batch takes milliseconds.
    """
    following = select(Book).where(Book.id > after).order_by(Book.id).limit(size)
    books: Sequence[Book] = ()
    with anyio.CancelScope(shield=True):
        books = (await session.scalars(following)).all()
    return books


async def get_book(session: AsyncSession, book_id: int, version: str | None = None) -> Book:
    """Return a book.

    Args:
        session: The session to read with.
        book_id: Which book.
        version: The value of `If-Match`, when the caller wants this version of the book or none.

    Raises:
        NotFound: There is no such book.
        VersionMismatch: The book has changed since.
    """
    book = await session.get(Book, book_id)
    if book is None:
        raise NotFound(f"There is no book {book_id}.")
    if version is not None and not names_tag(version, book.etag):
        raise VersionMismatch(
            f"The book is now {book.etag}, not {version}. Read it again before changing it."
        )
    return book


def names_tag(header: str, etag: str) -> bool:
    """Return whether the list of entity tags in `If-Match` or `If-None-Match` names `etag` (RFC 9110, 13.1).

    Example:
        >>> names_tag('"a", W/"b"', '"b"'), names_tag("*", '"b"'), names_tag('"a"', '"b"')
        (True, True, False)
    """
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or etag in tags


async def change_book(
    session: AsyncSession, book: Book, changes: dict[str, Any], data: BookIn | BookPatch
) -> None:
    """Set the members of `book` named in `changes`, from `data`, and bring the derived columns up to date."""
    if "authors" in changes:
        book.authors = await resolve_authors(session, data)
    if "subjects" in changes:
        book.subjects = await resolve_subjects(session, data.subjects)
    if "price" in changes:
        book.price_cents = cents(data.price)
    for name in changes.keys() - {"authors", "subjects", "price"}:
        setattr(book, name, changes[name])
    book.describe()


async def create_book(session: AsyncSession, data: BookIn) -> Book:
    """Add a book to the session; the caller commits."""
    book = Book()
    await change_book(session, book, data.model_dump(), data)
    session.add(book)
    return book


async def resolve_authors(session: AsyncSession, data: BookIn | BookPatch) -> list[Author]:
    """Return the author rows for those in `data`, making the ones that are new."""
    return [await find_or_make_author(session, each.name, each.born, each.died) for each in data.authors]


async def find_or_make_author(session: AsyncSession, name: str, born: int | None, died: int | None) -> Author:
    """Return the author of this name and year of birth, made when there is none."""
    same = select(Author).where(Author.name == name, Author.born.is_not_distinct_from(born))
    found = await session.scalar(same.limit(1))
    if found is None:
        found = Author(name=name, born=born, died=died)
        session.add(found)
    return found


async def resolve_subjects(session: AsyncSession, names: list[str]) -> list[Subject]:
    """Return the subject rows of these names, making the ones that are new."""
    rows = await session.scalars(select(Subject).where(Subject.name.in_(names)))
    known = {subject.name: subject for subject in rows}
    return [known.get(name) or Subject(name=name) for name in sorted(names)]


async def remove_book(session: AsyncSession, book: Book) -> None:
    """Remove a book and the authors that are left without any; the caller commits."""
    await session.delete(book)
    await session.flush()
    await session.execute(delete(Author).where(Author.id.not_in(select(Authorship.author_id))))


async def get_author(session: AsyncSession, author_id: int) -> tuple[Author, Sequence[Book]]:
    """Return an author, and the author's books from the earliest on.

    Raises:
        NotFound: There is no such author.
    """
    author = await session.get(Author, author_id)
    if author is None:
        raise NotFound(f"There is no author {author_id}.")
    theirs = select(Book).where(Book.authorships.any(Authorship.author_id == author_id))
    return author, (await session.scalars(theirs.order_by(Book.published, Book.id))).all()


def authors_named(words: str | None) -> Select[Author]:
    """Return the query for authors whose name has all these words, by name."""
    query = select(Author).order_by(Author.name, Author.id)
    for word in (words or "").split():
        query = query.where(Author.name.icontains(word, autoescape=True))
    return query


async def summarise(session: AsyncSession) -> Catalogue:
    """Count the catalogue by language and by subject, most books first."""
    books, earliest, latest = (
        await session.execute(select(func.count(), func.min(Book.published), func.max(Book.published)))
    ).one()
    count = func.count().label("books")
    by_language = select(Book.language, count).group_by(Book.language).order_by(count.desc(), Book.language)
    by_subject = (
        select(Subject.name, count)
        .join(Book.subjects)
        .group_by(Subject.name)
        .order_by(count.desc(), Subject.name)
    )
    return Catalogue(
        books=books,
        authors=await session.scalar(select(func.count()).select_from(Author)) or 0,
        earliest=earliest,
        latest=latest,
        languages=[
            Count(value=code, name=LANGUAGES[code], books=number)
            for code, number in await session.execute(by_language)
        ],
        subjects=[
            Count(value=name, name=name, books=number) for name, number in await session.execute(by_subject)
        ],
    )
