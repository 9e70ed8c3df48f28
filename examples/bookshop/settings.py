"""The shop's settings, read from `BOOKSHOP_...` environment variables.

Nothing else in the shop reads the environment. The only file touched here is the development signing key.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

HERE = Path(__file__).parent


class Settings(BaseSettings):
    """Every knob of the shop. Each field is also an environment variable: `BOOKSHOP_` + its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="BOOKSHOP_", extra="ignore")

    data_dir: Path = HERE / "var"
    """Where the SQLite file, the development key, covers and receipts are kept."""

    catalogue: Path = HERE / "data" / "books.jsonl"
    """The books the database is filled with at the first start."""

    database_url: str | None = None
    """Any async SQLAlchemy URL. `postgresql://...` is enough for PostgreSQL; unset means SQLite in `data_dir`."""

    secret_key: SecretStr | None = None
    """Signs the access tokens. Set it in production; unset, a key is made once and kept in `data_dir`."""

    token_minutes: Annotated[int, Field(gt=0)] = 60
    """How long an access token is good for."""

    cors_origins: list[str] = ["http://localhost:5173", "http://127.0.0.1:5173"]
    """Web pages on other origins that may call the API (a JSON list in the environment)."""

    max_cover_bytes: Annotated[int, Field(gt=0)] = 2 * 1024 * 1024
    """The largest cover picture accepted."""

    feed_backlog: Annotated[int, Field(gt=0)] = 50
    """How many orders the live feed remembers for listeners that come back."""

    feed_queue: Annotated[int, Field(gt=0)] = 100
    """How many orders may wait for one slow listener before it is let go."""

    demo_users: bool = True
    """Whether the demonstration accounts of the README are made. Turn off anywhere but on your own machine."""

    def resolved_database_url(self) -> str:
        """Return the URL to open, with the async driver named.

        Example:
            >>> Settings(database_url="postgresql://shop@db/books").resolved_database_url()
            'postgresql+asyncpg://shop@db/books'
        """
        if self.database_url is None:
            return f"sqlite+aiosqlite:///{self.data_dir / 'bookshop.db'}"
        scheme, separator, rest = self.database_url.partition("://")
        drivers = {
            "postgres": "postgresql+asyncpg",
            "postgresql": "postgresql+asyncpg",
            "sqlite": "sqlite+aiosqlite",
        }
        return drivers.get(scheme, scheme) + separator + rest

    def signing_key(self) -> str:
        """Return the key that signs tokens, making and keeping one for development when none was set.

        The made key lives in a file so that logins survive a reload and are shared by several workers.
        """
        if self.secret_key is not None:
            return self.secret_key.get_secret_value()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        path = self.data_dir / "development-key"
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48), encoding="ascii")
        # A link appears complete or not at all: of several workers starting together one wins, and none
        # reads half a key.
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
        return path.read_text(encoding="ascii")
