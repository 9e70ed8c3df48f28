"""The database: engine, sessions, schema and the first fill. No HTTP here.

Invariant: `prepare` may be called by any number of workers at once; one of them makes the schema and fills it,
the others wait and find it done.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

from sqlalchemy import event, func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from .models import Author, Base, Book, Subject, User
from .passwords import hash_password
from .settings import Settings

# Any fixed number will do; it names the lock under which PostgreSQL workers take turns to prepare.
PREPARE_LOCK = 0x626F6F6B

# How long a worker waits for another one that changes an SQLite database.
BUSY_SECONDS = 30

DEMO_USERS = (
    ("reader", "Rosa Reader", "reader-pass", ["me", "orders"]),
    ("keeper", "Karl Keeper", "keeper-pass", ["me", "orders", "orders:all", "books"]),
)


class Database:
    """One engine and the sessions made from it.

    Args:
        url: An SQLAlchemy URL with an async driver.
    """

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url)
        self.session = async_sessionmaker(self.engine, expire_on_commit=False)

    async def prepare(self, settings: Settings) -> int:
        """Make the schema and, in an empty database, add the books and the demonstration accounts.

        Returns:
            The number of books added: 0 when there were some already.
        """
        await self._let_readers_and_a_writer_coexist()
        async with self._alone() as connection:
            await connection.run_sync(Base.metadata.create_all)
            async with AsyncSession(connection, expire_on_commit=False) as session:
                added = await fill(session, settings)
                await session.commit()
        return added

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    async def _let_readers_and_a_writer_coexist(self) -> None:
        """Give an SQLite file its write-ahead log, which it keeps: other connections find it so."""
        if self.engine.dialect.name != "sqlite":
            return
        async with asyncio.timeout(BUSY_SECONDS):
            while True:
                if await self._writes_ahead():
                    return
                await asyncio.sleep(0.05)

    async def _writes_ahead(self) -> bool:
        """Ask for the log; False while another worker is at it, since SQLite then refuses without waiting."""
        try:
            async with self.engine.connect() as connection:
                await connection.execute(text("PRAGMA journal_mode = WAL"))
        except OperationalError as error:
            if "locked" not in str(error):
                raise
            return False
        return True

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection whose transaction excludes every other worker's preparation."""
        if self.engine.dialect.name == "sqlite":
            # The driver opens transactions only before a change, too late to exclude others: begin by hand.
            engine = self.engine.execution_options(isolation_level="AUTOCOMMIT")
            take_turn = text("BEGIN IMMEDIATE")
        else:
            engine = self.engine
            take_turn = text(f"SELECT pg_advisory_xact_lock({PREPARE_LOCK})")
        async with engine.connect() as connection:
            await connection.execute(take_turn)
            yield connection
            await connection.commit()


def create_engine(url: str) -> AsyncEngine:
    """Open an engine for `url`; SQLite is told to enforce foreign keys and to wait where it is busy."""
    engine = create_async_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", set_up_sqlite)
    return engine


def set_up_sqlite(connection: Any, record: object) -> None:
    """Run the statements that every new SQLite connection needs (`connection` is the driver's own)."""
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


async def fill(session: AsyncSession, settings: Settings) -> int:
    """Add the catalogue and the demonstration accounts to an empty database; return the number of books added."""
    if await session.scalar(select(func.count()).select_from(Book)):
        return 0
    books = list(read_catalogue(settings.catalogue))
    session.add_all(books)
    if settings.demo_users:
        session.add_all(
            User(username=username, full_name=full_name, password_hash=hash_password(password), scopes=scopes)
            for username, full_name, password, scopes in DEMO_USERS
        )
    await session.flush()
    return len(books)


def read_catalogue(path: Path) -> Iterable[Book]:
    """Read books from JSON Lines, one `Author` for each name and year of birth, one `Subject` for each name.

    The file holds facts only. Price and stock are made up here, from the title, so that every fill gives
    the same shop.
    """
    authors: dict[tuple[str, int | None], Author] = {}
    subjects: dict[str, Subject] = {}
    with path.open(encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            book = Book(
                title=record["title"],
                original_title=record.get("original_title"),
                published=record["published"],
                circa=record.get("circa", False),
                language=record["language"],
                **price_and_stock(record["title"]),
            )
            book.authors = [
                authors.setdefault((each["name"], each["born"]), Author(**each)) for each in record["authors"]
            ]
            book.subjects = [subjects.setdefault(name, Subject(name=name)) for name in record["subjects"]]
            book.describe()
            yield book


def price_and_stock(title: str) -> dict[str, int]:
    """Return a made-up price (4.50 to 24.00 euros) and stock (0 to 40), always the same for one title."""
    number = crc32(title.encode())
    return {"price_cents": 450 + 50 * (number % 40), "stock": number // 40 % 41}
