"""The reference way of answering, without any application around that could have another."""

import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from pronghorn import (
    APIRouter,
    BackgroundTasks,
    Body,
    Depends,
    Form,
    HTTPException,
    Request,
    Response,
    UploadFile,
    WebSocket,
)
from pronghorn._compile.signature import get_dependant
from pronghorn.exceptions import ResponseValidationError
from pronghorn.responses import HTMLResponse, JSONResponse, PlainTextResponse, StreamingResponse
from pronghorn.routing import request_response, run_endpoint_function, serialize_response, websocket_session
from pronghorn.sse import EventSourceResponse, ServerSentEvent
from tests._engine.routes import client_of


class Item(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: Annotated[str, Field(serialization_alias="title")]
    note: str | None = None


class Secret(Item):
    password: str


router = APIRouter()


@pytest.fixture(scope="module")
def client() -> TestClient:
    return client_of(router)


# --- what is returned


@router.get("/any")
async def any_value() -> Any:
    return {"n": float("1"), "item": Item(name="a")}


@router.get("/item")
async def item() -> Item:
    return Secret(name="a", password="p")


@router.get("/sync-item")
def sync_item() -> Item:
    return Item(name=threading.current_thread().name)


@router.get("/exclude", response_model_exclude_unset=True, response_model_by_alias=False)
async def excluding() -> Item:
    return Item(name="a")


@router.get("/include", response_model=Item, response_model_include={"name"})
async def including() -> Any:
    return {"name": "a", "note": "b"}


@router.get("/declared-class", response_class=JSONResponse)
async def declared_class() -> Item:
    return Item(name="a")


@router.get("/html", response_class=HTMLResponse, status_code=202)
async def html() -> Any:
    return "<p>"


@router.get("/none")
async def none() -> None: ...


@router.get("/model-off", response_model=None)
async def model_off() -> Item:
    return Item(name="a")


@pytest.mark.parametrize(
    ("path", "status", "media_type", "text"),
    [
        ("/any", 200, "application/json", '{"n":1.0,"item":{"title":"a","note":null}}'),
        ("/item", 200, "application/json", '{"title":"a","note":null}'),
        ("/exclude", 200, "application/json", '{"name":"a"}'),
        ("/include", 200, "application/json", '{"title":"a"}'),
        ("/declared-class", 200, "application/json", '{"title":"a","note":null}'),
        ("/html", 202, "text/html; charset=utf-8", "<p>"),
        ("/none", 200, "application/json", "null"),
        ("/model-off", 200, "application/json", '{"title":"a","note":null}'),
    ],
)
def test_what_is_returned_is_serialised(
    client: TestClient, path: str, status: int, media_type: str, text: str
) -> None:
    reply = client.get(path)

    assert (reply.status_code, reply.headers["content-type"], reply.text) == (status, media_type, text)


def test_a_plain_function_runs_in_a_thread(client: TestClient) -> None:
    assert client.get("/sync-item").json()["title"] != threading.current_thread().name


@router.get("/bad")
async def bad() -> Item:
    return {"nome": "a"}  # type: ignore[return-value]


@router.get("/sync-bad")
def sync_bad() -> list[int]:
    return ["a"]  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("path", "function", "loc"),
    [("/bad", bad, ("response", "name")), ("/sync-bad", sync_bad, ("response", 0))],
)
def test_what_does_not_fit_its_model_is_an_error_of_the_server(
    client: TestClient, path: str, function: Any, loc: Any
) -> None:
    with pytest.raises(ResponseValidationError) as raised:
        client.get(path)

    assert [error["loc"] for error in raised.value.errors()] == [loc]
    assert raised.value.endpoint_function == function.__name__
    assert raised.value.endpoint_path == f"GET {path}"
    assert f'File "{__file__}", line {function.__code__.co_firstlineno}' in str(raised.value)


@router.get("/{status}/body")
async def status_body(status: int, response: Response) -> Any:
    response.status_code = status
    return {}


@pytest.mark.parametrize(("status", "length"), [(204, None), (205, "0"), (304, None)])
def test_a_status_without_a_body_has_none(client: TestClient, status: int, length: str | None) -> None:
    reply = client.get(f"/{status}/body")

    assert (reply.status_code, reply.content) == (status, b"")
    assert reply.headers.get("content-length") == length


# --- responses as they are


ran: list[str] = []


@router.get("/response")
async def own_response(tasks: BackgroundTasks, response: Response) -> Response:
    tasks.add_task(ran.append, "injected")
    response.headers["x-lost"] = "1"
    return PlainTextResponse("own", 203)


