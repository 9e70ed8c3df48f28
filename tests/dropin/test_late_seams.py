"""Seams that packages replace after an application has served, however it is served."""

from typing import Any

import pytest
from starlette.middleware import Middleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.responses import HTMLResponse

from tests.dropin.application_changes import Stamp
from tests.dropin.changes import PATHS, UNCHANGED, Shop, item
from tests.dropin.modules import imported
from tests.dropin.test_live_objects import answers
from tests.serving import Serve

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("installed")]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("name", ["solve_dependencies", "run_endpoint_function", "serialize_response"])
async def test_a_step_of_every_request(serve_once: Serve, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    routing, asked = imported("fastapi.routing"), list[str]()
    original = getattr(routing, name)

    async def noting(**arguments: Any) -> Any:
        asked.append(name)
        return await original(**arguments)

    shop = Shop()
    async with serve_once(shop.app) as client:
        assert await answers(client, PATHS) == UNCHANGED
        with monkeypatch.context() as patched:
            patched.setattr(routing, name, noting)
            assert await answers(client, PATHS) == UNCHANGED
        assert await answers(client, PATHS) == UNCHANGED
    assert asked == [name] * 3


async def test_the_making_of_handlers(serve_once: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    routing, asked = imported("fastapi.routing"), list[str]()
    original = routing.get_request_handler

    def noting(*arguments: Any, **options: Any) -> Any:
        handler = original(*arguments, **options)

        async def around(request: Any) -> Any:
            asked.append(request.scope["path"])
            return await handler(request)

        return around

    shop = Shop()
    async with serve_once(shop.app) as client:
        assert await answers(client, PATHS) == UNCHANGED
        monkeypatch.setattr(routing, "get_request_handler", noting)
        shop.app.get("/late")(item)
        shop.deep.get("/late")(item)
        assert await answers(client, ["/late", "/in/deep/late", "/item"]) == UNCHANGED
    assert asked == ["/late", "/in/deep/late"]


async def test_the_page_of_the_documentation(serve_once: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve_once(Shop().app) as client:
        assert "swagger-ui" in str(await answers(client, ["/docs"]))
        page = HTMLResponse("own page")
        monkeypatch.setattr(imported("fastapi.applications"), "get_swagger_ui_html", lambda **_: page)
        assert await answers(client, ["/docs"]) == ("own page",)


async def test_the_building_of_the_stack_gives_the_outermost_layer(serve_once: Serve) -> None:
    shop = Shop()
    build = shop.app.build_middleware_stack

    def instrumented() -> Any:
        stack = build()
        assert isinstance(stack, ServerErrorMiddleware)
        return Stamp(stack)

    async with serve_once(shop.app) as client:
        assert await answers(client, PATHS) == UNCHANGED
        shop.app.build_middleware_stack = instrumented
        shop.app.middleware_stack = None
        assert await answers(client, ["/stamp", *PATHS]) == ("stamp", *UNCHANGED)


def test_layers_stand_in_their_order() -> None:
    app = imported("fastapi").FastAPI(middleware=[Middleware(Stamp)], max_body_size=100)
    layers, layer = list[str](), app.build_middleware_stack()
    while layer is not app.router:
        layers.append(type(layer).__name__)
        layer = layer.app
    inner = layers.index("Stamp")
    assert layers[0] == ServerErrorMiddleware.__name__
    assert layers[inner + 1 :] == [ExceptionMiddleware.__name__, "AsyncExitStackMiddleware"]
    assert "Telemetry" in layers[1]
    assert "BodyLimit" in layers[2]
