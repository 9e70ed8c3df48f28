"""The fast way inside of middleware answers what the general way answers, whatever is combined."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn import BackgroundTasks, Body, Depends, FastAPI, HTTPException, Request, Response
from pronghorn.middleware.cors import CORSMiddleware
from pronghorn.middleware.gzip import GZipMiddleware
from pronghorn.middleware.httpsredirect import HTTPSRedirectMiddleware
from pronghorn.middleware.trustedhost import TrustedHostMiddleware
from pronghorn.responses import FileResponse, JSONResponse, PlainTextResponse, StreamingResponse
from tests._engine.middleware.memory import WAYS, Call, Headers, ask

pytestmark = pytest.mark.anyio

Log = list[str]
Next = Callable[[Request], Awaitable[Any]]

setting: ContextVar[str] = ContextVar("setting", default="unset")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Plain:
    """An ASGI middleware of a kind that the engine does not know: it makes the whole stack general."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class Problem(Exception):
    """Answered by a handler that waits."""


# --- functions around requests


def observing(log: Log) -> dict[str, Any]:
    """Functions that leave the answer to the application."""

    async def passing(request: Request, call_next: Next) -> Any:
        return await call_next(request)

    async def marking(request: Request, call_next: Next) -> Any:
        setting.set("by marking")
        log.append(f"marking {request.method} {sorted(request.scope.get('path_params', {}))}")
        response = await call_next(request)
        log.append(
            f"marked {response.status_code} {getattr(request.scope.get('route'), 'path', None)} {setting.get()}"
        )
        response.headers["x-mark"] = "1"
        response.headers.append("vary", "X-Mark")
        return response

    async def reading(request: Request, call_next: Next) -> Any:
        body = await request.body()
        response = await call_next(request)
        response.headers["x-length"] = str(len(body))
        return response

    async def draining(request: Request, call_next: Next) -> Any:
        pieces = [piece async for piece in request.stream()]
        response = await call_next(request)
        response.headers["x-pieces"] = str(len(b"".join(pieces)))
        return response

    async def upper(request: Request, call_next: Next) -> Any:
        response = await call_next(request)
        inner = response.body_iterator

        async def changed() -> AsyncIterator[bytes]:
            async for piece in inner:
                yield piece.upper()
            log.append(f"upper {setting.get()}")

        response.body_iterator = changed()
        return response

    async def working(request: Request, call_next: Next) -> Any:
        response = await call_next(request)
        response.background = BackgroundTasks()
        response.background.add_task(log.append, "work of a function")
        return response

    return {function.__name__: function for function in list(locals().values()) if callable(function)}


def answering(log: Log) -> dict[str, Any]:
    """Functions that interfere."""

    async def collecting(request: Request, call_next: Next) -> Any:
        response = await call_next(request)
        body = b"".join([piece async for piece in response.body_iterator])
        return Response(
            body[::-1], response.status_code, dict(response.headers), background=response.background
        )

    async def refusing(request: Request, call_next: Next) -> Any:
        if request.url.path.endswith("plain"):
            return JSONResponse({"refused": True}, 401)
        return await call_next(request)

    async def replacing(request: Request, call_next: Next) -> Any:
        response = await call_next(request)
        if "stream" in request.url.path:  # how far a stream comes that nobody reads is a matter of chance
            return response
        return PlainTextResponse("replaced", 203)

    async def raising(request: Request, call_next: Next) -> Any:
        if request.method == "POST":
            raise HTTPException(409, "before")
        response = await call_next(request)
        if "stream" in request.url.path:
            return response
        raise ValueError("after")

    async def catching(request: Request, call_next: Next) -> Any:
        try:
            return await call_next(request)
        except Exception as error:
            # Groups in between are traces of the general way's machinery.
            cause = error.__cause__ if isinstance(error.__cause__, LookupError) else None
            log.append(f"caught {error!r} from {cause!r}")
            return PlainTextResponse("caught", 500)

    async def asking_again(request: Request, call_next: Next) -> Any:
        response = await call_next(request)
        if response.status_code == 418:
            [piece async for piece in response.body_iterator]
            response = await call_next(request)
        return response

    async def bare(request: Request, call_next: Next) -> Any:
        response = await call_next(request)
        del response.headers["content-length"]
        response.status_code = 299
        return response

    async def rerouting(request: Request, call_next: Next) -> Any:
        if request.scope["path"] == "/plain":
            request.scope["path"] = "/items/7"
        elif request.scope["path"] == "/sync":
            request.scope["path"] = "/nowhere"
        elif request.scope["path"] == "/model":
            request.scope["headers"] = [*request.scope["headers"], (b"x-given", b"by rerouting")]
        return await call_next(request)

    return {function.__name__: function for function in list(locals().values()) if callable(function)}


def functions(log: Log) -> dict[str, Any]:
    return observing(log) | answering(log)


class ByClass(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: Next) -> Any:
        request.state.seen = "by a class"
        return await call_next(request)