@router.get("/response-with-task")
async def own_task(tasks: BackgroundTasks) -> Response:
    tasks.add_task(ran.append, "injected")
    return PlainTextResponse("own", background=BackgroundTask(ran.append, "own"))


@pytest.mark.parametrize(
    ("path", "status", "task"), [("/response", 203, "injected"), ("/response-with-task", 200, "own")]
)
def test_a_response_is_sent_as_it_is(client: TestClient, path: str, status: int, task: str) -> None:
    ran.clear()
    reply = client.get(path)

    assert (reply.status_code, reply.text, "x-lost" in reply.headers) == (status, "own", False)
    assert ran == [task]


# --- bodies


@router.post("/json")
async def json_body(value: Any = None, body: dict[str, int] | None = None) -> Any:
    return body


@router.post("/lenient")
async def lenient_body(body: Item) -> Any:
    return body.name


@router.post("/form")
async def form(name: Annotated[str, Form()], files: list[UploadFile]) -> Any:
    return [name, *[await file.read() for file in files]]


@router.post("/small", max_body_size=3)
async def small_body(body: Annotated[bytes, Body(media_type="text/plain")]) -> Any:
    return body


@router.post("/small-form", max_body_size=3)
async def small_form(name: Annotated[str, Form()]) -> Any:
    return name


@router.post("/limited", form_limits={"max_fields": 1})
async def limited_form(name: Annotated[str, Form()]) -> Any:
    return name


def test_json_is_read(client: TestClient) -> None:
    assert client.post("/json", json={"a": 1}).json() == {"a": 1}
    assert client.post("/json").json() is None


def test_broken_json_is_located(client: TestClient) -> None:
    reply = client.post("/json", content=b'{"a": x', headers={"content-type": "application/json"})

    assert (reply.status_code, reply.json()) == (
        422,
        {
            "detail": [
                {
                    "type": "json_invalid",
                    "loc": ["body", 6],
                    "msg": "JSON decode error",
                    "input": {},
                    "ctx": {"error": "Expecting value"},
                }
            ]
        },
    )


def test_what_is_no_text_cannot_be_parsed(client: TestClient) -> None:
    reply = client.post("/json", content=b"\xff", headers={"content-type": "application/json"})

    assert (reply.status_code, reply.json()) == (400, {"detail": "There was an error parsing the body"})


def test_forms_are_read_and_their_files_closed(client: TestClient) -> None:
    assert client.post("/form", data={"name": "n"}, files=[("files", b"a"), ("files", b"b")]).json() == [
        "n",
        "a",
        "b",
    ]


def test_limits_of_forms_hold(client: TestClient) -> None:
    reply = client.post("/limited", data={"name": "n", "other": "o"}, files={"file": b""})

    assert reply.status_code == 400


def test_multipart_without_a_boundary_cannot_be_parsed(client: TestClient) -> None:
    reply = client.post("/form", content=b"", headers={"content-type": "multipart/form-data"})

    assert (reply.status_code, reply.json()) == (400, {"detail": "Missing boundary in multipart."})


@pytest.mark.parametrize(
    ("path", "media_type"),
    [("/small", "text/plain"), ("/small-form", "application/x-www-form-urlencoded")],
)
def test_a_body_that_grows_over_its_limit_is_refused(client: TestClient, path: str, media_type: str) -> None:
    reply = client.post(path, content=iter([b"na", b"me=1"]), headers={"content-type": media_type})

    assert (reply.status_code, reply.json()) == (413, {"detail": "Content Too Large"})


def test_a_strict_route_wants_a_content_type(client: TestClient) -> None:
    lenient = APIRouter(strict_content_type=False)
    lenient.post("/json")(lenient_body)

    assert client.post("/lenient", content=b'{"name": "a"}').status_code == 422
    assert client_of(lenient).post("/json", content=b'{"name": "a"}').json() == "a"


# --- streams


@router.get("/lines")
async def lines() -> AsyncIterator[Item]:
    yield Item(name="a")
    yield {"name": "b"}  # type: ignore[misc]


def set_header(response: Response) -> None:
    response.headers["x-kept"] = "1"


@router.get("/sync-lines", dependencies=[Depends(set_header)])
def sync_lines() -> Iterator[Any]:
    yield {"n": float("nan")}


@router.get("/raw", response_class=StreamingResponse)
async def raw() -> AsyncIterator[bytes]:
    yield b"a"
    yield b"b"


