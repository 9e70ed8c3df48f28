from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pronghorn._base.lifespan import Lifespan, LifespanFailed

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def says(*answers: dict[str, Any] | Exception) -> Any:
    """An application that answers each lifespan message with the next of `answers`."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["state"]["shared"] = True
        for answer in answers:
            await receive()
            if isinstance(answer, Exception):
                raise answer
            await send(answer)

    return app


STARTED = {"type": "lifespan.startup.complete"}


async def test_start_and_stop_are_told() -> None:
    lifespan = Lifespan(says(STARTED, {"type": "lifespan.shutdown.complete"}), "on")
    assert lifespan.state is None
    await lifespan.start()
    assert lifespan.state == {"shared": True}
    await lifespan.stop()


async def test_a_start_that_fails_is_an_error() -> None:
    failed = {"type": "lifespan.startup.failed"}
    with pytest.raises(LifespanFailed, match="no database"):
        await Lifespan(says({**failed, "message": "no database"}), "auto").start()
    with pytest.raises(LifespanFailed, match="failed to start"):
        await Lifespan(says(failed), "auto").start()


async def test_an_application_without_lifespan_is_served_without() -> None:
    lifespan = Lifespan(says(LookupError()), "auto")
    await lifespan.start()
    assert lifespan.state is None
    await lifespan.stop()


async def test_an_application_that_must_have_a_lifespan_and_has_none_is_an_error() -> None:
    with pytest.raises(LifespanFailed, match="before it had started") as caught:
        await Lifespan(says(LookupError()), "on").start()
    assert isinstance(caught.value.__cause__, LookupError)
    with pytest.raises(LifespanFailed):
        await Lifespan(says(), "on").start()


async def test_off_is_off() -> None:
    lifespan = Lifespan(says(LookupError()), "off")
    await lifespan.start()
    await lifespan.stop()


async def test_a_stop_that_fails_is_an_error() -> None:
    lifespan = Lifespan(says(STARTED, {"type": "lifespan.shutdown.failed", "message": "lost data"}), "on")
    await lifespan.start()
    with pytest.raises(LifespanFailed, match="lost data"):
        await lifespan.stop()
    lifespan = Lifespan(says(STARTED, LookupError()), "on")
    await lifespan.start()
    with pytest.raises(LifespanFailed, match="raised while it stopped"):
        await lifespan.stop()


async def test_an_application_that_ends_without_a_word_has_stopped() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(STARTED)
        await receive()

    lifespan = Lifespan(app, "on")
    await lifespan.start()
    await lifespan.stop()
    lifespan = Lifespan(says(STARTED), "on")
    await lifespan.start()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await lifespan.stop()
