"""Starting the shop: settings, the signing key, the schema, the first fill, and the books themselves."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from examples.bookshop.database import Database, price_and_stock
from examples.bookshop.languages import LANGUAGES
from examples.bookshop.main import create_app
from examples.bookshop.models import Book, User, fold
from examples.bookshop.settings import Settings
from pronghorn.testclient import TestClient

from .conftest import shop_settings

BOOKS = [json.loads(line) for line in Settings().catalogue.read_text(encoding="utf-8").splitlines()]


class TestSettings:
    def test_come_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BOOKSHOP_TOKEN_MINUTES", "5")
        monkeypatch.setenv("BOOKSHOP_CORS_ORIGINS", '["https://shop.example"]')
        settings = Settings()
        assert (settings.token_minutes, settings.cors_origins) == (5, ["https://shop.example"])

    @pytest.mark.parametrize(
        ("given", "opened"),
        [
            ("postgresql://u:p@db/shop", "postgresql+asyncpg://u:p@db/shop"),
            ("postgres://db/shop", "postgresql+asyncpg://db/shop"),
            ("sqlite:///shop.db", "sqlite+aiosqlite:///shop.db"),
            ("postgresql+psycopg://db/shop", "postgresql+psycopg://db/shop"),
        ],
    )
    def test_name_the_async_driver(self, given: str, opened: str) -> None:
        assert Settings(database_url=given).resolved_database_url() == opened

    def test_make_one_development_key_and_keep_it_to_its_owner(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path / "new", secret_key=None)
        key = settings.signing_key()
        assert len(key) >= 32
        assert settings.signing_key() == key != Settings(data_dir=tmp_path, secret_key=None).signing_key()
        assert [path.name for path in settings.data_dir.iterdir()] == ["development-key"]
        assert (settings.data_dir / "development-key").stat().st_mode & 0o077 == 0


class TestFirstStart:
    def fill(self, settings: Settings, times: int) -> tuple[list[int], int]:
        async def go() -> tuple[list[int], int]:
            databases = [Database(settings.resolved_database_url()) for _ in range(times)]
            added = await asyncio.gather(*(database.prepare(settings) for database in databases))
            async with databases[0].session() as session:
                books = await session.scalar(select(func.count()).select_from(Book)) or 0
            await asyncio.gather(*(database.close() for database in databases))
            return sorted(added), books

        return asyncio.run(go())

    def small(self, directory: Path, **others: Any) -> Settings:
        catalogue = directory / "few.jsonl"
        catalogue.write_text("".join(json.dumps(book) + "\n" for book in BOOKS[:10]), encoding="utf-8")
        return shop_settings(**{"data_dir": directory, "catalogue": catalogue, **others})

    def test_fills_once_however_many_workers_start_together(self, tmp_path: Path) -> None:
        settings = self.small(tmp_path)
        assert self.fill(settings, times=4) == ([0, 0, 0, 10], 10)
        assert self.fill(settings, times=1) == ([0], 10)

    def test_happens_when_the_application_starts(self, tmp_path: Path) -> None:
        settings = self.small(tmp_path, data_dir=tmp_path / "not" / "there")
        for _ in range(2):
            with TestClient(create_app(settings)) as client:
                assert client.get("/api/books").json()["total"] == 10

    def test_makes_no_accounts_unless_asked(self, tmp_path: Path) -> None:
        async def users() -> int:
            settings = self.small(tmp_path, demo_users=False)
            database = Database(settings.resolved_database_url())
            await database.prepare(settings)
            async with database.session() as session:
                found = await session.scalar(select(func.count()).select_from(User)) or 0
            await database.close()
            return found

        assert asyncio.run(users()) == 0


class TestCatalogueFile:
    def test_has_many_books_and_none_twice(self) -> None:
        named = Counter((fold(book["title"]), *(each["name"] for each in book["authors"])) for book in BOOKS)
        assert len(BOOKS) >= 500
        assert [book for book, count in named.items() if count > 1] == []

    def test_has_only_works_in_the_public_domain(self) -> None:
        assert max(book["published"] for book in BOOKS) <= 1930
        assert max(author["died"] or 0 for book in BOOKS for author in book["authors"]) <= 1955

    def test_knows_one_set_of_years_for_each_author(self) -> None:
        people = {
            (author["name"], author["born"], author["died"]) for book in BOOKS for author in book["authors"]
        }
        assert len(people) == len({name for name, _, _ in people})
        assert all(
            15 < died - born < 105 for _, born, died in people if born is not None and died is not None
        )

    def test_no_author_wrote_as_a_child(self) -> None:
        too_early = [
            book["title"]
            for book in BOOKS
            for author in book["authors"]
            if author["born"] is not None and book["published"] < author["born"] + 14
        ]
        assert too_early == []

    def test_names_languages_the_shop_knows(self) -> None:
        assert {book["language"] for book in BOOKS} <= LANGUAGES.keys()
        assert len({book["language"] for book in BOOKS}) >= 40

    def test_is_in_order_of_publication(self) -> None:
        assert [book["published"] for book in BOOKS] == sorted(book["published"] for book in BOOKS)

    def test_is_priced_always_the_same(self) -> None:
        assert price_and_stock("Kalevala") == price_and_stock("Kalevala")
        for book in BOOKS:
            made_up = price_and_stock(book["title"])
            assert 450 <= made_up["price_cents"] <= 2400
            assert 0 <= made_up["stock"] <= 40
