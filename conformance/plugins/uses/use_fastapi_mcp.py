"""fastapi-mcp: tools made from the OpenAPI document of an application, which it calls over ASGI."""

import asyncio
import json
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.testclient import TestClient
from fastapi_mcp import AuthConfig, FastApiMCP
from mcp.shared.memory import create_connected_server_and_client_session
from mcp.types import TextContent
from pydantic import BaseModel


class Book(BaseModel):
    title: str
    pages: int = 100


def make_app() -> FastAPI:
    app, router = FastAPI(title="Bookshop"), APIRouter(prefix="/books", tags=["books"])

    @router.get("/{book_id}", operation_id="get_book")
    async def get_book(book_id: int, language: str = "en") -> Book:
        if book_id == 404:
            raise HTTPException(404, "no such book")
        return Book(title=f"book {book_id} in {language}")

    @router.post("/", operation_id="add_book", status_code=201)
    def add_book(book: Book, request: Request) -> dict[str, str]:
        return {"title": book.title, "agent": request.headers.get("authorization", "nobody")}

    @app.get("/hidden", operation_id="hidden")
    async def hidden() -> str:
        return "hidden"

    app.include_router(router)
    return app


@pytest.fixture
def mcp() -> FastApiMCP:
    return FastApiMCP(make_app(), name="shop", include_tags=["books"], describe_all_responses=True)


def use(mcp: FastApiMCP, name: str, **arguments: Any) -> tuple[bool, str]:
    async def call() -> tuple[bool, str]:
        async with create_connected_server_and_client_session(mcp.server) as session:
            result = await session.call_tool(name, arguments)
            (content,) = result.content
            assert isinstance(content, TextContent)
            return result.isError, content.text

    return asyncio.run(call())


def test_tools_are_the_tagged_operations(mcp: FastApiMCP) -> None:
    tools = {tool.name: tool for tool in mcp.tools}
    assert set(tools) == {"get_book", "add_book"}
    assert tools["get_book"].inputSchema["required"] == ["book_id"]
    assert tools["get_book"].inputSchema["properties"]["language"]["default"] == "en"
    assert set(tools["add_book"].inputSchema["properties"]) == {"title", "pages"}


def test_calling_tools(mcp: FastApiMCP) -> None:
    failed, text = use(mcp, "get_book", book_id=7, language="de")
    assert not failed
    assert json.loads(text) == {"title": "book 7 in de", "pages": 100}
    assert json.loads(use(mcp, "add_book", title="Emma")[1]) == {"title": "Emma", "agent": "nobody"}


def test_errors_of_the_application(mcp: FastApiMCP) -> None:
    failed, text = use(mcp, "get_book", book_id=404)
    assert failed
    assert "no such book" in text
    assert use(mcp, "get_book", book_id="x")[0]


def test_over_http(mcp: FastApiMCP) -> None:
    mcp.mount_http()
    client = TestClient(mcp.fastapi)
    headers = {"accept": "application/json, text/event-stream"}

    def send(method: str, **params: Any) -> Any:
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        reply = client.post("/mcp", json=message, headers=headers)
        assert reply.status_code == 200, reply.text
        headers.setdefault("mcp-session-id", reply.headers["mcp-session-id"])
        return reply.json()["result"]

    with client:
        client_info = {"name": "test", "version": "1"}
        started = send("initialize", protocolVersion="2025-03-26", capabilities={}, clientInfo=client_info)
        assert started["serverInfo"]["name"] == "shop"
        notice = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        assert client.post("/mcp", json=notice, headers=headers).status_code == 202
        assert [tool["name"] for tool in send("tools/list")["tools"]] == ["get_book", "add_book"]
        called = send("tools/call", name="get_book", arguments={"book_id": 7})
        assert json.loads(called["content"][0]["text"])["title"] == "book 7 in en"


def test_dependencies_guard_the_mounted_routes() -> None:
    async def refuse() -> None:
        raise HTTPException(401, "sign in")

    mcp = FastApiMCP(make_app(), auth_config=AuthConfig(dependencies=[Depends(refuse)]))
    mcp.mount_http()
    with TestClient(mcp.fastapi) as client:
        reply = client.post("/mcp", json={})
        assert (reply.status_code, reply.json()) == (401, {"detail": "sign in"})
        assert client.get("/books/7").status_code == 200


def test_the_mounted_routes_are_not_documented(mcp: FastApiMCP) -> None:
    mcp.mount_http(mount_path="/tools")
    paths = TestClient(mcp.fastapi).get("/openapi.json").json()["paths"]
    assert set(paths) == {"/books/{book_id}", "/books/", "/hidden"}
