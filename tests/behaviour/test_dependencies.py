"""Dependencies: order, caching, scopes, exits, overrides, background tasks, security."""

import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest

from pronghorn import (
    APIRouter,
    BackgroundTasks,
    Body,
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Query,
    Request,
    Response,
    Security,
)
from pronghorn.exceptions import FastAPIError
from pronghorn.security import (
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
    OAuth2PasswordBearer,
    SecurityScopes,
)
from tests.serving import Serve

pytestmark = pytest.mark.anyio


class Log(list[str]):
    """What happened, in order; a test takes it, which empties it."""

    def take(self) -> list[str]:
        taken = list(self)
        self.clear()
        return taken


log = Log()
app = FastAPI()


async def first(q: int = 0) -> int:
    log.append("first")
    return q


def second(a: Annotated[int, Depends(first)]) -> int:
    log.append("second")
    return a + 1


async def fresh() -> None:
    log.append("fresh")


class Counter:
    def __init__(self, start: int = 0) -> None:
        log.append("counter")
        self.start = start


class Adder:
    def __init__(self, amount: int) -> None:
        self.amount = amount

    async def __call__(self, a: Annotated[int, Depends(first)]) -> int:
        return a + self.amount


@app.get("/order")
async def order(
    b: Annotated[int, Depends(second)],
    a: Annotated[int, Depends(first)],
    counter: Annotated[Counter, Depends()],
    added: Annotated[int, Depends(Adder(100))],
    f1: Annotated[None, Depends(fresh, use_cache=False)],
    f2: Annotated[None, Depends(fresh, use_cache=False)],
) -> Any:
    log.append("endpoint")
    return [a, b, counter.start, added]


async def test_order_and_caching(serve: Serve) -> None:
    async with serve(app) as client:
        assert (await client.get("/order?q=3&start=7")).json() == [3, 4, 7, 103]
    assert log.take() == ["first", "second", "counter", "fresh", "fresh", "endpoint"]


async def test_errors_of_dependencies_come_first_and_all_together(serve: Serve) -> None:
    async with serve(app) as client:
        response = await client.get("/order?q=x&start=y")
    # Also of one that is used several times; those without errors still run.
    names = [error["loc"][-1] for error in response.json()["detail"]]
    assert names == ["q", "q", "start", "q"]
    assert log.take() == ["fresh", "fresh"]


def yielding(name: str) -> Any:
    async def dependency() -> AsyncIterator[str]:
        log.append(f"enter {name}")
        try:
            yield name
        except Exception as error:
            log.append(f"{name} sees {type(error).__name__}")
            raise
        finally:
            log.append(f"exit {name}")

    return dependency


def yielding_in_a_thread(name: str) -> Any:
    def dependency() -> Iterator[str]:
        log.append(f"enter {name}")
        try:
            yield name
        except Exception as error:
            log.append(f"{name} sees {type(error).__name__}")
            raise
        finally:
            log.append(f"exit {name}")

    return dependency


outer, inner = yielding("outer"), yielding_in_a_thread("inner")


