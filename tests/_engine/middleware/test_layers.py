"""What adapters keep of what their middleware said, and for how long."""

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from pronghorn import FastAPI
from pronghorn._engine.middleware import cors, trusted_host
from pronghorn._engine.middleware.adapter import Adapter
from pronghorn._engine.middleware.cors import CorsAdapter
from pronghorn._engine.middleware.passing import step
from pronghorn._engine.middleware.session import _nothing, _refuse
from pronghorn._engine.middleware.trusted_host import TrustedHostAdapter
from pronghorn._engine.reply import Reply
from pronghorn.middleware.cors import CORSMiddleware
from pronghorn.middleware.trustedhost import TrustedHostMiddleware
from pronghorn.testclient import TestClient
from tests._engine.middleware.memory import Answer, Call, MemoryExchange


async def nobody(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that is never asked."""


def exchange(**headers: str) -> MemoryExchange:
    return MemoryExchange(
        Call(headers=[(name.encode(), value.encode()) for name, value in headers.items()]), Answer()
    )


def test_origins_may_change_while_the_server_runs() -> None:
    origins = ["https://a.example"]
    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=origins)

    @app.get("/")
    async def root() -> None:
        """Nothing."""

    client = TestClient(app, headers={"origin": "https://b.example"})
    assert "access-control-allow-origin" not in client.get("/").headers
    origins.append("https://b.example")
    assert client.get("/").headers["access-control-allow-origin"] == "https://b.example"


def test_not_every_origin_is_kept() -> None:
    adapter = CorsAdapter(CORSMiddleware(nobody, allow_origin_regex=".*"))
    for number in range(cors._KEPT_ORIGINS + 1):
        reply = adapter.after(exchange(origin=f"https://{number}.example"), Reply(200, b"", b"text/plain"))
        assert dict(reply.headers)[b"access-control-allow-origin"] == f"https://{number}.example".encode()
    assert len(adapter._additions) == 1


def test_not_every_host_is_kept() -> None:
    adapter = TrustedHostAdapter(TrustedHostMiddleware(nobody, ["*.example", "example.com"]))
    for number in range(trusted_host._KEPT_HOSTS + 1):
        x = exchange()
        x.headers = [(b"host", b"%d.example" % number)]
        assert adapter.before(x) is None
        assert adapter.before(x) is None
    assert len(adapter._trusted) == 1
    homeless = exchange()
    homeless.headers = []
    reply = adapter.before(homeless)
    assert reply is not None
    assert reply.status == 400


def test_an_adapter_lets_everything_pass() -> None:
    adapter, reply = Adapter(None), Reply(200, b"")
    assert adapter.before(exchange()) is None
    assert adapter.after(exchange(), reply) is reply


@pytest.mark.anyio
async def test_what_is_stepped_must_not_wait() -> None:
    async def waiting(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="suspended although nothing in it has to wait"):
        step(waiting, {}, exchange().receive, exchange().send)


@pytest.mark.anyio
async def test_reading_a_session_starts_no_response() -> None:
    await _nothing({}, exchange().receive, _refuse)
    with pytest.raises(RuntimeError, match=r"http\.response\.start"):
        await _refuse({"type": "http.response.start"})
