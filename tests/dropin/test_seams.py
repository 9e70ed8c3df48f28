"""Functions that packages replace on `fastapi` modules are used from then on, however late they come."""

from typing import Any
from unittest import mock

import pytest

from pronghorn import APIRouter, Depends, FastAPI
from pronghorn.responses import HTMLResponse
from pronghorn.testclient import TestClient
from tests.dropin.modules import imported

pytestmark = pytest.mark.usefixtures("installed")


@pytest.fixture
def client() -> TestClient:
    """A client to an application that has answered already."""
    app, router = FastAPI(), APIRouter()

    async def three() -> int:
        return 3

    @router.get("/number", response_model=int)
    async def number(value: int = Depends(three)) -> int:
        return value

    app.include_router(router, prefix="/in")
    client = TestClient(app)
    assert client.get("/in/number").json() == 3
    return client


def test_the_call_of_the_endpoint(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    routing = imported("fastapi.routing")
    original = routing.run_endpoint_function

    async def doubled(**arguments: Any) -> Any:
        return 2 * await original(**arguments)

    with monkeypatch.context() as patched:
        patched.setattr(routing, "run_endpoint_function", doubled)
        assert client.get("/in/number").json() == 6
    assert client.get("/in/number").json() == 3


def test_the_solving_of_dependencies(client: TestClient) -> None:
    original = imported("fastapi.routing").solve_dependencies
    seen: list[str] = []

    async def observed(**arguments: Any) -> Any:
        solved = await original(**arguments)
        seen.append(str(solved.values))
        return solved

    with mock.patch("fastapi.routing.solve_dependencies", observed):
        assert client.get("/in/number").json() == 3
    assert client.get("/in/number").json() == 3
    assert seen == ["{'value': 3}"]


def test_the_serialisation_of_the_result(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def constant(**_: Any) -> Any:
        return 7 if not _.get("dump_json") else b"7"

    with monkeypatch.context() as patched:
        patched.setattr("fastapi.routing.serialize_response", constant)
        assert client.get("/in/number").json() == 7
    assert client.get("/in/number").json() == 3


def test_the_making_of_handlers_for_routes_added_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    routing = imported("fastapi.routing")
    original, made = routing.get_request_handler, []

    def counted(*arguments: Any, **options: Any) -> Any:
        made.append(1)
        return original(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(routing, "get_request_handler", counted)
        app = FastAPI()

        @app.get("/")
        async def endpoint() -> int:
            return 1

        assert TestClient(app).get("/").json() == 1
    assert made


def test_the_page_of_the_documentation(client: TestClient) -> None:
    page = HTMLResponse("<h1>own page</h1>")
    with mock.patch("fastapi.applications.get_swagger_ui_html", return_value=page):
        assert client.get("/docs").text == "<h1>own page</h1>"
    assert "swagger-ui" in client.get("/docs").text


def test_the_application_class_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    fastapi = imported("fastapi")

    class Instrumented(FastAPI):
        pass

    with monkeypatch.context() as patched:
        patched.setattr(fastapi, "FastAPI", Instrumented)
        namespace: dict[str, Any] = {}
        exec("from fastapi import FastAPI", namespace)
        assert namespace["FastAPI"] is Instrumented
    assert fastapi.FastAPI is FastAPI