class Logged(Response):
    """Says when it is sent, which the client cannot tell."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await super().__call__(scope, receive, send)
        log.append("sent")


@app.get("/yield")
async def with_yield(
    a: Annotated[str, Depends(outer)],
    b: Annotated[str, Depends(inner)],
    c: Annotated[str, Depends(yielding("function"), scope="function")],
    background: BackgroundTasks,
) -> Any:
    background.add_task(log.append, "task 1")
    background.add_task(log.append, "task 2")
    log.append("endpoint")
    return Logged(f"{a} {b} {c}", background=background)


@app.get("/yield/fails")
async def with_yield_fails(a: Annotated[str, Depends(outer)], b: Annotated[str, Depends(inner)]) -> Any:
    raise HTTPException(409)


@app.get("/yield/invalid")
async def with_yield_invalid(a: Annotated[str, Depends(outer)], q: int) -> Any:
    return "never"


async def test_exits_and_background_tasks(serve_once: Serve) -> None:
    async with serve_once(app) as client:
        assert (await client.get("/yield")).text == "outer inner function"
    assert log.take() == [
        "enter outer",
        "enter inner",
        "enter function",
        "endpoint",
        "exit function",
        "task 1",
        "task 2",
        "sent",
        "exit inner",
        "exit outer",
    ]


async def test_exits_see_the_exception(serve_once: Serve) -> None:
    async with serve_once(app) as client:
        assert (await client.get("/yield/fails")).status_code == 409
    assert log.take() == [
        "enter outer",
        "enter inner",
        "inner sees HTTPException",
        "exit inner",
        "outer sees HTTPException",
        "exit outer",
    ]


async def test_exits_see_what_was_wrong_with_the_request(serve_once: Serve) -> None:
    async with serve_once(app) as client:
        assert (await client.get("/yield/invalid")).status_code == 422
    assert log.take() == ["enter outer", "outer sees RequestValidationError", "exit outer"]


async def swallowing() -> AsyncIterator[None]:
    try:
        yield
    except KeyError:
        pass


async def raising_late() -> AsyncIterator[None]:
    yield
    raise HTTPException(418, "late")


async def changing() -> AsyncIterator[None]:
    try:
        yield
    except KeyError as error:
        raise HTTPException(410, "changed") from error


@app.get("/swallowed", dependencies=[Depends(swallowing)])
async def swallowed() -> Any:
    raise KeyError


@app.get("/late/function", dependencies=[Depends(raising_late, scope="function")])
@app.get("/late/request", dependencies=[Depends(raising_late)])
async def late() -> Any:
    return "ok"


@app.get("/changed", dependencies=[Depends(changing)])
async def changed() -> Any:
    raise KeyError


told: list[BaseException] = []


async def telling() -> AsyncIterator[None]:
    try:
        yield
    except Exception as error:
        told.append(error)
        raise


@app.get("/swallowed/function", dependencies=[Depends(telling), Depends(swallowing, scope="function")])
async def swallowed_early() -> Any:
    raise KeyError


async def test_a_response_that_a_function_exit_swallowed_is_told_of(serve: Serve) -> None:
    told.clear()
    async with serve(app) as client:
        assert (await client.get("/swallowed/function")).status_code == 500
    assert [type(error) for error in told] == [FastAPIError]


@pytest.mark.parametrize(
    ("url", "status"),
    [("/swallowed", 500), ("/late/function", 418), ("/late/request", 200), ("/changed", 410)],
)
async def test_exceptions_of_exit_code(serve: Serve, url: str, status: int) -> None:
    async with serve(app) as client:
        assert (await client.get(url)).status_code == status
    # Not on the same connection: a server may close it after an error.
    async with serve(app) as client:
        assert (await client.get("/thread")).status_code == 200


@app.get("/thread")
def thread(name: Annotated[str, Depends(lambda: threading.current_thread().name)]) -> Any:
    return [name != "MainThread", threading.current_thread().name != "MainThread"]


@app.get("/loop")
async def loop(same: Annotated[int, Depends(yielding("t"))]) -> Any:
    return True


async def test_functions_run_in_threads(serve: Serve) -> None:
    async with serve(app) as client:
        assert (await client.get("/thread")).json() == [True, True]


router = APIRouter(prefix="/r", dependencies=[Depends(yielding("router"))])


@router.get("/nested", dependencies=[Depends(yielding("route"))])
async def nested(a: Annotated[str, Depends(yielding("parameter"))]) -> Any:
    return a


layered = FastAPI(dependencies=[Depends(yielding("app"))])
layered.include_router(router, prefix="/p", dependencies=[Depends(yielding("include"))])


async def test_dependencies_of_layers(serve_once: Serve) -> None:
    async with serve_once(layered) as client:
        assert (await client.get("/p/r/nested")).json() == "parameter"
    names = ["app", "include", "router", "route", "parameter"]
    assert log.take() == [f"enter {name}" for name in names] + [f"exit {name}" for name in names[::-1]]


async def test_overrides(serve: Serve) -> None:
    overridden = FastAPI()

    async def real() -> str:
        return "real"

    def replacement(q: str = "replaced") -> str:
        return q

    @overridden.get("/")
    async def endpoint(value: Annotated[str, Depends(real)]) -> Any:
        return value

    async with serve(overridden) as client:
        assert (await client.get("/")).json() == "real"
        overridden.dependency_overrides[real] = replacement
        assert (await client.get("/?q=asked")).json() == "asked"
        overridden.dependency_overrides.clear()
        assert (await client.get("/")).json() == "real"


def describe(scopes: SecurityScopes, request: Request) -> list[str]:
    return [*scopes.scopes, request.method]


@app.get("/scopes")
async def scopes(granted: Annotated[list[str], Security(describe, scopes=["read", "write"])]) -> Any:
    return granted


@app.get("/basic")
async def basic(credentials: Annotated[HTTPBasicCredentials, Security(HTTPBasic())]) -> Any:
    return [credentials.username, credentials.password]


@app.get("/bearer")
async def bearer(token: Annotated[Any, Depends(HTTPBearer())]) -> Any:
    return [token.scheme, token.credentials]


@app.get("/oauth2")
async def oauth2(token: Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="token"))]) -> Any:
    return token


async def test_security(serve: Serve) -> None:
    async with serve(app) as client:
        assert (await client.get("/scopes")).json() == ["read", "write", "GET"]
        assert (await client.get("/basic", auth=("ada", "pw"))).json() == ["ada", "pw"]
        token = {"authorization": "Bearer abc"}
        assert (await client.get("/bearer", headers=token)).json() == ["Bearer", "abc"]
        assert (await client.get("/oauth2", headers=token)).json() == "abc"


@pytest.mark.parametrize(
    ("url", "challenge"), [("/basic", "Basic"), ("/bearer", "Bearer"), ("/oauth2", "Bearer")]
)
async def test_missing_credentials(serve: Serve, url: str, challenge: str) -> None:
    async with serve(app) as client:
        response = await client.get(url)
    assert (response.status_code, response.json()) == (401, {"detail": "Not authenticated"})
    assert response.headers["www-authenticate"] == challenge


async def set_header(response: Response, x_in: Annotated[str | None, Header()] = None) -> None:
    response.headers["x-out"] = x_in or "none"
    response.status_code = 203


@app.post("/response", dependencies=[Depends(set_header)])
async def through_response(value: Annotated[int, Body()], q: Annotated[int, Query()] = 1) -> Any:
    return value * q


async def test_a_dependency_may_shape_the_reply(serve: Serve) -> None:
    async with serve(app) as client:
        response = await client.post("/response?q=2", json=4, headers={"x-in": "seen"})
    assert (response.status_code, response.json(), response.headers["x-out"]) == (203, 8, "seen")


async def test_one_background_list_for_all(serve_once: Serve) -> None:
    async def in_dependency(background: BackgroundTasks) -> None:
        background.add_task(log.append, "of the dependency")

    tasks = FastAPI()

    @tasks.get("/", dependencies=[Depends(in_dependency)])
    def endpoint(background: BackgroundTasks) -> Any:
        background.add_task(log.append, "of the endpoint")
        return "ok"

    async with serve_once(tasks) as client:
        assert (await client.get("/")).json() == "ok"
    assert log.take() == ["of the dependency", "of the endpoint"]