LAYERS: list[tuple[Any, dict[str, Any]]] = [
    (CORSMiddleware, {"allow_origins": ["*"]}),
    (CORSMiddleware, {"allow_origins": ["https://a.example"], "allow_credentials": True, "expose_headers": ["X-A"]}),
    (CORSMiddleware, {"allow_origins": ["*"], "allow_credentials": True, "allow_methods": ["*"]}),
    (CORSMiddleware, {"allow_origin_regex": "https://.*", "allow_headers": ["*"], "allow_private_network": True}),
    (GZipMiddleware, {"minimum_size": 20}),
    (GZipMiddleware, {"minimum_size": 0, "compresslevel": 1}),
    (GZipMiddleware, {"minimum_size": 500, "thread_minimum_size": 1000}),
    (TrustedHostMiddleware, {"allowed_hosts": ["example.com", "*.example.com"]}),
    (TrustedHostMiddleware, {"allowed_hosts": ["www.example.com"]}),
    (HTTPSRedirectMiddleware, {}),
    (SessionMiddleware, {"secret_key": "secret"}),
    (SessionMiddleware, {"secret_key": "secret", "max_age": None, "https_only": True, "same_site": "strict"}),
    (ByClass, {}),
]  # fmt: skip

# --- path operations


def build(layers: list[tuple[Any, dict[str, Any]]], names: list[str], log: Log, file: Path) -> FastAPI:
    around = functions(log)
    stack = [Middleware(kind, **options) for kind, options in layers]
    stack += [Middleware(BaseHTTPMiddleware, dispatch=around[name]) for name in names]
    random.Random(len(layers) * 31 + len(names)).shuffle(stack)
    app = FastAPI(middleware=stack)
    declare_plain(app, log)
    declare_sessions(app)
    declare_streams(app, log, file)
    declare_failures(app, log)
    return app


def declare_plain(app: FastAPI, log: Log) -> None:
    async def waiting() -> int:
        await asyncio.sleep(0)
        return 1

    @app.get("/plain")
    async def plain() -> dict[str, str]:
        inner, _ = setting.get(), setting.set("by plain")
        return {"setting": inner}

    @app.get("/items/{key}")
    async def item(key: int, number: int = Depends(waiting)) -> dict[str, int]:
        return {"key": key, "number": number}

    @app.get("/sync")
    def sync(request: Request) -> list[str]:
        return [setting.get(), request.url.path, str(request.url_for("item", key=1))]

    @app.get("/long")
    async def long() -> list[int]:
        return list(range(600))

    @app.get("/html")
    async def html() -> Response:
        return Response("<p>" * 30, 206, {"content-type": "text/html", "vary": "Cookie"})

    @app.post("/model")
    async def model(request: Request, number: int = Body(embed=True)) -> dict[str, Any]:
        return {"number": number, "given": request.headers.get("x-given")}

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.get("/work")
    async def work(background: BackgroundTasks) -> str:
        setting.set("by work")
        background.add_task(lambda: log.append(f"work {setting.get()}"))
        return "work"

    @app.get("/broken-work")
    async def broken_work(background: BackgroundTasks) -> str:
        background.add_task([].pop)
        return "work"


def declare_sessions(app: FastAPI) -> None:
    @app.get("/session")
    async def session(request: Request) -> Any:
        if "session" in request.scope:
            request.session["count"] = request.session.get("count", 0) + 1
            return dict(request.session)
        return None

    @app.get("/unwritable")
    async def unwritable(request: Request) -> None:
        if "session" in request.scope:
            request.session["what"] = object()

    @app.get("/forget")
    async def forget(request: Request) -> Any:
        if "session" in request.scope:
            request.session.clear()
        return getattr(request.state, "seen", None)


def declare_streams(app: FastAPI, log: Log, file: Path) -> None:
    def yielding() -> Iterator[str]:
        log.append("enter")
        try:
            yield "yielded"
        finally:
            log.append("exit")

    @app.get("/yield")
    async def with_exit(value: str = Depends(yielding)) -> str:
        return value

    @app.get("/stacks")
    async def stacks(request: Request) -> str:
        request.scope["fastapi_inner_astack"].callback(log.append, "inner exit")
        request.scope["fastapi_function_astack"].callback(log.append, "function exit")
        return "stacks"

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        setting.set("by stream")

        async def pieces() -> AsyncIterator[str]:
            for number in range(3):
                yield f"{number} {setting.get()};"
            log.append("streamed")

        return StreamingResponse(pieces(), media_type="text/plain")

    @app.get("/stream-session")
    async def stream_session(request: Request) -> StreamingResponse:
        if "session" in request.scope:
            request.session["streamed"] = True
        return StreamingResponse(iter(["a" * 100, "b" * 100]))

    @app.get("/broken-stream")
    async def broken_stream() -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            yield "a"
            raise Problem("in a stream")

        return StreamingResponse(pieces())

    @app.get("/empty-stream")
    async def empty_stream() -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            raise Problem("before the first piece")
            yield ""

        return StreamingResponse(pieces())

    @app.get("/file")
    async def sent_file() -> FileResponse:
        return FileResponse(file)

    @app.get("/no-file")
    async def no_file() -> FileResponse:
        return FileResponse(file / "nowhere")


