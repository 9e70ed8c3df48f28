"""What packages change on live objects has the effect it has on FastAPI, before the start and long after."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

import pytest
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from tests.dropin import application_changes, route_changes
from tests.dropin.application_changes import Stamp
from tests.dropin.changes import CHANGES, PATHS, UNCHANGED, Shop, item
from tests.dropin.modules import imported
from tests.serving import Client, Serve

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("installed")]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def answers(client: Client, paths: Iterable[str]) -> tuple[Any, ...]:
    """The JSON under each path, the text of what is none, the status of an error."""
    found: list[Any] = []
    for path in paths:
        # On a connection of its own: a server may end it after an exception.
        response = await client.get(path, headers={"connection": "close"})
        is_json = response.headers.get("content-type", "").startswith("application/json")
        content = response.json() if is_json else response.text
        found.append(content if response.status_code == 200 else response.status_code)
    return tuple(found)


def test_both_tables_are_known() -> None:
    assert {route_changes.__name__, application_changes.__name__} == {
        change.make.__module__ for change in CHANGES.values()
    }


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_before_the_start(serve_once: Serve, name: str) -> None:
    shop, change = Shop(), CHANGES[name]
    change.make(shop)
    async with serve_once(shop.app) as client:
        assert await answers(client, change.paths) == change.early


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_after_requests_were_served(serve_once: Serve, name: str) -> None:
    shop, change = Shop(), CHANGES[name]
    async with serve_once(shop.app) as client:
        assert await answers(client, PATHS) == UNCHANGED
        change.make(shop)
        assert await answers(client, change.paths) == (change.late or change.early)


async def test_a_list_that_was_put_into_a_dependant_may_be_edited_later(serve_once: Serve) -> None:
    utils, params = imported("fastapi.dependencies.utils"), imported("fastapi.params")
    shop = Shop()
    dependant = shop.routes[0].dependant
    dependant.dependencies = []

    async def refuse() -> None:
        raise imported("fastapi").HTTPException(418)

    async with serve_once(shop.app) as client:
        assert await answers(client, ["/item"]) == ("item 1",)
        dependant.dependencies.append(
            utils.get_parameterless_sub_dependant(depends=params.Depends(refuse), path="/item")
        )
        assert await answers(client, ["/item"]) == (418,)


def wrapped(context: Any, word: str, done: list[str]) -> Any:
    """A lifespan around another, as packages put it there."""

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[Any]:
        async with context(app) as state:
            done.append(f"{word} starts")
            yield {**(state or {}), "word": word}
            done.append(f"{word} ends")

    return lifespan


async def served_once(serving: AbstractAsyncContextManager[Client], path: str) -> tuple[Any, ...]:
    async with serving as client:
        return await answers(client, [path])


async def test_a_lifespan_that_is_wrapped_runs_from_the_next_start_on(serve_once: Serve) -> None:
    shop, done = Shop(), list[str]()

    async def read_state(request: Any) -> Any:
        return getattr(request.state, "word", None)

    read_state.__annotations__["request"] = imported("fastapi").Request
    shop.app.get("/state")(read_state)
    router = shop.app.router
    router.lifespan_context = wrapped(router.lifespan_context, "first", done)
    assert await served_once(serve_once(shop.app), "/state") == ("first",)
    router.lifespan_context = wrapped(router.lifespan_context, "second", done)
    assert await served_once(serve_once(shop.app), "/state") == ("second",)
    assert done == [
        *("first starts", "first ends"),
        *("first starts", "second starts", "second ends", "first ends"),
    ]


@pytest.mark.parametrize(
    "method", ["openapi", "build_middleware_stack", "__call__", "setup", "add_api_route"]
)
async def test_a_class_of_applications_may_do_things_its_own_way(serve_once: Serve, method: str) -> None:
    base = imported("fastapi").FastAPI

    async def own_call(self: Any, scope: Scope, receive: Receive, send: Send) -> None:
        serve = JSONResponse("own call") if scope["type"] == "http" else partial(base.__call__, self)
        await serve(scope, receive, send)

    kinds: dict[str, tuple[Any, str, Any]] = {
        "openapi": (lambda self: {"own": "document"}, "/openapi.json", {"own": "document"}),
        "build_middleware_stack": (lambda self: Stamp(base.build_middleware_stack(self)), "/stamp", "stamp"),
        "__call__": (own_call, "/item", "own call"),
        "setup": (lambda self: self.add_api_route("/own", item), "/own", "item 1"),
        "add_api_route": (lambda self, path, *_: base.add_api_route(self, "/own", item), "/own", "item 1"),
    }
    replacement, path, expected = kinds[method]
    app = type("Own", (base,), {method: replacement})()
    app.add_api_route("/item", item)
    async with serve_once(app) as client:
        assert await answers(client, [path]) == (expected,)
