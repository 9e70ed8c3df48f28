"""Middleware: its order, what it sees and changes, the built-in ones."""

import gzip
from typing import Any

import pytest
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pronghorn import BackgroundTasks, FastAPI, HTTPException, Request, Response, WebSocket
from pronghorn.middleware import Middleware
from pronghorn.middleware.cors import CORSMiddleware
from pronghorn.middleware.gzip import GZipMiddleware
from pronghorn.middleware.httpsredirect import HTTPSRedirectMiddleware
from pronghorn.middleware.trustedhost import TrustedHostMiddleware
from pronghorn.responses import PlainTextResponse, StreamingResponse
from tests.serving import Serve

pytestmark = pytest.mark.anyio


class Tag:
    """Plain ASGI: appends its name to a header of the reply, and to the scope."""

    def __init__(self, app: ASGIApp, name: str) -> None:
        self.app = app
        self.name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("tags", []).append(self.name)

        async def tagging(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-tag", self.name.encode())]
            await send(message)

        await self.app(scope, receive, tagging)


class Base(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        request.scope.setdefault("tags", []).append("base")
        response = await call_next(request)
        response.headers.append("x-tag", "base")
        return response


def declare(app: FastAPI) -> FastAPI:
    @app.get("/")
    async def root(request: Request) -> Any:
        return request.scope.get("tags")

    @app.get("/sync")
    def sync(request: Request) -> Any:
        return request.scope.get("tags")

    @app.post("/echo")
    async def echo(request: Request) -> Any:
        return (await request.body()).decode()

    @app.get("/long")
    async def long() -> Any:
        return PlainTextResponse("x" * 5000)

    @app.get("/stream")
    async def stream() -> Any:
        return StreamingResponse(iter(["x" * 1000] * 5))

    @app.get("/refused")
    async def refused() -> Any:
        raise HTTPException(403)

    @app.get("/fails")
    async def fails() -> Any:
        raise KeyError("lost")

    @app.websocket("/ws")
    async def ws(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    return app


tagged = declare(
    FastAPI(middleware=[Middleware(Tag, name="given first"), Middleware(Tag, name="given second")])
)
tagged.add_middleware(Tag, name="added")
tagged.add_middleware(Base)


@tagged.middleware("http")
async def function(request: Request, call_next: RequestResponseEndpoint) -> Response:
    request.scope.setdefault("tags", []).append("function")
    response = await call_next(request)
    response.headers.append("x-tag", "function")
    return response


@pytest.mark.parametrize("url", ["/", "/sync"])
async def test_the_last_added_is_outermost(serve: Serve, url: str) -> None:
    async with serve(tagged) as client:
        response = await client.get(url)
    order = ["function", "base", "added", "given first", "given second"]
    assert response.json() == order
    assert response.headers.get_list("x-tag") == order[::-1]


@pytest.mark.parametrize(
    ("url", "status"), [("/refused", 403), ("/nowhere", 404), ("/long", 200), ("/stream", 200)]
)
async def test_every_reply_passes_through(serve: Serve, url: str, status: int) -> None:
    async with serve(tagged) as client:
        response = await client.get(url)
    assert (response.status_code, len(response.headers.get_list("x-tag"))) == (status, 5)


async def test_an_unexpected_exception_passes_through_as_an_exception(serve: Serve) -> None:
    app = declare(FastAPI())
    seen: list[str] = []

    @app.middleware("http")
    async def watch(request: Request, call_next: RequestResponseEndpoint) -> Response:
        try:
            return await call_next(request)
        except KeyError as error:
            seen.append(repr(error))
            raise

    async with serve(app) as client:
        response = await client.get("/fails")
    assert (response.status_code, response.text) == (500, "Internal Server Error")
    assert seen == ["KeyError('lost')"]


async def test_websockets_pass_through(serve: Serve) -> None:
    async with serve(tagged) as client, client.websocket_connect("/ws") as websocket:
        assert await websocket.receive_text() == "hello"


functions = declare(FastAPI())


@functions.middleware("http")
async def rule(request: Request, call_next: RequestResponseEndpoint) -> Response:
    match request.headers.get("x-rule"):
        case "answer":
            return PlainTextResponse("from the middleware", status_code=202)
        case "read":
            body = await request.body()
            response = await call_next(request)
            response.headers["x-length"] = str(len(body))
            return response
        case "replace":
            response = await call_next(request)
            pieces = [piece async for piece in response.body_iterator]  # type: ignore[attr-defined]
            return PlainTextResponse(b"".join(pieces).upper())
        case "raise":
            raise HTTPException(409, "from the middleware")
        case "state":
            request.state.seen = "by the middleware"
    return await call_next(request)


@functions.get("/state")
async def state(request: Request) -> Any:
    return request.state.seen


async def test_a_function_may_answer_by_itself(serve: Serve) -> None:
    async with serve(functions) as client:
        response = await client.get("/", headers={"x-rule": "answer"})
    assert (response.status_code, response.text) == (202, "from the middleware")


async def test_a_function_may_read_the_body(serve: Serve) -> None:
    async with serve(functions) as client:
        response = await client.post("/echo", content=b"x" * 100_000, headers={"x-rule": "read"})
    assert (response.json(), response.headers["x-length"]) == ("x" * 100_000, "100000")


async def test_a_function_may_replace_the_reply(serve: Serve) -> None:
    async with serve(functions) as client:
        assert (await client.get("/long", headers={"x-rule": "replace"})).text == "X" * 5000
        assert (await client.get("/stream", headers={"x-rule": "replace"})).text == "X" * 5000


async def test_an_exception_of_a_function_is_not_for_the_handlers(serve: Serve) -> None:
    async with serve(functions) as client:
        assert (await client.get("/", headers={"x-rule": "raise"})).status_code == 500


async def test_a_function_shares_state_with_the_endpoint(serve: Serve) -> None:
    async with serve(functions) as client:
        assert (await client.get("/state", headers={"x-rule": "state"})).json() == "by the middleware"


async def test_background_tasks_below_a_function(serve_once: Serve) -> None:
    app = FastAPI()
    done: list[str] = []

    @app.middleware("http")
    async def passing(request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)

    @app.get("/")
    async def endpoint(background: BackgroundTasks) -> Any:
        background.add_task(done.append, "task")
        return "ok"

    async with serve_once(app) as client:
        assert (await client.get("/")).json() == "ok"
    assert done == ["task"]


cors = declare(FastAPI())
cors.add_middleware(
    CORSMiddleware,
    allow_origins=["https://a.example"],
    allow_methods=["PUT"],
    allow_credentials=True,
    max_age=60,
)


async def test_cors(serve: Serve) -> None:
    origin = {"origin": "https://a.example"}
    preflight = {**origin, "access-control-request-method": "PUT"}
    async with serve(cors) as client:
        simple = await client.get("/", headers=origin)
        other = await client.get("/", headers={"origin": "https://b.example"})
        allowed = await client.options("/", headers=preflight)
        refused = await client.options("/", headers={**preflight, "access-control-request-method": "POST"})
    assert simple.headers["access-control-allow-origin"] == "https://a.example"
    assert simple.headers["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in other.headers
    assert (allowed.status_code, allowed.text) == (200, "OK")
    assert (allowed.headers["access-control-allow-methods"], allowed.headers["access-control-max-age"]) == (
        "PUT",
        "60",
    )
    assert (refused.status_code, refused.text) == (400, "Disallowed CORS method")


zipped = declare(FastAPI())
zipped.add_middleware(GZipMiddleware, minimum_size=1000)


@pytest.mark.parametrize("url", ["/long", "/stream"])
async def test_gzip(serve: Serve, url: str) -> None:
    async with serve(zipped) as client:
        async with client.stream("GET", url, headers={"accept-encoding": "gzip"}) as response:
            raw = b"".join([piece async for piece in response.aiter_raw()])
        plain = await client.get(url, headers={"accept-encoding": "identity"})
        small = await client.get("/")
    assert (response.headers["content-encoding"], gzip.decompress(raw)) == ("gzip", b"x" * 5000)
    assert "accept-encoding" in response.headers["vary"].lower()
    assert ("content-encoding" in plain.headers, plain.text) == (False, "x" * 5000)
    assert "content-encoding" not in small.headers


trusting = declare(FastAPI())
trusting.add_middleware(TrustedHostMiddleware, allowed_hosts=["*.example", "good.test"])


@pytest.mark.parametrize(("host", "status"), [("good.test", 200), ("a.example:80", 200), ("bad.test", 400)])
async def test_trusted_hosts(serve: Serve, host: str, status: int) -> None:
    async with serve(trusting) as client:
        response = await client.get("/", headers={"host": host})
    assert response.status_code == status
    if status == 400:
        assert response.text == "Invalid host header"


redirecting = declare(FastAPI())
redirecting.add_middleware(HTTPSRedirectMiddleware)


async def test_https_redirect(serve: Serve) -> None:
    async with serve(redirecting) as client:
        response = await client.get("/long?a=1", headers={"host": "h.test"}, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (307, "https://h.test/long?a=1")


sessions = FastAPI()
sessions.add_middleware(SessionMiddleware, secret_key="secret")


@sessions.get("/count")
async def count(request: Request) -> Any:
    request.session["count"] = request.session.get("count", 0) + 1
    return request.session["count"]


async def test_sessions(serve: Serve) -> None:
    async with serve(sessions) as client:
        assert [(await client.get("/count")).json() for _ in range(3)] == [1, 2, 3]
