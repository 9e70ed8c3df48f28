"""prometheus-fastapi-instrumentator: request counts by route template, sizes, durations, own metrics."""

import pytest
from fastapi import APIRouter, FastAPI, HTTPException, Response
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry, Counter
from prometheus_fastapi_instrumentator import Instrumentator, metrics
from starlette.routing import Mount


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def client(registry: CollectorRegistry) -> TestClient:
    app, router, inner = FastAPI(), APIRouter(prefix="/shop"), FastAPI()

    @router.get("/books/{book_id}")
    async def book(book_id: int) -> dict[str, int]:
        if book_id == 404:
            raise HTTPException(404, "no such book")
        return {"book_id": book_id}

    @router.post("/books", status_code=201)
    def add_book(book: dict[str, str]) -> dict[str, str]:
        return book

    @inner.get("/items/{item_id}")
    async def item(item_id: str) -> str:
        return item_id

    app.include_router(router)
    app.mount("/inner", inner)
    assert any(isinstance(route, Mount) for route in app.routes)

    languages = Counter("languages", "Languages asked for", ["language"], registry=registry)

    def count_language(info: metrics.Info) -> None:
        languages.labels(info.request.headers.get("accept-language", "none")).inc()

    instrumentator = Instrumentator(
        excluded_handlers=["/metrics"], should_group_status_codes=False, registry=registry
    )
    instrumentator.add(metrics.default(registry=registry)).add(count_language)
    instrumentator.instrument(app).expose(app, include_in_schema=False)
    return TestClient(app)


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)


def test_requests_are_counted_by_route_template(client: TestClient, registry: CollectorRegistry) -> None:
    for book_id in (1, 2, 404):
        client.get(f"/shop/books/{book_id}")
    client.post("/shop/books", json={"title": "Emma"})
    client.get("/shop/books/x")
    counted = {
        status: value(
            registry, "http_requests_total", method="GET", status=status, handler="/shop/books/{book_id}"
        )
        for status in ("200", "404", "422")
    }
    assert counted == {"200": 2, "404": 1, "422": 1}
    assert value(registry, "http_requests_total", method="POST", status="201", handler="/shop/books") == 1


def test_sizes_and_durations(client: TestClient, registry: CollectorRegistry) -> None:
    sent = client.post("/shop/books", json={"title": "Emma"})
    handler = "/shop/books"
    size = value(registry, "http_response_size_bytes_sum", handler=handler)
    assert size == float(sent.headers["content-length"])
    assert value(registry, "http_request_size_bytes_sum", handler=handler) == len(sent.request.content)
    assert value(registry, "http_request_duration_seconds_count", method="POST", handler=handler) == 1


def test_mounted_applications(client: TestClient, registry: CollectorRegistry) -> None:
    assert client.get("/inner/items/7").status_code == 200
    found = value(
        registry, "http_requests_total", method="GET", status="200", handler="/inner/items/{item_id}"
    )
    assert found == 1


def test_paths_without_a_route(client: TestClient, registry: CollectorRegistry) -> None:
    assert client.get("/nowhere").status_code == 404
    assert value(registry, "http_requests_total", method="GET", status="404", handler="none") == 1


def test_a_metric_of_ones_own(client: TestClient, registry: CollectorRegistry) -> None:
    client.get("/shop/books/1", headers={"accept-language": "de"})
    assert value(registry, "languages_total", language="de") == 1


def test_the_metrics_page(client: TestClient) -> None:
    client.get("/shop/books/1")
    page: Response = client.get("/metrics")
    assert page.status_code == 200
    assert 'http_requests_total{handler="/shop/books/{book_id}",method="GET",status="200"} 1.0' in page.text
    assert "/metrics" not in client.get("/openapi.json").json()["paths"]
