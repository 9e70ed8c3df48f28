"""advanced-alchemy's FastAPI extension: sessions, services and filters as dependencies, a wrapped lifespan."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pytest
from advanced_alchemy.exceptions import NotFoundError
from advanced_alchemy.extensions.fastapi import (
    AdvancedAlchemy,
    AsyncSessionConfig,
    SQLAlchemyAsyncConfig,
    base,
    filters,
    repository,
    service,
)
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column


class BookRow(base.UUIDBase):
    __tablename__ = "books"
    title: Mapped[str] = mapped_column(unique=True)


class Book(BaseModel):
    model_config = {"from_attributes": True}
    id: UUID | None = None
    title: str


class BookService(service.SQLAlchemyAsyncRepositoryService[BookRow]):
    class Repo(repository.SQLAlchemyAsyncRepository[BookRow]):
        model_type = BookRow

    repository_type = Repo


def make_app(database: Path, seen: list[str]) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, str]]:
        seen.append("started")
        yield {"greeting": "hello"}
        seen.append("stopped")

    config = SQLAlchemyAsyncConfig(
        connection_string=f"sqlite+aiosqlite:///{database}",
        session_config=AsyncSessionConfig(expire_on_commit=False),
        create_all=True,
        commit_mode="autocommit",
    )
    app, router = FastAPI(lifespan=lifespan), APIRouter(prefix="/books")
    alchemy = AdvancedAlchemy(config=config, app=app)
    books = Depends(alchemy.provide_service(BookService))
    wanted = alchemy.provide_filters({"pagination_type": "limit_offset", "pagination_size": 2})

    @router.get("/")
    async def list_books(
        found: Annotated[BookService, books], asked: Annotated[list[filters.FilterTypes], Depends(wanted)]
    ) -> service.OffsetPagination[Book]:
        results, total = await found.list_and_count(*asked, order_by=[("title", False)])
        return found.to_schema(results, total, filters=asked, schema_type=Book)

    @router.post("/", status_code=201)
    async def add_book(book: Book, found: Annotated[BookService, books]) -> Book:
        return found.to_schema(await found.create({"title": book.title}), schema_type=Book)

    @router.post("/refused")
    async def refused(opened: Annotated[AsyncSession, Depends(alchemy.provide_session())]) -> None:
        opened.add(BookRow(title="never"))
        await opened.flush()
        raise HTTPException(409, "rolled back")

    @router.get("/{book_id}")
    async def get_book(book_id: UUID, found: Annotated[BookService, books]) -> Book:
        return found.to_schema(await found.get(book_id), schema_type=Book)

    @app.exception_handler(NotFoundError)
    async def missing(request: Request, error: NotFoundError) -> JSONResponse:
        return JSONResponse({"detail": "no such book"}, 404)

    @app.get("/greeting")
    async def greeting(request: Request) -> str:
        return str(request.state.greeting)

    app.include_router(router)
    return app


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    seen: list[str] = []
    with TestClient(make_app(tmp_path / "books.db", seen)) as client:
        assert seen == ["started"]
        for title in ("Emma", "Middlemarch", "Persuasion"):
            assert client.post("/books/", json={"title": title}).status_code == 201
        yield client
    assert seen == ["started", "stopped"]


def titles(reply: Any) -> list[str]:
    return [item["title"] for item in reply.json()["items"]]


def test_pages_and_filters(client: TestClient) -> None:
    first = client.get("/books/")
    assert titles(first) == ["Emma", "Middlemarch"]
    assert first.json()["total"] == 3
    assert titles(client.get("/books/", params={"currentPage": 2})) == ["Persuasion"]


def test_invalid_filters(client: TestClient) -> None:
    reply = client.get("/books/", params={"currentPage": 0, "pageSize": "x"})
    assert reply.status_code == 422
    assert {tuple(error["loc"][:2]) for error in reply.json()["detail"]} == {
        ("query", "currentPage"),
        ("query", "pageSize"),
    }


def test_one_book(client: TestClient) -> None:
    book = client.get("/books/").json()["items"][0]
    assert client.get(f"/books/{book['id']}").json() == book
    missing = client.get("/books/00000000-0000-0000-0000-000000000000")
    assert (missing.status_code, missing.json()) == (404, {"detail": "no such book"})


def test_a_refused_request_is_rolled_back(client: TestClient) -> None:
    assert client.post("/books/refused").status_code == 409
    assert client.get("/books/").json()["total"] == 3


def test_the_applications_own_lifespan_still_runs(client: TestClient) -> None:
    assert client.get("/greeting").json() == "hello"


def test_the_document_shows_the_filters(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/books/"]["get"]
    names = [parameter["name"] for parameter in operation["parameters"]]
    assert names == ["currentPage", "pageSize"]
