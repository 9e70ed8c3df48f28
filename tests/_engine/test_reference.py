"""The reference way of solving dependencies, without any application around that could have another."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Annotated, Any

import anyio
import pytest
from anyio import CancelScope, get_cancelled_exc_class
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pronghorn import (
    APIRouter,
    BackgroundTasks,
    Body,
    Depends,
    Header,
    HTTPException,
    Query,
    Request,
    Response,
    Security,
    WebSocket,
)
from pronghorn.exceptions import FastAPIError
from pronghorn.middleware.asyncexitstack import AsyncExitStackMiddleware
from pronghorn.requests import HTTPConnection
from pronghorn.security import SecurityScopes
from tests._engine.routes import client_of


def answer(
    endpoint: Callable[..., Any], url: str = "/", router: APIRouter | None = None, **options: Any
) -> Any:
    """What the endpoint answers to one request."""
    router = router or APIRouter()
    router.get("/")(endpoint)
    return client_of(router).get(url, **options).json()


def locations(reply: Any) -> list[tuple[Any, ...]]:
    return [tuple(error["loc"]) for error in reply["detail"]]


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


# --- exits


class Log(list[str]):
    """What happened, in order."""

    def dependency(self, name: str) -> Callable[[], AsyncIterator[None]]:
        async def call() -> AsyncIterator[None]:
            self.append(f"enter {name}")
            try:
                yield
            except BaseException as error:
                self.append(f"{name} sees {type(error).__name__}")
                raise
            finally:
                self.append(f"exit {name}")

        return call


def test_exits_stand_before_and_after_the_response_and_background_tasks() -> None:
    log = Log()

    class Sent(Response):
        async def __call__(self, *arguments: Any) -> None:
            log.append("send")
            await super().__call__(*arguments)

    async def endpoint(
        tasks: BackgroundTasks,
        request_scope: Any = Depends(log.dependency("request")),
        function_scope: Any = Depends(log.dependency("function"), scope="function"),
    ) -> Response:
        log.append("endpoint")
        tasks.add_task(log.append, "background")
        return Sent()

    router = APIRouter()
    router.get("/")(endpoint)
    client_of(router).get("/")

    assert log == [
        "enter request",
        "enter function",
        "endpoint",
        "exit function",
        "send",
        "background",
        "exit request",
    ]


def test_exits_see_the_error_before_it_is_answered() -> None:
    log = Log()

    async def endpoint(
        request_scope: Any = Depends(log.dependency("request")),
        function_scope: Any = Depends(log.dependency("function"), scope="function"),
    ) -> None:
        raise HTTPException(418)

    router = APIRouter()
    router.get("/")(endpoint)

    assert client_of(router).get("/").status_code == 418
    assert log[2:] == [
        "function sees HTTPException",
        "exit function",
        "request sees HTTPException",
        "exit request",
    ]


def test_entered_dependencies_see_what_was_wrong_with_the_request() -> None:
    log = Log()

    async def endpoint(n: int, value: Any = Depends(log.dependency("request"))) -> None: ...

    assert locations(answer(endpoint)) == [("query", "n")]
    assert log == ["enter request", "request sees RequestValidationError", "exit request"]


@pytest.mark.parametrize("kind", ["generator", "async generator"])
def test_an_exit_that_swallows_the_error_is_an_error_itself(kind: str) -> None:
    def swallow() -> Iterator[None]:
        try:
            yield
        except ValueError:
            pass

    async def swallow_async() -> AsyncIterator[None]:
        try:
            yield
        except ValueError:
            pass

    async def endpoint(value: Any = Depends(swallow if kind == "generator" else swallow_async)) -> None:
        raise ValueError("lost")

    with pytest.raises(FastAPIError, match="Response not awaited"):
        answer(endpoint)


@pytest.mark.parametrize(("scope", "status"), [("function", 418), ("request", 200)])
def test_only_an_exit_before_the_response_can_change_it(scope: Any, status: int) -> None:
    async def late() -> AsyncIterator[None]:
        yield
        raise HTTPException(418)

    router = APIRouter()

    @router.get("/")
    async def endpoint(value: Any = Depends(late, scope=scope)) -> None: ...

    client = client_of(router, raise_server_exceptions=False)

    assert client.get("/").status_code == status


def test_awaiting_in_an_exit_is_safe_from_cancellation() -> None:
    log: list[str] = []

    async def dependency() -> AsyncIterator[None]:
        try:
            yield
        except get_cancelled_exc_class():
            await anyio.lowlevel.checkpoint()
            log.append("cleaned up")
            raise

    router = APIRouter()

    @router.get("/")
    async def endpoint(value: Any = Depends(dependency)) -> None:
        await anyio.sleep_forever()

    async def request_and_leave() -> None:
        with CancelScope() as scope:

            async def receive() -> Any:
                return {"type": "http.request"}

            async def send(message: Any) -> None: ...

            app = AsyncExitStackMiddleware(router)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(app, http_scope(), receive, send)
                await anyio.wait_all_tasks_blocked()
                scope.cancel()

    anyio.run(request_and_leave)

    assert log == ["cleaned up"]


def http_scope() -> dict[str, Any]:
    return {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b"", "root_path": ""}


# --- caps


@pytest.mark.parametrize("kind", ["coroutine", "plain", "generator", "async generator"])
def test_a_capped_dependency_is_used_so_often_at_once(kind: str) -> None:
    using: list[None] = []
    most: list[int] = []
    lock = threading.Lock()

    def begin() -> None:
        with lock:
            using.append(None)
            most.append(len(using))

    def end() -> None:
        with lock:
            using.pop()

    async def coroutine() -> None:
        begin()
        await anyio.lowlevel.checkpoint()
        end()

    def plain() -> None:
        begin()
        end()

    def generator() -> Iterator[None]:
        begin()
        yield
        end()

    async def async_generator() -> AsyncIterator[None]:
        begin()
        yield
        end()

    kinds: dict[str, Any] = {
        "coroutine": coroutine,
        "plain": plain,
        "generator": generator,
        "async generator": async_generator,
    }
    router = APIRouter()

    @router.get("/")
    async def endpoint(value: Any = Depends(kinds[kind], max_concurrency=1)) -> None:
        await anyio.lowlevel.checkpoint()

    async def requests() -> None:
        async def receive() -> Any:
            return {"type": "http.request"}

        async def send(message: Any) -> None: ...

        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(AsyncExitStackMiddleware(router), http_scope(), receive, send)

    anyio.run(requests)

    assert most == [1, 1, 1, 1]


# --- overrides


def test_an_override_runs_in_place_with_its_own_needs() -> None:
    def original(a: int) -> str:
        return "original"

    def replacement(b: int = Query()) -> str:
        return f"replacement {b}"

    provider = SimpleNamespace(dependency_overrides={})

    async def endpoint(value: str = Depends(original)) -> str:
        return value

    router = APIRouter(dependency_overrides_provider=provider)
    router.get("/")(endpoint)
    client = client_of(router)

    assert client.get("/?a=1").json() == "original"
    provider.dependency_overrides[original] = replacement
    assert client.get("/?b=2").json() == "replacement 2"
    assert locations(client.get("/?a=1").json()) == [("query", "b")]
    provider.dependency_overrides.clear()
    assert client.get("/?a=1").json() == "original"


def test_an_override_keeps_the_lifetime_of_the_declaration() -> None:
    log = Log()

    def original() -> None: ...

    async def replacement() -> AsyncIterator[str]:
        yield "replacement"
        log.append("exit")

    async def endpoint(tasks: BackgroundTasks, value: Any = Depends(original, scope="function")) -> Any:
        tasks.add_task(log.append, "background")
        return value

    provider = SimpleNamespace(dependency_overrides={original: replacement})

    assert answer(endpoint, router=APIRouter(dependency_overrides_provider=provider)) == "replacement"
    assert log == ["exit", "background"]


def test_an_override_is_told_the_scopes_of_the_declaration() -> None:
    def original() -> None: ...

    def replacement(scopes: SecurityScopes) -> list[str]:
        return scopes.scopes

    async def endpoint(value: Any = Security(original, scopes=["read"])) -> Any:
        return value

    provider = SimpleNamespace(dependency_overrides={original: replacement})

    assert answer(endpoint, router=APIRouter(dependency_overrides_provider=provider)) == ["read"]


def test_an_override_may_be_set_while_a_request_runs() -> None:
    provider = SimpleNamespace(dependency_overrides={})

    def later() -> str:
        return "original"

    def first() -> None:
        provider.dependency_overrides[later] = lambda: "replacement"

    async def endpoint(a: Any = Depends(first), b: str = Depends(later)) -> str:
        return b

    assert answer(endpoint, router=APIRouter(dependency_overrides_provider=provider)) == "replacement"


# --- what has to be around


def test_without_the_middleware_around_the_error_says_what_is_missing() -> None:
    router = APIRouter()

    @router.get("/")
    async def endpoint() -> None: ...

    with pytest.raises(AssertionError, match="fastapi_middleware_astack not found in request scope"):
        TestClient(Starlette(routes=router.routes)).get("/")
