"""The server's own limit for bodies: it holds where the application sets none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Host, Mount

from pronghorn import APIRouter, Body, FastAPI
from pronghorn.server import running
from tests.server.applications import echo

LARGE = b"x" * 2_000_000


class Bytes(FastAPI):
    """An application that answers with the length of a body."""

    def __init__(self, **options: int) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.post("/")(length)


class Subclassed(APIRouter):
    """Does as it likes, for all that is known."""

    def matches(self, scope: Any) -> Any:
        return super().matches(scope)


async def length(body: bytes = Body(media_type="application/octet-stream")) -> int:
    return len(body)


def build() -> FastAPI:
    app = Bytes()
    app.post("/upload", max_body_size=3_000_000)(length)
    app.post("/small", max_body_size=10)(length)
    router = APIRouter(max_body_size=3_000_000)
    router.post("/router")(length)
    app.include_router(router)
    plain = APIRouter()
    plain.post("/plain")(length)
    plain.mount("/mounted", Bytes(max_body_size=3_000_000))
    app.include_router(plain, prefix="/included", max_body_size=3_000_000)
    loose = Subclassed()
    loose.post("/loose")(length)
    app.include_router(loose, max_body_size=3_000_000)
    app.mount("/open", Bytes())
    app.mount("/own", Bytes(max_body_size=3_000_000))
    app.mount("/foreign", Starlette(routes=[Mount("/x", echo)]))
    return app


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    with running(build()) as server, httpx2.Client(base_url=server.url, trust_env=False) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/open/", "/foreign/x/"])
def test_without_a_limit_of_the_application_the_servers_holds(client: httpx2.Client, path: str) -> None:
    assert client.post(path, content=LARGE).status_code == 413
    assert client.post(path, content=iter([LARGE])).status_code == 413


@pytest.mark.parametrize(
    "path", ["/upload", "/router", "/included/plain", "/included/mounted/", "/own/", "/loose"]
)
def test_a_larger_limit_of_the_application_takes_its_place(client: httpx2.Client, path: str) -> None:
    assert client.post(path, content=LARGE).json() == len(LARGE)
    assert client.post(path, content=iter([LARGE])).json() == len(LARGE)
    assert client.post(path, content=LARGE * 2).status_code == 413


def test_what_the_application_does_not_know_has_no_limit_of_its_own(client: httpx2.Client) -> None:
    assert client.post("/nowhere", content=LARGE).status_code == 413


def test_a_smaller_limit_of_the_application_holds(client: httpx2.Client) -> None:
    assert client.post("/small", content=b"x" * 11).status_code == 413


def test_a_limit_of_the_whole_application_takes_its_place() -> None:
    with running(Bytes(max_body_size=3_000_000)) as server:
        assert httpx2.post(server.url, content=LARGE, trust_env=False).json() == len(LARGE)


def test_a_route_that_cannot_be_looked_into_leaves_it_to_the_server() -> None:
    app = FastAPI()
    app.router.routes.append(Host("127.0.0.1", Bytes(max_body_size=3_000_000)))
    with running(app) as server:
        assert httpx2.post(server.url, content=LARGE, trust_env=False).status_code == 413


def test_it_can_be_switched_off() -> None:
    with running(Bytes(), max_body_size=None) as server:
        assert httpx2.post(server.url, content=LARGE, trust_env=False).json() == len(LARGE)
