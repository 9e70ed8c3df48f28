"""What path operations ask for by annotation: the parts that `lifespan` made, and a database session.

Invariant: a request has one session. It is rolled back and closed when the reply (a streamed one too) has
been sent; what is to be kept must have been committed by then.
"""

from collections.abc import AsyncIterator
from typing import Annotated, TypedDict

from sqlalchemy.ext.asyncio import AsyncSession

from pronghorn import Depends
from pronghorn.requests import HTTPConnection

from .database import Database
from .events import OrderFeed
from .settings import Settings


class ShopState(TypedDict):
    """What the lifespan hands to every request and WebSocket, as `connection.state`."""

    settings: Settings
    signing_key: str
    database: Database
    feed: OrderFeed


async def get_settings(connection: HTTPConnection) -> Settings:
    """Return the settings the application was made with."""
    settings: Settings = connection.state.settings
    return settings


async def get_signing_key(connection: HTTPConnection) -> str:
    """Return the key that signs tokens."""
    key: str = connection.state.signing_key
    return key


async def get_feed(connection: HTTPConnection) -> OrderFeed:
    """Return the live feed of orders."""
    feed: OrderFeed = connection.state.feed
    return feed


async def get_session(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    """Open a session for one request."""
    database: Database = connection.state.database
    async with database.session() as session:
        yield session


CurrentSettings = Annotated[Settings, Depends(get_settings)]
Key = Annotated[str, Depends(get_signing_key)]
Feed = Annotated[OrderFeed, Depends(get_feed)]
Session = Annotated[AsyncSession, Depends(get_session)]
