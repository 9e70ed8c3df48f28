"""strawberry-graphql's FastAPI router: a subclass of `APIRouter` that adds routes of its own."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
import strawberry
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Request, WebSocket
from fastapi.testclient import TestClient
from strawberry.fastapi import BaseContext, GraphQLRouter
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import Info

BOOKS = ["Emma", "Persuasion"]


class Context(BaseContext):
    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language


def language(accept_language: Annotated[str, Depends(lambda: "de")]) -> str:
    return accept_language


async def get_context(spoken: str = Depends(language)) -> Context:
    return Context(spoken)


@strawberry.type
class Query:
    @strawberry.field
    def books(self, info: Info) -> list[str]:
        assert isinstance(info.context.request, Request | WebSocket)
        return BOOKS

    @strawberry.field
    async def language(self, info: Info) -> str:
        info.context.response.headers["x-language"] = info.context.language
        info.context.response.status_code = 203
        return info.context.language


@strawberry.type
class Mutation:
    @strawberry.mutation
    def add_book(self, info: Info, title: str) -> int:
        tasks = info.context.background_tasks
        assert isinstance(tasks, BackgroundTasks)
        tasks.add_task(added.append, title)
        return len(BOOKS) + 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, target: int) -> AsyncIterator[int]:
        for number in range(target):
            yield number


added: list[str] = []


@pytest.fixture
def client() -> TestClient:
    added.clear()
    schema = strawberry.Schema(Query, Mutation, Subscription)
    graphql = GraphQLRouter(schema, context_getter=get_context)
    assert isinstance(graphql, APIRouter)
    app = FastAPI()
    app.include_router(graphql, prefix="/graphql", tags=["graphql"])

    @app.get("/books")
    async def books() -> list[str]:
        return BOOKS

    return TestClient(app)


def ask(client: TestClient, query: str, **variables: Any) -> Any:
    return client.post("/graphql", json={"query": query, "variables": variables})


def test_queries(client: TestClient) -> None:
    assert ask(client, "{ books }").json() == {"data": {"books": BOOKS}}
    asked = client.get("/graphql", params={"query": "{ books }"})
    assert asked.json() == {"data": {"books": BOOKS}}
    assert client.get("/books").json() == BOOKS


def test_the_context_comes_from_dependencies_and_the_response_can_be_changed(client: TestClient) -> None:
    reply = ask(client, "{ language }")
    assert reply.json() == {"data": {"language": "de"}}
    assert (reply.status_code, reply.headers["x-language"]) == (203, "de")


def test_mutations_with_background_tasks(client: TestClient) -> None:
    reply = ask(client, "mutation Add($title: String!) { addBook(title: $title) }", title="Middlemarch")
    assert reply.json() == {"data": {"addBook": 3}}
    assert added == ["Middlemarch"]


def test_errors(client: TestClient) -> None:
    reply = ask(client, "{ authors }")
    assert reply.status_code == 200
    assert "Cannot query field 'authors'" in reply.json()["errors"][0]["message"]
    assert (
        client.post("/graphql", content=b"{", headers={"content-type": "application/json"}).status_code == 400
    )
    assert client.put("/graphql").status_code == 405


def test_the_page_to_try_it(client: TestClient) -> None:
    page = client.get("/graphql", headers={"accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "GraphiQL" in page.text


def test_subscriptions_over_a_web_socket(client: TestClient) -> None:
    protocols = [GRAPHQL_TRANSPORT_WS_PROTOCOL]
    with client.websocket_connect("/graphql", subprotocols=protocols) as socket:
        assert socket.accepted_subprotocol == GRAPHQL_TRANSPORT_WS_PROTOCOL
        socket.send_json({"type": "connection_init"})
        assert socket.receive_json() == {"type": "connection_ack"}
        query = "subscription { count(target: 2) }"
        socket.send_json({"id": "1", "type": "subscribe", "payload": {"query": query}})
        received = [socket.receive_json() for _ in range(3)]
    assert received == [
        {"id": "1", "type": "next", "payload": {"data": {"count": 0}}},
        {"id": "1", "type": "next", "payload": {"data": {"count": 1}}},
        {"id": "1", "type": "complete"},
    ]


def test_the_document_lists_both_methods(client: TestClient) -> None:
    operations = client.get("/openapi.json").json()["paths"]["/graphql"]
    assert set(operations) == {"get", "post"}
    assert operations["post"]["tags"] == ["graphql"]
