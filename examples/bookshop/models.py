"""The tables, as SQLAlchemy 2 mapped classes. No queries and no HTTP here.

Invariants: money is whole cents; a year below zero is BCE (-8 is 8 BCE; there is no year 0); the `search_text`
and `sort_title` of a book always follow from its title and authors (`describe` keeps them so).
"""

import re
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    String,
    Table,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

# PostgreSQL sorts text by the server's locale unless told otherwise; SQLite always by code point.
PlainText = String().with_variant(String(collation="C"), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, on databases that keep time zones and (SQLite) on those that do not."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Name the zone where the database dropped it."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    """What every table of the shop shares."""


def fold(text: str) -> str:
    """Return `text` without accents and case, for searching and sorting.

    Example:
        >>> fold("Les Misérables")
        'les miserables'
    """
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(character for character in decomposed if not unicodedata.combining(character)).casefold()


def euros(cents: int) -> Decimal:
    """Return an amount in euros, with both decimal places.

    Example:
        >>> euros(450)
        Decimal('4.50')
    """
    return Decimal(cents).scaleb(-2)


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


book_subjects = Table(
    "book_subjects",
    Base.metadata,
    Column("book_id", ForeignKey("books.id", ondelete="CASCADE"), primary_key=True),
    Column("subject_id", ForeignKey("subjects.id"), primary_key=True, index=True),
)


class Author(Base):
    """Someone who wrote a book. Names are unique together with the year of birth."""

    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    born: Mapped[int | None]
    died: Mapped[int | None]


class Authorship(Base):
    """That somebody wrote a book, and whether as first, second, ... of its authors."""

    __tablename__ = "authorships"

    book_id: Mapped[int] = mapped_column(ForeignKey("books.id", ondelete="CASCADE"), primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"), primary_key=True, index=True)
    position: Mapped[int]
    author: Mapped[Author] = relationship(lazy="joined", innerjoin=True)


class Subject(Base):
    """What a book is about, or the kind of book it is."""

    __tablename__ = "subjects"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)


class Book(Base):
    """A book on sale."""

    __tablename__ = "books"
    __table_args__ = (CheckConstraint("stock >= 0", name="stock_not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(300))
    original_title: Mapped[str | None] = mapped_column(String(300))
    published: Mapped[int] = mapped_column(index=True)
    circa: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(String(8), index=True)
    price_cents: Mapped[int]
    stock: Mapped[int]
    cover_file: Mapped[str | None] = mapped_column(String(100))
    sort_title: Mapped[str] = mapped_column(PlainText, index=True)
    search_text: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    authorships: Mapped[list[Authorship]] = relationship(
        lazy="selectin", order_by=Authorship.position, cascade="all, delete-orphan"
    )
    subjects: Mapped[list[Subject]] = relationship(
        secondary=book_subjects, lazy="selectin", order_by=Subject.name
    )

    # Two people changing one book at once: the second gets a StaleDataError, not a lost update.
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy declares it an instance variable

    @property
    def authors(self) -> list[Author]:
        """Who wrote it, in the order of the title page."""
        return [authorship.author for authorship in self.authorships]

    @authors.setter
    def authors(self, authors: list[Author]) -> None:
        # Rows for authors who stay are kept: a deleted and a new row of one key would collide.
        kept = {authorship.author: authorship for authorship in self.authorships}
        self.authorships = [kept.get(author) or Authorship(author=author) for author in authors]
        for position, authorship in enumerate(self.authorships):
            authorship.position = position

    @property
    def price(self) -> Decimal:
        """The price in euros."""
        return euros(self.price_cents)

    @property
    def has_cover(self) -> bool:
        """Whether there is a picture of the cover."""
        return self.cover_file is not None

    @property
    def etag(self) -> str:
        """The entity tag of the book as it is now; every change of the row changes it."""
        return f'"book-{self.id}-{self.version}"'

    def describe(self) -> None:
        """Bring the columns used for sorting and searching up to date with title and authors."""
        self.sort_title = re.sub(r"^(the|a|an) +", "", fold(self.title))
        names = [author.name for author in self.authors]
        self.search_text = fold(" ".join([self.title, self.original_title or "", *names]))


class User(Base):
    """Someone who can log in."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(50), unique=True)
    full_name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(200))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    disabled: Mapped[bool] = mapped_column(default=False)


class Order(Base):
    """What one customer bought at one time."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    ship_to: Mapped[dict[str, str | None]] = mapped_column(JSON)
    total_cents: Mapped[int]
    user: Mapped[User] = relationship(lazy="joined")
    items: Mapped[list["OrderItem"]] = relationship(
        lazy="selectin", order_by="OrderItem.id", cascade="all, delete-orphan"
    )

    @property
    def total(self) -> Decimal:
        """What the order costs, in euros."""
        return euros(self.total_cents)

    @property
    def customer(self) -> str:
        """The username of who placed it."""
        return self.user.username


class OrderItem(Base):
    """One line of an order. Title and price are kept as they were on the day."""

    __tablename__ = "order_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    # The line outlives the book: deleting a book from the catalogue must not rewrite old orders.
    book_id: Mapped[int | None] = mapped_column(ForeignKey("books.id", ondelete="SET NULL"))
    title: Mapped[str] = mapped_column(String(300))
    quantity: Mapped[int]
    unit_cents: Mapped[int]

    @property
    def unit_price(self) -> Decimal:
        """What one copy costs, in euros."""
        return euros(self.unit_cents)
