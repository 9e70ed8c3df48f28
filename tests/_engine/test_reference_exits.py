"""What the reference way of solving dependencies does around the endpoint: exits, caps, overrides."""

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from anyio import CancelScope, get_cancelled_exc_class

from pronghorn import (
    APIRouter,
    BackgroundTasks,
    Depends,
    HTTPException,
    Query,
    Response,
    Security,
)
from pronghorn.exceptions import FastAPIError
from pronghorn.middleware.asyncexitstack import AsyncExitStackMiddleware
from pronghorn.security import SecurityScopes
from tests._engine.routes import answer, client_of, locations

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
