"""sqladmin: an admin interface mounted on the application, with forms, search, actions and sign-in."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse
from fastapi.testclient import TestClient
from sqladmin import Admin, BaseView, ModelView, action, expose
from sqladmin.authentication import AuthenticationBackend
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool
from starlette.routing import Mount


class Base(DeclarativeBase):
    pass


class Book(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]

    def __str__(self) -> str:
        return self.title


class BookAdmin(ModelView, model=Book):
    column_list = [Book.id, Book.title]
    column_searchable_list = [Book.title]

    @action(name="shout", label="Shout", add_in_list=True)
    async def shout(self, request: Request) -> RedirectResponse:
        return RedirectResponse(f"/admin/book/list?search={request.query_params['pks']}", status_code=302)


class Report(BaseView):
    name = "Report"

    @expose("/report", methods=["GET"])
    async def report(self, request: Request) -> object:
        return await self.templates.TemplateResponse(request, "sqladmin/layout.html", {"title": "Sales"})


class Gate(AuthenticationBackend):
    async def login(self, request: Request) -> bool:
        form = await request.form()
        request.session["user"] = form["username"]
        return form["password"] == "right"

    async def logout(self, request: Request) -> bool:
        request.session.clear()
        return True

    async def authenticate(self, request: Request) -> bool:
        return "user" in request.session


@pytest.fixture
def app() -> FastAPI:
    engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine) as filling:
        filling.add_all([Book(title="Emma"), Book(title="Persuasion")])
        filling.commit()
    app = FastAPI()

    @app.get("/books")
    def titles() -> list[str]:
        with Session(engine) as opened:
            return [book.title for book in opened.query(Book).order_by(Book.id)]

    admin = Admin(app, engine, title="Bookshop", authentication_backend=Gate("secret"))
    admin.add_view(BookAdmin)
    admin.add_view(Report)
    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        signed_in = client.post("/admin/login", data={"username": "ann", "password": "right"})
        assert signed_in.status_code == 200
        yield client


def test_the_interface_is_a_mount_beside_the_routes(app: FastAPI) -> None:
    assert [route.path for route in app.routes if isinstance(route, Mount)] == ["/admin"]
    assert app.url_path_for("admin:list", identity="book") == "/admin/book/list"


def test_signing_in_is_asked_for(app: FastAPI) -> None:
    client = TestClient(app)
    refused = client.get("/admin/", follow_redirects=False)
    assert (refused.status_code, refused.headers["location"]) == (302, "http://testserver/admin/login")
    wrong = client.post("/admin/login", data={"username": "ann", "password": "wrong"})
    assert wrong.status_code == 400


def test_listing_and_searching(client: TestClient) -> None:
    page = client.get("/admin/book/list")
    assert page.status_code == 200
    assert all(text in page.text for text in ("Bookshop", "Emma", "Persuasion", "Shout"))
    found = client.get("/admin/book/list", params={"search": "emm"})
    assert "Emma" in found.text
    assert "Persuasion" not in found.text


def test_creating_changing_and_deleting(client: TestClient) -> None:
    created = client.post("/admin/book/create", data={"title": "Middlemarch"}, follow_redirects=False)
    assert created.status_code == 302
    assert client.get("/books").json() == ["Emma", "Persuasion", "Middlemarch"]
    client.post("/admin/book/edit/3", data={"title": "Silas Marner"})
    assert client.get("/books").json()[2] == "Silas Marner"
    assert client.delete("/admin/book/delete", params={"pks": "3"}).status_code == 200
    assert client.get("/books").json() == ["Emma", "Persuasion"]


def test_actions_and_own_pages(client: TestClient) -> None:
    done = client.get("/admin/book/action/shout", params={"pks": "2"}, follow_redirects=False)
    assert done.headers["location"] == "/admin/book/list?search=2"
    assert client.get("/admin/report").status_code == 200


def test_static_files_and_export(client: TestClient) -> None:
    assert client.get("/admin/statics/css/main.css").status_code == 200
    exported = client.get("/admin/book/export/csv")
    assert exported.text.split() == ["id,title", "1,Emma", "2,Persuasion"]
