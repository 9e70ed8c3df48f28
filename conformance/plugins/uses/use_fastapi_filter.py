"""fastapi-filter: filters as pydantic models in dependencies, nested ones with prefixes, over SQLAlchemy."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from fastapi_filter import FilterDepends, with_prefix
from fastapi_filter.contrib.sqlalchemy import Filter
from pydantic import BaseModel
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.pool import StaticPool


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    year: Mapped[int]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    author: Mapped[Author] = relationship()


class BookOut(BaseModel):
    model_config = {"from_attributes": True}
    title: str
    year: int


class AuthorFilter(Filter):
    name: str | None = None
    name__in: list[str] | None = None

    class Constants(Filter.Constants):
        model = Author


class BookFilter(Filter):
    title__ilike: str | None = None
    year__gte: int | None = None
    year__lt: int | None = None
    search: str | None = None
    author: AuthorFilter | None = FilterDepends(with_prefix("author", AuthorFilter))
    order_by: list[str] = ["year"]

    class Constants(Filter.Constants):
        model = Book
        search_model_fields = ["title"]


@pytest.fixture
def client() -> TestClient:
    engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
    Base.metadata.create_all(engine)
    austen, eliot = Author(name="Austen"), Author(name="Eliot")
    with Session(engine) as filling:
        filling.add_all(
            [
                Book(title="Persuasion", year=1817, author=austen),
                Book(title="Emma", year=1815, author=austen),
                Book(title="Middlemarch", year=1871, author=eliot),
            ]
        )
        filling.commit()

    def session() -> Iterator[Session]:
        with Session(engine) as opened:
            yield opened

    app = FastAPI()

    @app.get("/books")
    def books(
        wanted: BookFilter = FilterDepends(BookFilter), opened: Session = Depends(session)
    ) -> list[BookOut]:
        query = wanted.sort(wanted.filter(select(Book).join(Author)))
        return [BookOut.model_validate(book) for book in opened.scalars(query)]

    return TestClient(app)


def titles(client: TestClient, **wanted: Any) -> list[str]:
    return [book["title"] for book in client.get("/books", params=wanted).json()]


def test_without_a_filter_everything_in_the_default_order(client: TestClient) -> None:
    assert titles(client) == ["Emma", "Persuasion", "Middlemarch"]


def test_operators(client: TestClient) -> None:
    assert titles(client, title__ilike="EM%") == ["Emma"]
    assert titles(client, year__gte=1816, year__lt=1870) == ["Persuasion"]
    assert titles(client, search="march") == ["Middlemarch"]


def test_ordering(client: TestClient) -> None:
    assert titles(client, order_by="-title") == ["Persuasion", "Middlemarch", "Emma"]


def test_nested_filters(client: TestClient) -> None:
    assert titles(client, author__name="Eliot") == ["Middlemarch"]
    assert titles(client, author__name__in="Austen,Eliot", year__gte=1817) == ["Persuasion", "Middlemarch"]


def test_invalid_values(client: TestClient) -> None:
    reply = client.get("/books", params={"year__gte": "soon"})
    assert reply.status_code == 422
    assert reply.json()["detail"][0]["loc"] == ["query", "year__gte"]
    assert client.get("/books", params={"order_by": "colour"}).status_code == 422


def test_the_document_lists_every_filter(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/books"]["get"]
    assert sorted(parameter["name"] for parameter in operation["parameters"]) == [
        "author__name",
        "author__name__in",
        "order_by",
        "search",
        "title__ilike",
        "year__gte",
        "year__lt",
    ]
