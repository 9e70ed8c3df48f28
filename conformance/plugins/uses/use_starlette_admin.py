"""starlette-admin: its administration application mounted on a FastAPI application."""

from collections.abc import Iterator

import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.pool import StaticPool
from starlette.routing import Mount
from starlette_admin import action
from starlette_admin.actions import ActionSelection
from starlette_admin.contrib.sqla import Admin, ModelView
from starlette_admin.exceptions import FormValidationError


class Base(DeclarativeBase):
    pass


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


class BookView(ModelView):
    actions = ["shout", "delete"]

    async def validate(self, request: Request, data: dict[str, str]) -> None:
        if len(data["title"]) < 3:
            raise FormValidationError({"title": "too short"})

    @action(name="shout", text="Shout", confirmation="Really?", custom_response=True)
    async def shout(self, request: Request, selection: ActionSelection) -> JSONResponse:
        books = await selection.rows()
        return JSONResponse({"shouted": [book.title.upper() for book in books]})


@pytest.fixture
def app() -> FastAPI:
    engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
    Base.metadata.create_all(engine)
    sessions = sessionmaker(engine)
    with sessions.begin() as filling:
        filling.add(Book(title="Emma"))
        filling.add(Book(title="Persuasion"))

    def session() -> Iterator[Session]:
        with sessions() as opened:
            yield opened

    app = FastAPI()

    @app.get("/books")
    def titles(opened: Session = Depends(session)) -> list[str]:
        return list(opened.scalars(select(Book.title).order_by(Book.id)))

    admin = Admin(engine, title="Bookshop", secret_key="a secret that is long enough to sign with")
    admin.add_view(BookView(Book, icon="fa fa-book"))
    admin.mount_to(app)
    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        assert client.get("/admin/").status_code == 200
        client.headers["x-csrftoken"] = client.cookies["starlette_admin_csrftoken"]
        yield client


def test_it_is_a_named_mount(app: FastAPI) -> None:
    assert [route.name for route in app.routes if isinstance(route, Mount)] == ["admin"]
    assert app.url_path_for("admin:list", key="book") == "/admin/book/list"


def test_pages(client: TestClient) -> None:
    assert "Bookshop" in client.get("/admin/").text
    listing = client.get("/admin/book/list")
    assert listing.status_code == 200
    assert all(text in listing.text for text in ("Shout", "Emma", "Persuasion"))
    assert "Emma" in client.get("/admin/book/detail", params={"pk": 1}).text
    assert client.get("/admin/book/detail", params={"pk": 9}).status_code == 404


def test_creating_and_changing(client: TestClient) -> None:
    created = client.post("/admin/book/create", data={"title": "Middlemarch"}, follow_redirects=False)
    assert created.status_code == 303
    edited = client.post("/admin/book/edit", params={"pk": 1}, data={"title": "Emma again"})
    assert edited.status_code == 200
    assert client.get("/books").json() == ["Emma again", "Persuasion", "Middlemarch"]


def test_forms_are_validated(client: TestClient) -> None:
    refused = client.post("/admin/book/create", data={"title": "x"})
    assert refused.status_code == 422
    assert "too short" in refused.text


def test_forms_of_other_sites_are_refused(app: FastAPI) -> None:
    reply = TestClient(app).post("/admin/book/create", data={"title": "Middlemarch"})
    assert (reply.status_code, reply.text) == (403, "CSRF token missing")


def test_actions(client: TestClient) -> None:
    done = client.post("/admin/_api/book/action", params={"name": "shout", "pks": ["1", "2"]})
    assert done.json() == {"shouted": ["EMMA", "PERSUASION"]}


def test_static_files(client: TestClient) -> None:
    reply = client.get("/admin/static/css/inline-edit.css")
    assert reply.headers["content-type"] == "text/css; charset=utf-8"
    etag = reply.headers["etag"]
    unchanged = client.get("/admin/static/css/inline-edit.css", headers={"if-none-match": etag})
    assert unchanged.status_code == 304
