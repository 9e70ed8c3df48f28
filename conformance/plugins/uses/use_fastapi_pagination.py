"""fastapi-pagination: response models and dependencies put on routes that exist already."""

from collections.abc import Iterator
from typing import Annotated, Any, TypeVar

import pytest
from fastapi import APIRouter, Depends, FastAPI, Query
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from fastapi_pagination import LimitOffsetPage, Page, add_pagination, paginate, resolve_params
from fastapi_pagination.cursor import CursorPage
from fastapi_pagination.customization import CustomizedPage, UseParamsFields
from fastapi_pagination.ext.sqlalchemy import paginate as paginate_rows
from fastapi_pagination.links import Page as LinksPage
from pydantic import BaseModel
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool

T = TypeVar("T")
SmallPage = CustomizedPage[Page[T], UseParamsFields(size=Query(2, ge=1, le=5))]


class Base(DeclarativeBase):
    pass


class BookRow(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


class Book(BaseModel):
    model_config = {"from_attributes": True}
    id: int
    title: str


BOOKS = [Book(id=number, title=f"book {number}") for number in range(1, 8)]


@pytest.fixture
def app() -> FastAPI:
    engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine) as filling:
        filling.add_all(BookRow(id=book.id, title=book.title) for book in BOOKS)
        filling.commit()

    def session() -> Iterator[Session]:
        with Session(engine) as opened:
            yield opened

    app, router = FastAPI(), APIRouter(prefix="/in")

    @app.get("/books")
    async def books() -> Page[Book]:
        return paginate(BOOKS)

    @app.get("/links", response_model=LinksPage[Book])
    def links() -> Any:
        return paginate(BOOKS)

    @router.get("/offset", response_model=LimitOffsetPage[Book])
    async def offset() -> Any:
        assert resolve_params().limit
        return paginate(BOOKS)

    @router.get("/small")
    async def small(longer: Annotated[bool, Query()] = False) -> SmallPage[Book]:
        return paginate([book for book in BOOKS if not longer or book.id > 3])

    @router.get("/rows", response_model=CursorPage[Book])
    def rows(opened: Session = Depends(session)) -> Any:
        return paginate_rows(opened, select(BookRow).order_by(BookRow.id))

    app.include_router(router)
    add_pagination(app)
    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


def ids(reply: Any) -> list[int]:
    return [item["id"] for item in reply.json()["items"]]


def test_pages(client: TestClient) -> None:
    reply = client.get("/books", params={"page": 2, "size": 3})
    assert ids(reply) == [4, 5, 6]
    assert {key: reply.json()[key] for key in ("total", "page", "size", "pages")} == {
        "total": 7,
        "page": 2,
        "size": 3,
        "pages": 3,
    }


def test_invalid_pages(client: TestClient) -> None:
    reply = client.get("/books", params={"page": 0, "size": 1000})
    assert reply.status_code == 422
    assert [error["loc"] for error in reply.json()["detail"]] == [["query", "page"], ["query", "size"]]


def test_links(client: TestClient) -> None:
    links = client.get("/links", params={"size": 3}).json()["links"]
    assert links == {
        "first": "/links?size=3&page=1",
        "last": "/links?size=3&page=3",
        "self": "/links?size=3",
        "next": "/links?size=3&page=2",
        "prev": None,
    }


def test_offsets_in_an_included_router(client: TestClient) -> None:
    assert ids(client.get("/in/offset", params={"offset": 2, "limit": 2})) == [3, 4]


def test_a_customised_page(client: TestClient) -> None:
    assert ids(client.get("/in/small")) == [1, 2]
    assert ids(client.get("/in/small", params={"longer": True, "page": 2})) == [6, 7]
    assert client.get("/in/small", params={"size": 6}).status_code == 422


def test_cursors_over_rows(client: TestClient) -> None:
    first = client.get("/in/rows", params={"size": 4})
    assert ids(first) == [1, 2, 3, 4]
    second = client.get("/in/rows", params={"size": 4, "cursor": first.json()["next_page"]})
    assert ids(second) == [5, 6, 7]


def test_routes_and_document_show_the_parameters(app: FastAPI, client: TestClient) -> None:
    route = next(route for route in app.routes if isinstance(route, APIRoute) and route.path == "/books")
    assert route.response_model is Page[Book]
    paths = client.get("/openapi.json").json()["paths"]
    names = {
        path: [parameter["name"] for parameter in paths[path]["get"]["parameters"]]
        for path in ("/books", "/in/offset", "/in/small")
    }
    assert names == {
        "/books": ["page", "size"],
        "/in/offset": ["limit", "offset"],
        "/in/small": ["longer", "page", "size"],
    }