def declare_failures(app: FastAPI, log: Log) -> None:
    @app.exception_handler(Problem)
    async def waiting_handler(request: Request, error: Problem) -> Response:
        await asyncio.sleep(0)
        return PlainTextResponse(f"problem {error}", 400)

    @app.exception_handler(KeyError)
    def threaded_handler(request: Request, error: KeyError) -> Response:
        return StreamingResponse(iter(["key ", str(error)]), 400)

    @app.exception_handler(IndexError)
    async def failing_handler(request: Request, error: IndexError) -> Response:
        raise Problem(str(error))

    @app.get("/twice")
    async def twice() -> None:
        raise IndexError("twice")

    @app.get("/refused")
    async def refused() -> None:
        raise HTTPException(418, "no", headers={"x-why": "tea"})

    @app.get("/problem")
    async def problem() -> None:
        raise Problem("in place")

    @app.get("/key-error")
    def key_error() -> None:
        raise KeyError("key")

    @app.get("/value-error")
    async def value_error() -> None:
        try:
            raise LookupError("first")
        except LookupError:
            raise ValueError("unexpected")  # noqa: B904 - the context is what is looked at

    @app.get("/sync-value-error")
    def sync_value_error() -> None:
        raise ValueError("unexpected")


# --- requests

JSON = (b"content-type", b"application/json")
PATHS = [
    "/plain", "/items/3", "/items/x", "/sync", "/long", "/html", "/session", "/forget", "/work", "/broken-work", "/yield",
    "/stream", "/stream-session", "/broken-stream", "/empty-stream", "/file", "/no-file", "/refused", "/problem", "/twice", "/stacks", "/unwritable",
    "/key-error", "/value-error", "/sync-value-error", "/nowhere", "/plain/", "/openapi.json",
]  # fmt: skip
COOKIE = b"session=eyJjb3VudCI6IDF9.made.up"


def calls(chance: random.Random) -> Iterator[Call]:
    def headers() -> Headers:
        given = [
            (b"origin", b"https://a.example"),
            (b"origin", b"https://b.example"),
            (b"accept-encoding", b"gzip, br"),
            (b"cookie", COOKIE),
            (b"host", b"b.example"),
        ]
        return chance.sample(given, chance.randrange(len(given)))

    def scheme() -> str:
        return chance.choice(["http", "https", "https", "https"])

    for path in PATHS:
        yield Call("GET", path, headers(), scheme=scheme())
    yield Call("POST", "/model", [JSON, *headers()], b'{"number": 1}', scheme())
    yield Call("POST", "/model", [JSON, *headers()], b'{"number": "x"}', scheme())
    yield Call("POST", "/raw", headers(), b"x" * 1000, scheme())
    yield Call("POST", "/plain", headers(), scheme=scheme())
    for method in (b"GET", b"PATCH"):
        asked = [(b"access-control-request-method", method), (b"origin", b"https://a.example")]
        yield Call("OPTIONS", chance.choice(PATHS), asked, scheme="https")
        asked = [
            *asked,
            (b"access-control-request-headers", b"x-a"),
            (b"access-control-request-private-network", b"true"),
        ]
        yield Call("OPTIONS", "/plain", asked, scheme="https")
    yield Call("OPTIONS", "/plain", [], scheme="https")


def stacks() -> Iterator[Any]:
    """Every layer and every function once, then some stacks made by chance."""
    names = sorted(functions([]))
    for number, name in enumerate(names):
        yield pytest.param(LAYERS[number : number + 1], [name], id=name)
    for start in range(0, len(LAYERS) - 1, 3):  # without the last one, which is a function
        yield pytest.param(LAYERS[start : start + 3], [], id=f"layers {start}")
    for seed in range(3):
        chance = random.Random(seed)
        yield pytest.param(chance.sample(LAYERS, 3), chance.sample(names, 2), id=f"seed {seed}")


@pytest.mark.parametrize(("layers", "names"), list(stacks()))
async def test_all_ways_answer_alike(layers: list[Any], names: list[str], tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_text("content " * 50)
    log: Log = []
    expected_app = build(layers, names, log, file)
    nested = build(layers, names, log, file)
    nested.add_middleware(Plain)
    fast = build(layers, names, log, file)
    apps = {"exchange": fast, "asgi": fast, "nested": nested}
    for call in calls(random.Random(len(names))):
        assert fast._fast._outer is not None or fast._fast._stack is None
        expected = await ask(expected_app, "general", call, log)
        for way in WAYS:
            actual = await ask(apps[way], way, call, log)
            assert (way, call, actual) == (way, call, expected)
