"""sse-starlette: `EventSourceResponse` returned by path operations; the response sends itself."""

from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request
from fastapi.testclient import TestClient
from sse_starlette import EventSourceResponse, JSONServerSentEvent, ServerSentEvent


def make_app() -> FastAPI:
    app, router = FastAPI(), APIRouter(prefix="/feeds")
    closed: list[str] = []

    async def shop(name: str = Query(min_length=2)) -> AsyncIterator[str]:
        yield name
        closed.append(name)

    @router.get("/prices")
    async def prices(request: Request, count: int = 3, name: str = Depends(shop)) -> EventSourceResponse:
        async def events() -> AsyncIterator[ServerSentEvent]:
            for number in range(count):
                yield ServerSentEvent(data=f"{name}:{number}", event="price", id=str(number), retry=500)

        return EventSourceResponse(events(), headers={"x-feed": request.url.path})

    @router.get("/json", response_class=EventSourceResponse)
    async def as_json() -> EventSourceResponse:
        async def events() -> AsyncIterator[JSONServerSentEvent]:
            yield JSONServerSentEvent({"price": 12})

        return EventSourceResponse(events())

    @router.get("/dicts")
    def from_dicts() -> EventSourceResponse:
        return EventSourceResponse(iter([{"data": "a"}, {"data": "b", "comment": "c"}]))

    @router.get("/refused")
    async def refused() -> EventSourceResponse:
        raise HTTPException(403, "not subscribed")

    @app.get("/closed")
    async def list_closed() -> list[str]:
        return closed

    app.include_router(router)
    return app


@pytest.fixture
def client() -> TestClient:
    return TestClient(make_app())


def test_events_are_streamed_with_their_fields(client: TestClient) -> None:
    reply = client.get("/feeds/prices", params={"name": "shop", "count": 2})
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-feed"] == "/feeds/prices"
    first = ["id: 0", "event: price", "data: shop:0", "retry: 500", ""]
    second = ["id: 1", "event: price", "data: shop:1", "retry: 500", ""]
    assert reply.text.split("\r\n") == [*first, *second, ""]


def test_a_dependency_with_yield_is_left_after_the_stream(client: TestClient) -> None:
    client.get("/feeds/prices", params={"name": "one"})
    client.get("/feeds/prices", params={"name": "two"})
    assert client.get("/closed").json() == ["one", "two"]


def test_parameters_are_validated_before_the_stream_starts(client: TestClient) -> None:
    reply = client.get("/feeds/prices", params={"name": "x"})
    assert reply.status_code == 422
    assert reply.json()["detail"][0]["loc"] == ["query", "name"]


def test_json_events(client: TestClient) -> None:
    assert client.get("/feeds/json").text == 'data: {"price":12}\r\n\r\n'


def test_dictionaries_from_a_plain_iterator(client: TestClient) -> None:
    assert client.get("/feeds/dicts").text == "data: a\r\n\r\n: c\r\ndata: b\r\n\r\n"


def test_an_exception_instead_of_a_stream(client: TestClient) -> None:
    reply = client.get("/feeds/refused")
    assert (reply.status_code, reply.json()) == (403, {"detail": "not subscribed"})


def test_the_document_lists_the_feeds(client: TestClient) -> None:
    assert set(client.get("/openapi.json").json()["paths"]) == {
        "/feeds/prices",
        "/feeds/json",
        "/feeds/dicts",
        "/feeds/refused",
        "/closed",
    }
