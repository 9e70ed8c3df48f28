"""The fast way gives way where only the reference way is right, and agrees with it elsewhere."""

from typing import Annotated

import pytest
from starlette.middleware.base import RequestResponseEndpoint
from starlette.types import Message

from pronghorn import Body, FastAPI, Request, Response
from pronghorn.testclient import TestClient


async def status_for(app: FastAPI, path: str, *chunks: bytes) -> int:
    """The status of a POST whose body comes in chunks, its length not being told."""
    sent: list[Message] = []

    coming: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    coming.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Message:
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": []}
    await app(scope, receive, send)
    return int(sent[0]["status"])


def limited(limit: int | None) -> FastAPI:
    app = FastAPI(max_body_size=limit)

    @app.post("/count")
    async def count(request: Request) -> int:
        return len(await request.body())

    return app


@pytest.mark.anyio
async def test_a_body_of_untold_length_is_counted() -> None:
    app = limited(5)
    assert await status_for(app, "/count", b"123", b"45") == 200
    assert await status_for(app, "/count", b"123", b"456") == 413


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("outer", "inner", "status"), [(5, 10, 200), (10, 5, 413), (5, None, 413), (None, 5, 413)]
)
async def test_the_limit_of_a_mounted_application_replaces_the_outer_one(
    outer: int | None, inner: int | None, status: int
) -> None:
    app = FastAPI(max_body_size=outer)
    app.mount("/inner", limited(inner))
    assert await status_for(app, "/inner/count", b"1234", b"567") == status


def test_urls_are_made_from_the_outside_in_a_mounted_application() -> None:
    inner = FastAPI()

    @inner.get("/items/{key}", name="read_item")
    async def read_item(request: Request, key: int) -> str:
        return str(request.url_for("read_item", key=key + 1).path)

    app = FastAPI()
    app.mount("/inner", inner)
    assert TestClient(app).get("/inner/items/1").json() == "/inner/items/2"
    assert TestClient(inner).get("/items/1").json() == "/items/2"


def test_the_default_of_a_body_member_is_validated_when_it_asks_for_it() -> None:
    app = FastAPI()

    @app.post("/")
    async def endpoint(
        number: Annotated[int, Body(validate_default=True)] = "20",  # type: ignore[assignment]  # on purpose
        other: Annotated[int, Body()] = 1,
    ) -> list[int]:
        return [number, other]

    assert TestClient(app).post("/", json={"other": 2}).json() == [20, 2]
    assert TestClient(app).post("/", json={"number": 3}).json() == [3, 1]


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_what_a_plan_has_read_of_a_body_is_there_for_the_reference_behind_a_middleware_function() -> (
    None
):
    app = FastAPI(strict_content_type=False)

    @app.post("/count")
    async def count(numbers: dict[str, int]) -> int:
        return len(numbers)

    @app.middleware("http")
    async def around(request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)

    assert await status_for(app, "/count", b'{"one":', b"1}") == 200
    assert await status_for(app, "/count", b"no ", b"JSON") == 422
