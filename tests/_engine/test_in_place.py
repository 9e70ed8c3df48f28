"""What is wrong with a request is said at once where nothing in its operation can suspend."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from pronghorn import Depends, FastAPI, Header
from pronghorn._engine import dispatch
from pronghorn._engine.reply import Reply
from tests.differential.outcomes import LOG, Asked
from tests.differential.ways import MemoryExchange, ask

pytestmark = pytest.mark.anyio
JSON = ((b"content-type", b"application/json"),)
TOKEN = ((b"token", b"1"),)


class Item(BaseModel):
    name: str


async def outer() -> str:
    LOG.append(f"outer in a task: {asyncio.current_task() is not None}")
    return "outer"


async def inner(token: Annotated[int, Header()], outer: Annotated[str, Depends(outer)]) -> int:
    LOG.append("inner")
    return token


def made() -> FastAPI:
    app = FastAPI()

    @app.post("/{number}")
    async def endpoint(number: int, item: Item, inner: Annotated[int, Depends(inner)]) -> int:
        return number

    return app


async def at_once(app: FastAPI, x: MemoryExchange) -> Reply | None:
    """What a server's callback gets."""
    replies: list[Reply | None] = []
    done = asyncio.Event()

    def serve() -> None:
        replies.append(app.handle_exchange(x))
        done.set()

    asyncio.get_running_loop().call_soon(serve)
    await done.wait()
    return replies[0]


@pytest.mark.parametrize(
    "asked",
    [
        Asked("POST", "/a", headers=JSON, body=b'{"name": 1}'),
        Asked("POST", "/1", headers=JSON + TOKEN, body=b"{"),
        Asked("POST", "/1", headers=JSON + TOKEN, body=b"\xff"),
        Asked("POST", "/1", headers=TOKEN, body=b"{}"),
        Asked("POST", "/1", headers=(*JSON, (b"token", b"x")), body=b'{"name": "a"}'),
    ],
    ids=["path and body", "no json", "no text", "no content type", "header of a dependency"],
)
async def test_a_refusal_is_the_references_and_comes_at_once(asked: Asked) -> None:
    expected = await ask("reference", made(), asked)
    LOG.clear()
    x = MemoryExchange(asked, arrived=True)
    reply = await at_once(made(), x)
    assert reply is not None
    x.respond(reply)
    assert (x.heard.status, x.heard.body, LOG) == (expected.status, expected.body, expected.log)


async def test_what_suspends_although_nothing_in_it_awaits_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def suspending(*_: Any) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(dispatch, "answer_without_exits", suspending)
    app = made()
    x = MemoryExchange(Asked("POST", "/a", headers=JSON, body=b"{}"), arrived=True)
    dispatcher = app._fast
    with pytest.raises(RuntimeError, match="suspended"):
        dispatcher.handle(x)
