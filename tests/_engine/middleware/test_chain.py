"""Which stacks are known, and what takes the requests of an application with one."""

from typing import Any

import pytest
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn import FastAPI, Request
from pronghorn._engine.middleware.chain import adapter_of, is_function_layer, read_levels
from pronghorn._engine.middleware.cors import CorsAdapter
from pronghorn._engine.middleware.functions import FunctionDispatcher
from pronghorn._engine.middleware.layered import LayeredDispatcher
from pronghorn._engine.middleware.session import SessionAdapter
from pronghorn.middleware.cors import CORSMiddleware
from pronghorn.middleware.gzip import GZipMiddleware
from pronghorn.testclient import TestClient


async def nobody(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that is never asked."""


class Plain:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class OwnCors(CORSMiddleware):
    """A subclass may do anything."""


class OwnDispatch(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: Any) -> Any:
        return await call_next(request)


class OwnCall(OwnDispatch):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def app_with(*kinds: Any, **options: Any) -> FastAPI:
    app = FastAPI(**options)
    for kind in kinds:
        app.add_middleware(kind)

    @app.get("/")
    async def root() -> str:
        return "root"

    assert TestClient(app).get("/").json() == "root"
    return app


def test_a_class_is_known_exactly() -> None:
    assert type(adapter_of(CORSMiddleware(nobody))) is CorsAdapter
    assert type(adapter_of(SessionMiddleware(nobody, "secret"))) is SessionAdapter
    assert adapter_of(OwnCors(nobody)) is None
    assert adapter_of(Plain(nobody)) is None


def test_a_class_of_which_something_was_replaced_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CORSMiddleware, "simple_response", Plain.__call__)
    assert adapter_of(CORSMiddleware(nobody)) is None
    monkeypatch.setattr(BaseHTTPMiddleware, "__call__", Plain.__call__)
    assert not is_function_layer(OwnDispatch(nobody))


def test_functions_divide_the_stack_into_levels() -> None:
    layers = [CORSMiddleware(nobody), OwnDispatch(nobody), GZipMiddleware(nobody), CORSMiddleware(nobody)]
    level = read_levels(layers)
    assert level is not None
    assert level.inner is not None
    assert (len(level.adapters), level.function, len(level.inner.adapters)) == (1, layers[1], 2)
    assert read_levels([*layers, Plain(nobody)]) is None
    assert read_levels([OwnCall(nobody)]) is None


def test_what_takes_the_requests() -> None:
    assert type(app_with(CORSMiddleware, GZipMiddleware)._fast._outer) is LayeredDispatcher
    assert type(app_with(CORSMiddleware, OwnDispatch)._fast._outer) is FunctionDispatcher
    for general in (app_with(Plain), app_with(OwnCors), app_with(OwnDispatch, max_body_size=10)):
        assert general._fast._outer is None
        assert general.router.fast_way is not None


def test_the_router_is_fast_only_inside_of_its_own_application() -> None:
    app = app_with(Plain)
    other = FastAPI()
    other.mount("/mounted", app.router)
    assert TestClient(other).get("/mounted/").json() == "root"
