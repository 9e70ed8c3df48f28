"""fastapi-cache2: a decorator that adds parameters to an endpoint's signature and answers from a cache."""

from collections.abc import Iterator
from datetime import date

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.testclient import TestClient
from fastapi_cache import FastAPICache
from fastapi_cache.backends.inmemory import InMemoryBackend
from fastapi_cache.decorator import cache
from pydantic import BaseModel


class Book(BaseModel):
    title: str
    published: date
    reads: int


@pytest.fixture
def client() -> Iterator[TestClient]:
    app, router = FastAPI(), APIRouter(prefix="/books")
    reads = {"async": 0, "sync": 0, "plain": 0}

    def language(request: Request) -> str:
        return request.headers.get("accept-language", "en")

    @router.get("/async/{title}")
    @cache(expire=60, namespace="async")
    async def read(title: str, spoken: str = Depends(language)) -> Book:
        reads["async"] += 1
        return Book(title=f"{title} ({spoken})", published=date(1815, 12, 23), reads=reads["async"])

    @router.get("/sync", response_model=Book)
    @cache(expire=60)
    def read_sync(request: Request, response: Response) -> Book:
        reads["sync"] += 1
        response.headers["x-reads"] = str(reads["sync"])
        return Book(title=request.url.path, published=date(1815, 12, 23), reads=reads["sync"])

    @router.get("/clear")
    async def clear() -> int:
        return await FastAPICache.clear(namespace="async")

    app.include_router(router)
    FastAPICache.init(InMemoryBackend(), prefix="test")
    with TestClient(app) as client:
        yield client
    FastAPICache.reset()
    InMemoryBackend._store.clear()


def test_the_second_answer_comes_from_the_cache(client: TestClient) -> None:
    first, second = client.get("/books/async/emma"), client.get("/books/async/emma")
    assert first.json() == second.json() == {"title": "emma (en)", "published": "1815-12-23", "reads": 1}
    assert (first.headers["x-fastapi-cache"], second.headers["x-fastapi-cache"]) == ("MISS", "HIT")
    assert first.headers["etag"] == second.headers["etag"]
    assert first.headers["cache-control"] == "max-age=60"


def test_other_arguments_are_another_entry(client: TestClient) -> None:
    client.get("/books/async/emma")
    assert client.get("/books/async/persuasion").json()["reads"] == 2
    german = client.get("/books/async/emma", headers={"accept-language": "de"})
    assert german.json()["title"] == "emma (de)"


def test_an_etag_that_matches(client: TestClient) -> None:
    etag = client.get("/books/async/emma").headers["etag"]
    reply = client.get("/books/async/emma", headers={"if-none-match": etag})
    assert (reply.status_code, reply.content) == (304, b"")


def test_no_store_passes_the_cache_by(client: TestClient) -> None:
    client.get("/books/async/emma")
    assert client.get("/books/async/emma", headers={"cache-control": "no-store"}).json()["reads"] == 2


def test_synchronous_endpoints_that_ask_for_the_request(client: TestClient) -> None:
    first, second = client.get("/books/sync"), client.get("/books/sync")
    assert first.json() == second.json()
    assert first.headers["x-reads"] == "1"


def test_clearing(client: TestClient) -> None:
    client.get("/books/async/emma")
    client.get("/books/clear")
    assert client.get("/books/async/emma").json()["reads"] == 2


def test_added_parameters_are_not_documented(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/books/async/{title}"]["get"]
    assert [parameter["name"] for parameter in operation["parameters"]] == ["title"]
