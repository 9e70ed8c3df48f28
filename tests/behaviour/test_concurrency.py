"""Many requests at once: none waits for another without need, none gets another's reply."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from pronghorn import BackgroundTasks, Depends, FastAPI
from tests.serving import Serve

pytestmark = pytest.mark.anyio


class Number(BaseModel):
    number: int


async def held() -> AsyncIterator[int]:
    await asyncio.sleep(0)
    yield 1


def held_in_a_thread() -> Iterator[int]:
    yield 2


app = FastAPI()


@app.get("/at-once/{number}")
async def at_once(number: int) -> Any:
    return number


@app.get("/waiting/{number}")
async def waiting(number: int) -> Any:
    for _ in range(number % 5):
        await asyncio.sleep(0)
    return number


@app.get("/thread/{number}")
def in_a_thread(number: int) -> Any:
    return number


@app.get("/dependent/{number}")
async def dependent(
    number: int, a: Annotated[int, Depends(held)], b: Annotated[int, Depends(held_in_a_thread)]
) -> Any:
    return number * a * b // 2


@app.post("/body/{number}")
async def body(number: int, value: Number) -> Number:
    assert value.number == number
    return value


@app.post("/body/thread/{number}")
def body_in_a_thread(number: int, value: Number) -> Number:
    assert value.number == number
    return value


KINDS = ["at-once", "waiting", "thread", "dependent", "body", "body/thread"]


async def test_every_request_gets_its_own_reply(serve: Serve) -> None:
    async with serve(app) as client:

        async def ask(number: int) -> Any:
            kind = KINDS[number % len(KINDS)]
            if kind.startswith("body"):
                return (await client.post(f"/{kind}/{number}", json={"number": number})).json()["number"]
            return (await client.get(f"/{kind}/{number}")).json()

        assert await asyncio.gather(*(ask(number) for number in range(200))) == list(range(200))


async def test_an_endpoint_that_blocks_its_thread_does_not_block_others(serve: Serve) -> None:
    proceed = threading.Event()
    blocking = FastAPI()

    @blocking.get("/blocked")
    def blocked() -> Any:
        return proceed.wait(10)

    @blocking.get("/free")
    async def free() -> Any:
        return "free"

    @blocking.get("/free/thread")
    def free_in_a_thread() -> Any:
        return "free"

    async with serve(blocking) as client, asyncio.TaskGroup() as tasks:
        stuck = [tasks.create_task(client.get("/blocked")) for _ in range(5)]
        for url in ("/free", "/free/thread"):
            assert (await client.get(url)).json() == "free"
        proceed.set()
    assert [task.result().json() for task in stuck] == [True] * 5


async def test_a_waiting_endpoint_does_not_block_others(serve: Serve) -> None:
    entered, let_go = threading.Event(), FastAPI()
    open_gates: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    @let_go.get("/wait")
    async def wait() -> Any:
        gate = asyncio.Event()
        open_gates.append((asyncio.get_running_loop(), gate))
        entered.set()
        await gate.wait()
        return "waited"

    @let_go.get("/open")
    async def open_all() -> Any:
        for loop, gate in open_gates:
            loop.call_soon_threadsafe(gate.set)
        return len(open_gates)

    async with serve(let_go) as client, asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(client.get("/wait"))
        await asyncio.to_thread(entered.wait, 10)
        assert (await client.get("/open")).json() == 1
    assert waiting.result().json() == "waited"


async def test_a_slow_background_task_does_not_hold_up_the_reply(way: str, serve: Serve) -> None:
    if way == "inprocess":
        pytest.skip("The in-process client waits for background tasks, on purpose.")
    proceed = threading.Event()
    slow = FastAPI()

    @slow.get("/")
    async def endpoint(background: BackgroundTasks) -> Any:
        background.add_task(proceed.wait, 10)
        return "replied"

    async with serve(slow) as client:
        assert (await client.get("/")).json() == "replied"
        proceed.set()


async def test_timeouts_and_task_groups_work_in_endpoints(serve: Serve) -> None:
    tools = FastAPI()

    @tools.get("/timeout")
    async def timeout() -> Any:
        try:
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        except TimeoutError:
            return "timed out"

    @tools.get("/group")
    async def group() -> Any:
        async with asyncio.TaskGroup() as tasks:
            results = [tasks.create_task(asyncio.sleep(0, number)) for number in range(3)]
        return [task.result() for task in results]

    @tools.get("/task")
    async def task() -> Any:
        current = asyncio.current_task()
        return current is not None and not current.cancelled()

    async with serve(tools) as client:
        assert (await client.get("/timeout")).json() == "timed out"
        assert (await client.get("/group")).json() == [0, 1, 2]
        assert (await client.get("/task")).json() is True
