"""Exceptions: the ones that are replies, the ones that are handled, the ones that are neither."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException

from pronghorn import Depends, FastAPI, HTTPException, Request, Response
from pronghorn.exception_handlers import http_exception_handler, request_validation_exception_handler
from pronghorn.exceptions import RequestValidationError, ResponseValidationError
from pronghorn.responses import JSONResponse, PlainTextResponse
from tests.serving import Serve

pytestmark = pytest.mark.anyio


class Unavailable(Exception):
    pass


class VeryUnavailable(Unavailable):
    pass


class Item(BaseModel):
    name: str


def refuse() -> None:
    raise HTTPException(403, "not you")


def declare(app: FastAPI) -> FastAPI:
    @app.get("/http/{status}")
    async def http(status: int) -> Any:
        raise HTTPException(status, detail={"why": status}, headers={"X-Why": "asked"})

    @app.get("/http/sync/plain")
    def http_plain() -> Any:
        raise HTTPException(status_code=404)

    @app.get("/starlette")
    async def starlette() -> Any:
        raise StarletteHTTPException(409, "conflict")

    @app.get("/dependency", dependencies=[Depends(refuse)])
    async def dependency() -> Any:
        return "never"

    @app.get("/unavailable")
    async def unavailable() -> Any:
        raise Unavailable("closed")

    @app.get("/very")
    def very() -> Any:
        raise VeryUnavailable("closed for good")

    @app.get("/key")
    async def key() -> Any:
        raise KeyError("lost")

    @app.get("/number/{number}")
    async def number(number: int) -> Any:
        return number

    @app.get("/converted/{number:int}")
    async def converted(number: int) -> Any:
        return number

    @app.post("/item")
    async def item(item: Item) -> Any:
        return item

    @app.get("/wrong", response_model=Item)
    async def wrong() -> Any:
        return {}

    return app


plain = declare(FastAPI())
handled = declare(FastAPI())


@handled.exception_handler(Unavailable)
async def handle_unavailable(request: Request, error: Unavailable) -> Response:
    return JSONResponse({"unavailable": str(error), "path": request.url.path}, status_code=503)


@handled.exception_handler(RequestValidationError)
async def handle_validation(request: Request, error: RequestValidationError) -> Response:
    if request.url.path == "/item":
        return await request_validation_exception_handler(request, error)
    return JSONResponse({"errors": [e["loc"] for e in error.errors()], "body": error.body}, status_code=400)


@handled.exception_handler(StarletteHTTPException)
async def handle_http(request: Request, error: StarletteHTTPException) -> Response:
    response = await http_exception_handler(request, error)
    response.headers["x-handled"] = "yes"
    return response


@handled.exception_handler(404)
def handle_not_found(request: Request, error: Exception) -> Response:
    return PlainTextResponse("nothing here", status_code=404)


@handled.exception_handler(ResponseValidationError)
async def handle_response(request: Request, error: ResponseValidationError) -> Response:
    return PlainTextResponse("our fault", status_code=500)


@handled.exception_handler(Exception)
async def handle_all(request: Request, error: Exception) -> Response:
    return PlainTextResponse(f"unexpected {error!r}", status_code=500)


@pytest.mark.parametrize(
    ("url", "status", "body", "headers"),
    [
        ("/http/418", 418, '{"detail":{"why":418}}', {"x-why": "asked"}),
        ("/http/401", 401, '{"detail":{"why":401}}', {"x-why": "asked"}),
        ("/http/204", 204, "", {"x-why": "asked"}),
        ("/http/304", 304, "", {"x-why": "asked"}),
        ("/http/sync/plain", 404, '{"detail":"Not Found"}', {}),
        ("/starlette", 409, '{"detail":"conflict"}', {}),
        ("/dependency", 403, '{"detail":"not you"}', {}),
        ("/unavailable", 500, "Internal Server Error", {}),
        ("/key", 500, "Internal Server Error", {}),
        ("/wrong", 500, "Internal Server Error", {}),
        ("/nowhere", 404, '{"detail":"Not Found"}', {"content-type": "application/json"}),
    ],
)
async def test_without_handlers(
    serve: Serve, url: str, status: int, body: str, headers: dict[str, str]
) -> None:
    async with serve(plain) as client:
        response = await client.get(url)
        assert (response.status_code, response.text) == (status, body)
        assert headers.items() <= dict(response.headers).items()
    # Not on the same connection: a server may close it after an error.
    async with serve(plain) as client:
        assert (await client.get("/number/1")).json() == 1


@pytest.mark.parametrize(
    ("url", "status", "body"),
    [
        ("/unavailable", 503, '{"unavailable":"closed","path":"/unavailable"}'),
        ("/very", 503, '{"unavailable":"closed for good","path":"/very"}'),
        ("/number/x", 400, '{"errors":[["path","number"]],"body":null}'),
        ("/http/sync/plain", 404, "nothing here"),
        ("/nowhere", 404, "nothing here"),
        ("/wrong", 500, "our fault"),
        ("/key", 500, "unexpected KeyError('lost')"),
    ],
)
async def test_handlers(serve: Serve, url: str, status: int, body: str) -> None:
    async with serve(handled) as client:
        response = await client.get(url)
    assert (response.status_code, response.text) == (status, body)


async def test_an_exception_of_a_convertor_is_handled_as_any_other(serve: Serve) -> None:
    digits = "9" * 5000  # more than Python converts
    async with serve(handled) as client:
        response = await client.get(f"/converted/{digits}")
    assert (response.status_code, response.text[:30]) == (500, "unexpected ValueError('Exceeds")


async def test_handlers_may_use_the_default_ones(serve: Serve) -> None:
    async with serve(handled) as client:
        response = await client.get("/http/418")
        assert (response.json(), response.headers["x-handled"]) == ({"detail": {"why": 418}}, "yes")
        response = await client.post("/item", json={})
        assert (response.status_code, response.json()["detail"][0]["loc"]) == (422, ["body", "name"])


async def test_a_handler_sees_the_rejected_body(serve: Serve) -> None:
    app = FastAPI()

    @app.post("/")
    async def endpoint(item: Item) -> Any:
        return item

    @app.exception_handler(RequestValidationError)
    async def handler(request: Request, error: RequestValidationError) -> Response:
        return JSONResponse({"body": error.body}, status_code=422)

    async with serve(app) as client:
        assert (await client.post("/", json={"nom": 1})).json() == {"body": {"nom": 1}}


async def test_exit_code_sees_the_exception_before_the_handler_does(serve: Serve) -> None:
    order: list[str] = []
    app = FastAPI()

    async def held() -> AsyncIterator[None]:
        try:
            yield
        except Unavailable:
            order.append("exit")
            raise

    @app.get("/", dependencies=[Depends(held)])
    async def endpoint() -> Any:
        order.append("endpoint")
        raise Unavailable

    @app.exception_handler(Unavailable)
    async def handler(request: Request, error: Unavailable) -> Response:
        order.append("handler")
        return PlainTextResponse("handled")

    async with serve(app) as client:
        assert (await client.get("/")).text == "handled"
    assert order == ["endpoint", "exit", "handler"]


async def test_a_handler_that_fails_is_an_internal_error(serve: Serve) -> None:
    app = FastAPI()

    @app.get("/")
    async def endpoint() -> Any:
        raise Unavailable

    @app.exception_handler(Unavailable)
    async def handler(request: Request, error: Unavailable) -> Response:
        raise KeyError("handler")

    async with serve(app) as client:
        response = await client.get("/")
    assert (response.status_code, response.text) == (500, "Internal Server Error")
