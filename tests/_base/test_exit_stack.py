from contextlib import AsyncExitStack

import pytest
from starlette.types import Message, Receive, Scope, Send

from pronghorn._base.exit_stack import MIDDLEWARE_STACK, AsyncExitStackMiddleware

pytestmark = pytest.mark.anyio


async def receive() -> Message:
    return {"type": "http.disconnect"}


async def send(message: Message) -> None:
    """Nobody listens."""


@pytest.mark.parametrize("name", [MIDDLEWARE_STACK, "mine"])
async def test_what_is_put_on_the_stack_is_closed_after_the_application(name: str) -> None:
    steps: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        stack: AsyncExitStack = scope[name]
        stack.callback(steps.append, "closed")
        steps.append("answered")

    await AsyncExitStackMiddleware(app, context_name=name)({"type": "http"}, receive, send)

    assert steps == ["answered", "closed"]


async def test_it_is_closed_after_an_error_too() -> None:
    steps: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope[MIDDLEWARE_STACK].callback(steps.append, "closed")
        raise ValueError("sold out")

    with pytest.raises(ValueError, match="sold out"):
        await AsyncExitStackMiddleware(app)({"type": "http"}, receive, send)
    assert steps == ["closed"]
