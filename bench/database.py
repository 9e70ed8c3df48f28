"""What the applications share to read one row: the mapped class, the engines and their sessions."""

from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from bench.settings import DATABASE

POOL = 16
DRIVERS = {
    "sqlite": ("sqlite+aiosqlite", "sqlite"),
    "postgresql": ("postgresql+asyncpg", "postgresql+psycopg"),
}


class Base(DeclarativeBase):
    """The mapped classes."""


class World(Base):
    """One row."""

    __tablename__ = "world"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    value: Mapped[int]


def async_sessions() -> async_sessionmaker[AsyncSession]:
    """Sessions for a program that awaits."""
    scheme, _, rest = DATABASE.partition(":")
    engine = create_async_engine(f"{DRIVERS[scheme][0]}:{rest}", pool_size=POOL)
    return async_sessionmaker(engine, expire_on_commit=False)


def sessions() -> sessionmaker[Session]:
    """Sessions for a program with threads."""
    scheme, _, rest = DATABASE.partition(":")
    return sessionmaker(create_engine(f"{DRIVERS[scheme][1]}:{rest}", pool_size=POOL), expire_on_commit=False)
