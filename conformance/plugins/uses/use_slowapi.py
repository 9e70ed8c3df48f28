"""slowapi: limits by decorator, by middleware and by application, on the request's address and user."""

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.testclient import TestClient
from slowapi import Limiter, _rate_limit_exceeded_handler
from slowapi.errors import RateLimitExceeded
from slowapi.middleware import SlowAPIASGIMiddleware, SlowAPIMiddleware
from slowapi.util import get_remote_address


def make_app(middleware: type | None) -> FastAPI:
    limiter = Limiter(key_func=get_remote_address, default_limits=["3/minute"], headers_enabled=True)
    app = FastAPI()
    app.state.limiter = limiter
    app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)
    if middleware is not None:
        app.add_middleware(middleware)
    router = APIRouter(prefix="/shop")

    def user(request: Request) -> str:
        return request.headers.get("x-user", "nobody")

    @router.get("/books")
    @limiter.limit("2/minute")
    async def books(request: Request, response: Response, page: int = 1) -> dict[str, int]:
        return {"page": page}

    @router.get("/orders")
    @limiter.limit("1/minute", key_func=user)
    def orders(request: Request, response: Response, name: str = Depends(user)) -> dict[str, str]:
        return {"user": name}

    @app.get("/health")
    @limiter.exempt
    async def health() -> str:
        return "up"

    @app.get("/default")
    async def default(request: Request) -> str:
        return "ok"

    app.include_router(router)
    return app


@pytest.fixture(params=[None, SlowAPIMiddleware, SlowAPIASGIMiddleware])
def client(request: pytest.FixtureRequest) -> TestClient:
    return TestClient(make_app(request.param))


def test_the_third_request_is_refused(client: TestClient) -> None:
    first = client.get("/shop/books", params={"page": 4})
    assert (first.status_code, first.json()) == (200, {"page": 4})
    assert first.headers["x-ratelimit-limit"] == "2"
    assert first.headers["x-ratelimit-remaining"] == "1"
    assert client.get("/shop/books").status_code == 200
    refused = client.get("/shop/books")
    assert refused.status_code == 429
    assert refused.json() == {"error": "Rate limit exceeded: 2 per 1 minute"}
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert "retry-after" in refused.headers


def test_a_limit_for_each_user(client: TestClient) -> None:
    def ask(user: str) -> int:
        return client.get("/shop/orders", headers={"x-user": user}).status_code

    assert [ask("ann"), ask("bob"), ask("ann"), ask("bob")] == [200, 200, 429, 429]


def test_an_exempt_endpoint(client: TestClient) -> None:
    assert {client.get("/health").status_code for _ in range(6)} == {200}


def test_validation_still_answers(client: TestClient) -> None:
    reply = client.get("/shop/books", params={"page": "x"})
    assert reply.status_code in {422, 429}
    assert reply.json()["detail"][0]["loc"] == ["query", "page"]


@pytest.mark.parametrize("middleware", [SlowAPIMiddleware, SlowAPIASGIMiddleware])
def test_the_middleware_applies_the_default_limit(middleware: type) -> None:
    client = TestClient(make_app(middleware))
    assert [client.get("/default").status_code for _ in range(4)] == [200, 200, 200, 429]
