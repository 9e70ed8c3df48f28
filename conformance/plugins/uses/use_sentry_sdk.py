"""sentry-sdk's FastAPI integration: errors and transactions with the route, the user's request and body."""

from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from fastapi import APIRouter, Depends, FastAPI, Form, HTTPException
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sentry_sdk.integrations.fastapi import FastApiIntegration
from sentry_sdk.integrations.starlette import StarletteIntegration
from sentry_sdk.transport import Transport


class Book(BaseModel):
    title: str


class Kept(Transport):
    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Any) -> None:
        self.events += [item.payload.json for item in envelope.items if item.type in {"event", "transaction"}]

    def of(self, kind: str | None) -> list[dict[str, Any]]:
        return [event for event in self.events if event.get("type") == kind]


@pytest.fixture
def sent() -> Iterator[Kept]:
    kept = Kept()
    sentry_sdk.init(
        dsn="https://key@sentry.example.com/1",
        transport=kept,
        traces_sample_rate=1.0,
        send_default_pii=True,
        integrations=[
            StarletteIntegration(transaction_style="url", failed_request_status_codes={503}),
            FastApiIntegration(transaction_style="url", failed_request_status_codes={503}),
        ],
    )
    yield kept
    sentry_sdk.get_client().close()


@pytest.fixture
def client(sent: Kept) -> TestClient:
    app, router = FastAPI(), APIRouter(prefix="/shop")

    async def language() -> str:
        sentry_sdk.set_tag("language", "de")
        return "de"

    @router.get("/books/{book_id}")
    async def book(book_id: int, spoken: str = Depends(language)) -> str:
        with sentry_sdk.start_span(op="lookup", name="find book"):
            if book_id == 503:
                raise HTTPException(503, "closed")
        if book_id == 404:
            raise HTTPException(404, "no such book")
        return spoken

    @router.post("/books")
    async def add_book(book: Book) -> None:
        raise ValueError(f"no room for {book.title}")

    @router.post("/sign-in")
    def sign_in(password: str = Form(), name: str = Form()) -> None:
        sentry_sdk.capture_message(f"{name} came")

    @app.get("/sync")
    def sync() -> None:
        raise RuntimeError("in a thread")

    app.include_router(router)
    return TestClient(app, raise_server_exceptions=False)


def test_transactions_are_named_after_routes(client: TestClient, sent: Kept) -> None:
    assert client.get("/shop/books/7").json() == "de"
    (transaction,) = sent.of("transaction")
    assert transaction["transaction"] == "/shop/books/{book_id}"
    assert transaction["transaction_info"] == {"source": "route"}
    assert transaction["tags"]["language"] == "de"
    assert "lookup" in [span["op"] for span in transaction["spans"]]


def test_an_error_with_the_body_of_the_request(client: TestClient, sent: Kept) -> None:
    assert client.post("/shop/books", json={"title": "Emma"}).status_code == 500
    (event,) = sent.of(None)
    assert event["exception"]["values"][0]["value"] == "no room for Emma"
    assert event["transaction"] == "/shop/books"
    assert event["request"]["data"] == {"title": "Emma"}
    assert event["request"]["method"] == "POST"
    assert event["exception"]["values"][0]["mechanism"]["handled"] is False


def test_messages_from_an_endpoint_that_read_a_form(client: TestClient, sent: Kept) -> None:
    client.post("/shop/sign-in", data={"name": "ann", "password": "secret"})
    (event,) = sent.of(None)
    assert event["message"] == "ann came"
    assert event["request"]["data"] == {"name": "ann", "password": "[Filtered]"}


def test_synchronous_endpoints(client: TestClient, sent: Kept) -> None:
    assert client.get("/sync").status_code == 500
    (event,) = sent.of(None)
    assert event["exception"]["values"][0]["type"] == "RuntimeError"
    assert event["transaction"] == "/sync"


def test_which_http_exceptions_are_errors(client: TestClient, sent: Kept) -> None:
    assert client.get("/shop/books/404").status_code == 404
    assert sent.of(None) == []
    assert client.get("/shop/books/503").status_code == 503
    assert [event["exception"]["values"][0]["type"] for event in sent.of(None)] == ["HTTPException"]


def test_requests_do_not_share_their_tags(client: TestClient, sent: Kept) -> None:
    client.get("/shop/books/7")
    client.get("/sync")
    (event,) = sent.of(None)
    assert "language" not in event.get("tags", {})
