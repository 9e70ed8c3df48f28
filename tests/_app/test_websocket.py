from typing import Annotated, Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Match

from pronghorn import APIRouter, Depends, FastAPI, Query, WebSocket, WebSocketDisconnect, WebSocketException
from pronghorn._base.declaration import DeclarationError
from pronghorn.routing import APIWebSocketRoute
from pronghorn.testclient import TestClient


async def endpoint(websocket: WebSocket) -> None: ...


def test_a_route_takes_its_attributes_from_the_declaration() -> None:
    def first() -> None: ...

    route = APIWebSocketRoute("/ws/{room:int}", endpoint, dependencies=[Depends(first)])

    assert (route.path, route.path_format, route.name) == ("/ws/{room:int}", "/ws/{room}", "endpoint")
    assert [node.call for node in route.dependant.dependencies] == [first]
    assert route.dependant.websocket_param_name == "websocket"
    assert APIWebSocketRoute("/", endpoint, name="own").name == "own"


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("websocket", "/ws/3", Match.FULL),
        ("websocket", "/ws/x", Match.NONE),
        ("http", "/ws/3", Match.NONE),
    ],
)
def test_connections_match_by_path(kind: str, path: str, expected: Match) -> None:
    route = APIWebSocketRoute("/ws/{room:int}", endpoint)

    match, child_scope = route.matches({"type": kind, "path": path, "root_path": ""})

    assert match is expected
    assert child_scope.get("route") is (route if match is Match.FULL else None)


def test_parameters_and_dependencies_are_given() -> None:
    app = FastAPI()

    def token(token: Annotated[str, Query()]) -> str:
        return token.upper()

    @app.websocket("/ws/{room}")
    async def feed(websocket: WebSocket, room: int, token: str = Depends(token), last: int = 0) -> None:
        await websocket.accept()
        await websocket.send_json([room, token, last])
        await websocket.close()

    with TestClient(app).websocket_connect("/ws/3?token=a") as session:
        assert session.receive_json() == [3, "A", 0]


def test_dependencies_may_refuse() -> None:
    router = APIRouter()

    def refuse() -> None:
        raise WebSocketException(4001, "not now")

    @router.websocket("/", dependencies=[Depends(refuse)])
    async def feed(websocket: WebSocket) -> None: ...

    app = FastAPI()
    app.include_router(router, prefix="/ws")

    with pytest.raises(WebSocketDisconnect) as raised, TestClient(app).websocket_connect("/ws/"):
        pass
    assert (raised.value.code, raised.value.reason) == (4001, "not now")


def test_overrides_apply() -> None:
    app = FastAPI()

    def number() -> int:
        return 1

    @app.websocket("/")
    async def feed(websocket: WebSocket, number: int = Depends(number)) -> None:
        await websocket.accept()
        await websocket.send_json(number)
        await websocket.close()

    app.dependency_overrides[number] = lambda: 2
    with TestClient(app).websocket_connect("/") as session:
        assert session.receive_json() == 2


def test_the_route_alone_is_a_starlette_route() -> None:
    async def greet(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    app = Starlette(routes=[APIWebSocketRoute("/", greet)])
    with TestClient(app).websocket_connect("/") as session:
        assert session.receive_text() == "hello"


def test_a_declaration_that_cannot_work_is_located() -> None:
    async def feed(websocket: WebSocket, room: dict[str, Any] = Query()) -> None: ...

    with pytest.raises(DeclarationError, match="Query parameter 'room' must be one of") as raised:
        APIRouter().websocket("/")(feed)
    line = feed.__code__.co_firstlineno
    assert (
        raised.value.__notes__[0]
        == f"In parameter 'room' of {feed.__qualname__}, defined at {__file__}:{line}"
    )
