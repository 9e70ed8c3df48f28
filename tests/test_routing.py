"""The functions of `pronghorn.routing` that others replace to hook into requests."""

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

import pronghorn.routing
from pronghorn import APIRouter, Depends, FastAPI, WebSocket
from pronghorn._engine.seams import seams
from pronghorn.testclient import TestClient

NAMES = ("get_request_handler", "run_endpoint_function", "serialize_response", "solve_dependencies")

module: Any = pronghorn.routing


@pytest.fixture(autouse=True)
def _nothing_stays_replaced() -> Iterator[None]:
    assert not seams.replaced
    yield
    assert not seams.replaced


def number() -> int:
    return 1


async def read(number: int = Depends(number)) -> int:
    return number


def application() -> FastAPI:
    app, router = FastAPI(), APIRouter()
    app.get("/own")(read)
    router.get("/included")(read)
    app.include_router(router)
    return app


@pytest.mark.parametrize("name", NAMES)
def test_a_replaced_function_is_in_force_until_it_is_put_back(name: str) -> None:
    original = getattr(module, name)

    with mock.patch.object(module, name) as replacement:
        assert seams.get(name) is replacement
        assert seams.replaced

    assert seams.get(name) is original


def test_deleting_a_replacement_restores_the_original(monkeypatch: pytest.MonkeyPatch) -> None:
    original = module.run_endpoint_function

    monkeypatch.delattr(module, "run_endpoint_function")
    assert seams.get("run_endpoint_function") is original

    monkeypatch.undo()
    assert module.run_endpoint_function is original


def test_other_names_of_the_module_are_ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "note", "note", raising=False)
    assert module.note == "note"
    monkeypatch.undo()

    assert not hasattr(module, "note")


@pytest.mark.parametrize("name", ["run_endpoint_function", "serialize_response", "solve_dependencies"])
@pytest.mark.parametrize("path", ["/own", "/included"])
def test_running_applications_call_what_was_put_in_place(
    name: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    original = getattr(module, name)

    async def noting(**arguments: Any) -> Any:
        calls.append(name)
        return await original(**arguments)

    client = TestClient(application())
    assert client.get(path).json() == 1

    monkeypatch.setattr(module, name, noting)
    assert client.get(path).json() == 1
    monkeypatch.undo()
    assert client.get(path).json() == 1

    assert calls == [name]


def test_web_sockets_are_solved_by_the_replacement_too(monkeypatch: pytest.MonkeyPatch) -> None:
    app = FastAPI()
    original = module.solve_dependencies

    @app.websocket("/")
    async def feed(websocket: WebSocket, number: int = Depends(number)) -> None:
        await websocket.accept()
        await websocket.send_json(number)
        await websocket.close()

    async def doubling(**arguments: Any) -> Any:
        solved = await original(**arguments)
        solved.values["number"] *= 2
        return solved

    monkeypatch.setattr(module, "solve_dependencies", doubling)
    with TestClient(app).websocket_connect("/") as session:
        assert session.receive_json() == 2


def test_handlers_are_made_by_the_replacement(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    original = module.get_request_handler

    def making(*arguments: Any, **options: Any) -> Any:
        handler = original(*arguments, **options)

        async def noting(request: Any) -> Any:
            own = request.scope.get("fastapi", {})
            made.append(own.get("effective_route_context", request.scope["route"]).path)
            return await handler(request)

        return noting

    monkeypatch.setattr(module, "get_request_handler", making)
    client = TestClient(application())

    assert [client.get("/own").json(), client.get("/included").json()] == [1, 1]
    assert made == ["/own", "/included"]