@router.get("/sync-raw", response_class=StreamingResponse, status_code=206)
def sync_raw() -> Iterator[str]:
    yield "a"


@pytest.mark.parametrize(
    ("path", "status", "media_type", "text"),
    [
        (
            "/lines",
            200,
            "application/jsonl",
            '{"title":"a","note":null}\n{"title":"b","note":null}\n',
        ),
        ("/sync-lines", 200, "application/jsonl", '{"n":null}\n'),
        ("/raw", 200, None, "ab"),
        ("/sync-raw", 206, None, "a"),
    ],
)
def test_generators_are_streams(
    client: TestClient, path: str, status: int, media_type: str | None, text: str
) -> None:
    reply = client.get(path)

    assert (reply.status_code, reply.headers.get("content-type"), reply.text) == (status, media_type, text)


def test_a_stream_takes_over_headers(client: TestClient) -> None:
    assert client.get("/sync-lines").headers["x-kept"] == "1"


@router.get("/events", response_class=EventSourceResponse, status_code=201)
async def events() -> AsyncIterator[Item | ServerSentEvent]:
    yield Item(name="a")
    yield ServerSentEvent(data=1, event="tick")


def test_events_are_not_to_be_cached_or_buffered(client: TestClient) -> None:
    reply = client.get("/events")

    assert (reply.status_code, reply.text) == (
        201,
        'data: {"title":"a","note":null}\n\nevent: tick\ndata: 1\n\n',
    )
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (reply.headers["cache-control"], reply.headers["x-accel-buffering"]) == ("no-cache", "no")


# --- the applications around


def test_a_function_from_request_to_response_is_an_application() -> None:
    async def on_loop(request: Request) -> Response:
        return PlainTextResponse(f"{request.method} {request.url.path}")

    def in_thread(request: Request) -> Response:
        return PlainTextResponse(str(threading.current_thread() is threading.main_thread()))

    assert TestClient(request_response(on_loop)).get("/a").text == "GET /a"
    assert TestClient(request_response(in_thread)).get("/a").text == "False"


def test_a_function_over_a_web_socket_is_an_application() -> None:
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())
        await websocket.close(3000)

    with TestClient(websocket_session(talk)).websocket_connect("/") as session:
        session.send_text("hello")
        assert session.receive_text() == "hello"
        with pytest.raises(WebSocketDisconnect) as raised:
            session.receive_text()
    assert raised.value.code == 3000


@router.websocket("/ws/{n}")
async def socket(websocket: WebSocket, n: int) -> None:
    await websocket.accept()
    await websocket.send_json(n)
    await websocket.close()


def test_a_web_socket_has_parameters(client: TestClient) -> None:
    with client.websocket_connect("/ws/3") as session:
        assert session.receive_json() == 3


def test_a_web_socket_whose_parameters_do_not_fit_is_closed(client: TestClient) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as raised,
        client.websocket_connect("/ws/x"),
    ):
        pass
    assert raised.value.code == 1008
    assert raised.value.reason.startswith("path.n: Input should be a valid integer")


# --- the functions that others replace


@pytest.mark.anyio
async def test_without_a_field_a_value_is_encoded() -> None:
    assert await serialize_response(response_content={"item": Item(name="a")}) == {
        "item": {"title": "a", "note": None}
    }


@pytest.mark.anyio
async def test_an_error_without_a_context_has_none() -> None:
    route: Any = next(route for route in router.routes if getattr(route, "path", "") == "/item")

    with pytest.raises(ResponseValidationError) as raised:
        await serialize_response(field=route.response_field, response_content=1)

    assert raised.value.endpoint_file is None


@pytest.mark.anyio
async def test_an_endpoint_is_called_with_its_arguments() -> None:
    async def add(a: int, b: int) -> int:
        return a + b

    def thread(a: int) -> bool:
        return threading.current_thread() is threading.main_thread()

    on_loop = get_dependant(path="/", call=add)
    in_thread = get_dependant(path="/", call=thread)

    assert await run_endpoint_function(dependant=on_loop, values={"a": 1, "b": 2}, is_coroutine=True) == 3
    assert await run_endpoint_function(dependant=in_thread, values={"a": 1}, is_coroutine=False) is False


def test_an_http_exception_is_answered_inside_the_route() -> None:
    own = APIRouter()

    @own.get("/")
    async def endpoint() -> None:
        raise HTTPException(404, "sold out")

    assert client_of(own).get("/").json() == {"detail": "sold out"}
