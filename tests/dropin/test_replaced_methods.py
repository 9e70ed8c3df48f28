"""Tools replace methods of classes that every request passes; they are asked, whichever way serves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.dropin.changes import PATHS, UNCHANGED, Shop
from tests.dropin.modules import imported
from tests.dropin.test_live_objects import answers
from tests.serving import Serve

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("installed")]

# By class and method: about how many of the three requests it is asked, an included router once for each level.
METHODS = {
    "starlette.applications:Starlette.__call__": 3,
    "fastapi:FastAPI.__call__": 3,
    "starlette.middleware.errors:ServerErrorMiddleware.__call__": 3,
    "starlette.middleware.cors:CORSMiddleware.__call__": 3,
    "starlette.middleware.base:BaseHTTPMiddleware.__call__": 3,
    "starlette.middleware.exceptions:ExceptionMiddleware.__call__": 3,
    "fastapi.middleware.asyncexitstack:AsyncExitStackMiddleware.__call__": 3,
    "starlette.routing:Router.__call__": 3,
    "fastapi:APIRouter.__call__": 3,
    "fastapi:APIRouter.handle": 3,
    "fastapi.routing:APIRoute.handle": 3,
    "starlette.routing:Route.handle": 1,
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def replaced(monkeypatch: pytest.MonkeyPatch, place: str) -> list[str]:
    """Replaces a method by one that notes the paths of the requests that it is asked about."""
    module, _, name = place.partition(":")
    kind_name, _, method = name.partition(".")
    kind = getattr(imported(module), kind_name)
    original, asked = getattr(kind, method), list[str]()

    async def noting(self: Any, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            asked.append(scope["path"])
        await original(self, scope, receive, send)

    monkeypatch.setattr(kind, method, noting)
    return asked


def shop_with_middleware() -> Shop:
    async def passing(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    shop = Shop()
    shop.app.middleware("http")(passing)
    shop.app.add_middleware(imported("starlette.middleware.cors").CORSMiddleware)
    return shop


@pytest.mark.parametrize("place", METHODS)
@pytest.mark.parametrize("make", [Shop, shop_with_middleware])
async def test_before_the_start(
    serve_once: Serve, monkeypatch: pytest.MonkeyPatch, place: str, make: type[Shop]
) -> None:
    shop = make()
    asked = replaced(monkeypatch, place)
    async with serve_once(shop.app) as client:
        assert await answers(client, PATHS) == UNCHANGED
    is_layer = "CORS" in place or "BaseHTTP" in place
    assert len(asked) == (0 if is_layer and make is Shop else METHODS[place])


@pytest.mark.parametrize("place", METHODS)
async def test_while_starting_once_more(
    serve_once: Serve, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    shop, asked = shop_with_middleware(), list[list[str]]()

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        asked.append(replaced(monkeypatch, place))
        yield

    async with serve_once(shop.app) as client:
        assert await answers(client, PATHS) == UNCHANGED
    shop.app.router.lifespan_context = lifespan
    async with serve_once(shop.app) as client:
        assert await answers(client, PATHS) == UNCHANGED
    assert [len(paths) for paths in asked] == [METHODS[place]]


@pytest.mark.parametrize("name", ["handle", "matches"])
async def test_methods_of_one_included_router(serve_once: Serve, name: str) -> None:
    shop, asked = Shop(), list[str]()
    original = getattr(shop.inner, name)

    def noting(scope: Any, *channel: Any) -> Any:
        asked.append(scope["path"])
        return original(scope, *channel)

    async with serve_once(shop.app) as client:
        assert await answers(client, PATHS) == UNCHANGED
        setattr(shop.inner, name, noting)
        assert await answers(client, PATHS[1:]) == UNCHANGED[1:]
    assert asked == list(PATHS[1:])


async def test_what_runs_inside_of_a_router(serve_once: Serve) -> None:
    shop, asked = Shop(), list[str]()
    inside = shop.app.router.middleware_stack

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["type"])
        await inside(scope, receive, send)

    async with serve_once(shop.app) as client:
        assert await answers(client, PATHS) == UNCHANGED
        shop.app.router.middleware_stack = noting
        assert await answers(client, PATHS) == UNCHANGED
        assert asked == ["http"] * 3
