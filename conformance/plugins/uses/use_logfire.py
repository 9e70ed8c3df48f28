"""logfire: spans with the endpoint's arguments and validation errors; it wraps FastAPI's inner functions."""

from collections.abc import Iterator

import logfire
import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from fastapi.testclient import TestClient
from logfire.testing import CaptureLogfire
from pydantic import BaseModel


class Book(BaseModel):
    title: str
    pages: int


@pytest.fixture
def client(capfire: CaptureLogfire) -> Iterator[TestClient]:
    app, router = FastAPI(), APIRouter(prefix="/shop")

    async def page_size(size: int = 10) -> int:
        return size

    @router.get("/books/{book_id}")
    async def book(book_id: int, size: int = Depends(page_size)) -> dict[str, int]:
        with logfire.span("looking for {book_id}", book_id=book_id):
            return {"book_id": book_id, "size": size}

    @router.post("/books")
    def add_book(book: Book) -> Book:
        return book

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError("broken")

    @app.websocket("/feed")
    async def feed(socket: WebSocket, name: str) -> None:
        await socket.accept()
        await socket.send_text(name)
        await socket.close()

    app.include_router(router)
    client = TestClient(app, raise_server_exceptions=False)
    with logfire.instrument_fastapi(app, capture_headers=True, extra_spans=True):
        yield client
    capfire.exporter.clear()
    assert client.get("/shop/books/1").status_code == 200  # and after
    assert not [name for name in names(capfire) if name.startswith("FastAPI")]


def names(capfire: CaptureLogfire) -> list[str]:
    return [span["name"] for span in capfire.exporter.exported_spans_as_dict()]


def attributes(capfire: CaptureLogfire, name: str) -> dict[str, object]:
    found = capfire.exporter.exported_spans_as_dict(parse_json_attributes=True)
    return next(span["attributes"] for span in found if span["name"] == name)


def test_arguments_are_recorded(client: TestClient, capfire: CaptureLogfire) -> None:
    assert client.get("/shop/books/7", params={"size": 3}).json() == {"book_id": 7, "size": 3}
    assert "GET /shop/books/{book_id}" in names(capfire)
    recorded = attributes(capfire, "GET /shop/books/{book_id}")
    assert recorded["fastapi.arguments.values"] == {"book_id": 7, "size": 3}
    assert recorded["fastapi.arguments.errors"] == []
    assert recorded["http.route"] == "/shop/books/{book_id}"


def test_the_extra_spans(client: TestClient, capfire: CaptureLogfire) -> None:
    client.get("/shop/books/7")
    found = names(capfire)
    assert "FastAPI arguments" in found
    assert "{method} {http.route} ({code.function})" in found
    assert "looking for {book_id}" in found


def test_validation_errors_are_recorded(client: TestClient, capfire: CaptureLogfire) -> None:
    assert client.post("/shop/books", json={"title": "Emma", "pages": "many"}).status_code == 422
    recorded = attributes(capfire, "POST /shop/books")
    errors = recorded["fastapi.arguments.errors"]
    assert isinstance(errors, list)
    assert [error["loc"] for error in errors] == [["body", "pages"]]


def test_synchronous_endpoints(client: TestClient, capfire: CaptureLogfire) -> None:
    book = {"title": "Emma", "pages": 400}
    assert client.post("/shop/books", json=book).json() == book
    values = attributes(capfire, "POST /shop/books")["fastapi.arguments.values"]
    assert values == {"book": book}


def test_exceptions(client: TestClient, capfire: CaptureLogfire) -> None:
    assert client.get("/broken").status_code == 500
    spans = capfire.exporter.exported_spans_as_dict(parse_json_attributes=True)
    (failed,) = [span for span in spans if span["name"] == "GET /broken"]
    assert "ValueError" in str(failed["events"])


def test_web_sockets(client: TestClient, capfire: CaptureLogfire) -> None:
    with client.websocket_connect("/feed?name=prices") as socket:
        assert socket.receive_text() == "prices"
    assert "HTTP /feed" in names(capfire)
