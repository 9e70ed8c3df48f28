from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from pronghorn import APIRouter, FastAPI, Request
from pronghorn._app.lifespan import EventHandlerLifespan, MergedLifespan, lifespan_context, run_handlers
from pronghorn.testclient import TestClient

pytestmark = pytest.mark.anyio


class Log(list[str]):
    """What happened, in order."""

    def context(self, name: str, state: Any = None) -> Any:
        @asynccontextmanager
        async def lifespan(app: Any) -> AsyncIterator[Any]:
            self.append(f"start {name}")
            yield state
            self.append(f"end {name}")

        return lifespan


def default(app: Any) -> Any:
    raise AssertionError("not asked for")


# --- what a lifespan may be


def test_without_a_lifespan_the_default_counts() -> None:
    assert lifespan_context(None, default) is default


def test_a_context_manager_factory_is_taken_as_it_is() -> None:
    lifespan = Log().context("own")

    assert lifespan_context(lifespan, default) is lifespan


async def test_an_asynchronous_generator_becomes_one() -> None:
    log = Log()

    async def lifespan(app: str) -> AsyncIterator[dict[str, str]]:
        log.append(f"start {app}")
        yield {"a": "b"}
        log.append("end")

    async with lifespan_context(lifespan, default)("app") as state:
        log.append("running")

    assert state == {"a": "b"}
    assert log == ["start app", "running", "end"]


async def test_a_plain_generator_becomes_one_too() -> None:
    log = Log()

    def lifespan(app: str) -> Iterator[str]:
        try:
            yield app
        except ValueError as error:
            log.append(str(error))
            raise

    context = lifespan_context(lifespan, default)

    async with context("app") as state:
        assert state == "app"
    with pytest.raises(ValueError, match="sold out"):
        async with context("app"):
            raise ValueError("sold out")
    assert log == ["sold out"]


# --- several


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        (None, None, None),
        ({"a": 1}, None, {"a": 1}),
        (None, {"b": 2}, {"b": 2}),
        ({"a": 1, "c": 1}, {"b": 2, "c": 2}, {"a": 1, "b": 2, "c": 1}),
    ],
)
async def test_merged_lifespans_nest_and_join_their_state(outer: Any, inner: Any, expected: Any) -> None:
    log = Log()

    async with MergedLifespan(log.context("outer", outer), log.context("inner", inner))("app") as state:
        assert state == expected

    assert log == ["start outer", "start inner", "end inner", "end outer"]


# --- handlers


async def test_handlers_run_in_order_whatever_kind_they_are() -> None:
    log = Log()

    async def later() -> None:
        log.append("async")

    await run_handlers([lambda: log.append("first"), later, lambda: log.append("last")])

    assert log == ["first", "async", "last"]


async def test_handlers_of_a_router_are_its_lifespan() -> None:
    log = Log()
    router = SimpleNamespace(on_startup=[lambda: log.append("up")], on_shutdown=[lambda: log.append("down")])

    lifespan = EventHandlerLifespan(router)
    async with lifespan(None) as state:
        log.append("running")

    assert state is None
    assert log == ["up", "running", "down"]


# --- applications


def test_handlers_of_an_included_router_run_once() -> None:
    log = Log()
    inner = APIRouter(
        on_startup=[lambda: log.append("inner up")], on_shutdown=[lambda: log.append("inner down")]
    )
    outer = APIRouter(on_startup=[lambda: log.append("outer up")])
    outer.include_router(inner)
    app = FastAPI(on_startup=[lambda: log.append("app up")], on_shutdown=[lambda: log.append("app down")])
    app.include_router(outer)

    with TestClient(app):
        log.append("running")

    assert log == ["app up", "outer up", "inner up", "running", "inner down", "app down"]


def test_so_do_those_of_one_that_is_included_twice_over() -> None:
    log = Log()
    routers = [APIRouter(on_startup=[lambda: log.append("up")]), APIRouter(), APIRouter(), FastAPI().router]
    for inner, outer in pairwise(routers):
        outer.include_router(inner)

    with TestClient(routers[-1]):
        pass

    assert log == ["up"]


def test_handlers_added_after_the_inclusion_run_too() -> None:
    log = Log()
    router = APIRouter()
    app = FastAPI()
    app.include_router(router)
    router.add_event_handler("startup", lambda: log.append("late"))
    app.router.add_event_handler("shutdown", lambda: log.append("down"))

    with TestClient(app):
        log.append("running")

    assert log == ["late", "running", "down"]


def test_a_lifespan_goes_before_handlers_of_the_same_router() -> None:
    log = Log()
    app = FastAPI(lifespan=log.context("app"), on_startup=[lambda: log.append("handler")])

    with TestClient(app):
        pass

    assert log == ["start app", "end app"]


def test_handlers_of_a_router_with_a_lifespan_join_the_outer_ones() -> None:
    log = Log()
    router = APIRouter(lifespan=log.context("router"), on_startup=[lambda: log.append("handler")])
    app = FastAPI()
    app.include_router(router)

    with TestClient(app):
        pass

    assert log == ["handler", "start router", "end router"]


def test_state_reaches_requests_outer_first() -> None:
    router = APIRouter(lifespan=Log().context("router", {"a": "router", "b": "router"}))
    app = FastAPI(lifespan=Log().context("app", {"a": "app"}))
    app.include_router(router)

    @app.get("/")
    async def read(request: Request) -> list[str]:
        return [request.state.a, request.state.b]

    with TestClient(app) as client:
        assert client.get("/").json() == ["app", "router"]


def test_both_lifespans_receive_the_application() -> None:
    received: list[Any] = []

    @contextmanager
    def lifespan(app: Any) -> Iterator[None]:
        received.append(app)
        yield

    def generator(app: Any) -> Iterator[None]:
        with lifespan(app):
            yield

    # Types say context managers; a generator function is taken, too.
    as_declared: Any = generator
    app = FastAPI(lifespan=as_declared)
    app.include_router(APIRouter(lifespan=as_declared))

    with TestClient(app):
        pass

    assert received == [app, app]
