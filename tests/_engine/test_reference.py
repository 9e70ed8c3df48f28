"""The reference way of solving dependencies, without any application around that could have another."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from typing import Annotated, Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pronghorn import (
    APIRouter,
    BackgroundTasks,
    Body,
    Depends,
    Header,
    Request,
    Response,
    Security,
    WebSocket,
)
from pronghorn.requests import HTTPConnection
from pronghorn.security import SecurityScopes
from tests._engine.routes import answer, client_of, locations

# --- order


def test_dependencies_run_depth_first_before_the_endpoint() -> None:
    ran: list[str] = []

    def leaf() -> None:
        ran.append("leaf")

    def branch(value: Any = Depends(leaf)) -> None:
        ran.append("branch")

    async def other() -> None:
        ran.append("other")

    async def endpoint(b: Any = Depends(branch), o: Any = Depends(other)) -> None:
        ran.append("endpoint")

    answer(endpoint, router=APIRouter(dependencies=[Depends(other, use_cache=False)]))

    assert ran == ["other", "leaf", "branch", "endpoint"]


def test_errors_stand_in_the_order_in_which_things_are_read() -> None:
    def outer(d: int) -> None: ...

    async def endpoint(
        first: int,
        h: Annotated[int, Header()],
        q: int,
        b: Annotated[int, Body()],
        value: Any = Depends(outer),
    ) -> None: ...

    router = APIRouter()
    router.post("/{first}")(endpoint)

    assert locations(client_of(router).post("/x").json()) == [
        ("query", "d"),
        ("path", "first"),
        ("query", "q"),
        ("header", "h"),
        ("body",),
    ]


def test_a_dependency_with_bad_parameters_is_skipped_and_later_ones_still_run() -> None:
    ran: list[str] = []

    def bad(n: int) -> None:
        ran.append("bad")

    def above(value: Any = Depends(bad)) -> None:
        ran.append("above")

    def good() -> None:
        ran.append("good")

    async def endpoint(a: Any = Depends(above), g: Any = Depends(good)) -> None:
        ran.append("endpoint")

    assert locations(answer(endpoint)) == [("query", "n")]
    assert ran == ["good"]


def test_a_failing_dependency_fails_wherever_it_is_used() -> None:
    def bad(n: int) -> None: ...
    async def endpoint(first: Any = Depends(bad), second: Any = Depends(bad)) -> None: ...

    assert locations(answer(endpoint)) == [("query", "n"), ("query", "n")]


def test_a_broken_body_is_found_before_anything_runs() -> None:
    ran: list[str] = []

    def dependency() -> None:
        ran.append("dependency")

    async def endpoint(body: dict[str, int], value: Any = Depends(dependency)) -> None: ...

    router = APIRouter()
    router.post("/")(endpoint)
    response = client_of(router).post("/", content="{", headers={"content-type": "application/json"})

    assert (response.status_code, locations(response.json())) == (422, [("body", 1)])
    assert ran == []


# --- one result for several


def counter() -> Callable[[], int]:
    calls: list[None] = []

    def count() -> int:
        calls.append(None)
        return len(calls)

    return count


def test_one_result_serves_a_whole_request() -> None:
    count = counter()

    def branch(value: int = Depends(count)) -> int:
        return value

    async def endpoint(
        a: int = Depends(count), b: int = Depends(branch), c: int = Depends(count)
    ) -> list[int]:
        return [a, b, c]

    router = APIRouter()
    router.get("/")(endpoint)
    client = client_of(router)

    assert [client.get("/").json(), client.get("/").json()] == [[1, 1, 1], [2, 2, 2]]


def test_a_result_may_be_wanted_anew() -> None:
    count = counter()

    async def endpoint(
        a: int = Depends(count), b: int = Depends(count, use_cache=False), c: int = Depends(count)
    ) -> list[int]:
        return [a, b, c]

    assert answer(endpoint) == [1, 2, 1]


def test_different_scopes_have_different_results() -> None:
    def scopes(found: SecurityScopes) -> list[str]:
        return found.scopes

    def user(found: list[str] = Security(scopes, scopes=["user"])) -> list[str]:
        return found

    async def endpoint(
        plain: list[str] = Depends(scopes),
        read: list[str] = Security(scopes, scopes=["read"]),
        both: list[str] = Security(user, scopes=["read"]),
    ) -> list[list[str]]:
        return [plain, read, both]

    assert answer(endpoint) == [[], ["read"], ["read", "user"]]


# --- callables of every kind


class Instance:
    def __call__(self, q: str = "q") -> str:
        return f"instance {q}"


class AsyncInstance:
    async def __call__(self) -> str:
        return "async instance"


class Made:
    def __init__(self, q: str = "q") -> None:
        self.text = f"made {q}"


def plain() -> str:
    return "plain"


async def coroutine() -> str:
    return "coroutine"


def generator() -> Iterator[str]:
    yield "generator"


async def async_generator() -> AsyncIterator[str]:
    yield "async generator"


def test_a_dependency_may_be_any_kind_of_callable() -> None:
    async def endpoint(
        a: str = Depends(plain),
        b: str = Depends(coroutine),
        c: str = Depends(generator),
        d: str = Depends(async_generator),
        e: str = Depends(Instance()),
        f: str = Depends(AsyncInstance()),
        g: Made = Depends(),
    ) -> list[str]:
        return [a, b, c, d, e, f, g.text]

    assert answer(endpoint, "/?q=x") == [
        "plain",
        "coroutine",
        "generator",
        "async generator",
        "instance x",
        "async instance",
        "made x",
    ]


def test_plain_functions_run_in_threads_and_coroutines_on_the_loop() -> None:
    def in_thread() -> int:
        return threading.get_ident()

    def generated() -> Iterator[int]:
        yield threading.get_ident()

    async def on_loop() -> int:
        return threading.get_ident()

    async def endpoint(
        a: int = Depends(in_thread), b: int = Depends(generated), c: int = Depends(on_loop)
    ) -> list[bool]:
        return [ident == threading.get_ident() for ident in (a, b, c)]

    assert answer(endpoint) == [False, False, True]


seen: ContextVar[str] = ContextVar("seen", default="nothing")


@pytest.mark.parametrize("kind", ["coroutine", "thread"])
def test_only_coroutines_set_variables_for_others(kind: str) -> None:
    def in_thread() -> None:
        seen.set("thread")

    async def on_loop() -> None:
        seen.set("coroutine")

    async def endpoint(value: Any = Depends(on_loop if kind == "coroutine" else in_thread)) -> str:
        return seen.get()

    assert answer(endpoint) == ("coroutine" if kind == "coroutine" else "nothing")


# --- what is injected


def test_what_a_request_brings_is_given_by_type() -> None:
    async def dependency(request: Request, connection: HTTPConnection) -> list[str]:
        return [type(request).__name__, type(connection).__name__]

    async def endpoint(request: Request, names: list[str] = Depends(dependency)) -> list[Any]:
        return [request.url.path, *names]

    assert answer(endpoint) == ["/", "Request", "Request"]


def test_a_web_socket_is_given_by_type() -> None:
    router = APIRouter()

    async def dependency(websocket: WebSocket, connection: HTTPConnection, request: Request = None) -> Any:  # type: ignore[assignment]
        return [type(websocket).__name__, websocket is connection, request]

    @router.websocket("/")
    async def endpoint(websocket: WebSocket, found: Any = Depends(dependency)) -> None:
        await websocket.accept()
        await websocket.send_json(found[:2])
        await websocket.close()

    with client_of(router).websocket_connect("/") as session:
        assert session.receive_json() == ["WebSocket", True]


def test_headers_and_status_of_an_injected_response_are_taken_over() -> None:
    def dependency(response: Response) -> None:
        response.headers["x-dependency"] = "1"
        response.status_code = 202

    router = APIRouter()

    @router.get("/", status_code=201)
    async def endpoint(response: Response, value: Any = Depends(dependency)) -> str:
        response.headers["x-endpoint"] = "2"
        return "body"

    reply = client_of(router).get("/")

    assert (reply.status_code, reply.headers["x-dependency"], reply.headers["x-endpoint"]) == (202, "1", "2")


def test_background_tasks_are_shared_and_run_after_the_response() -> None:
    ran: list[str] = []

    def dependency(tasks: BackgroundTasks) -> BackgroundTasks:
        tasks.add_task(ran.append, "dependency")
        return tasks

    async def endpoint(tasks: BackgroundTasks, other: Any = Depends(dependency)) -> bool:
        tasks.add_task(ran.append, "endpoint")
        return tasks is other

    assert answer(endpoint) is True
    assert ran == ["dependency", "endpoint"]


# --- what has to be around


def test_without_the_middleware_around_the_error_says_what_is_missing() -> None:
    router = APIRouter()

    @router.get("/")
    async def endpoint() -> None: ...

    with pytest.raises(AssertionError, match="fastapi_middleware_astack not found in request scope"):
        TestClient(Starlette(routes=router.routes)).get("/")
