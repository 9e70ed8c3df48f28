import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import anyio
import pytest
from anyio import CancelScope, Event, Semaphore
from anyio.to_thread import current_default_thread_limiter

from pronghorn._base.concurrency import (
    DependencyConcurrency,
    contextmanager_in_threadpool,
    limited,
    shielded_exit,
)

pytestmark = pytest.mark.anyio


async def test_a_cap_has_one_semaphore_per_event_loop() -> None:
    cap, other = DependencyConcurrency(2), DependencyConcurrency(2)

    assert cap.get_semaphore() is cap.get_semaphore()
    assert cap.get_semaphore() is not other.get_semaphore()
    assert cap.get_semaphore().value == 2


def test_different_event_loops_have_different_semaphores() -> None:
    cap = DependencyConcurrency(1)

    async def semaphore() -> Semaphore:
        return cap.get_semaphore()

    assert anyio.run(semaphore) is not anyio.run(semaphore)


class Recorder:
    """A context manager that notes what happens to it, and in which threads."""

    def __init__(self, *, swallows: bool = False) -> None:
        self.swallows = swallows
        self.seen: BaseException | None = None
        self.left = False
        self.threads: set[int] = set()

    def __enter__(self) -> str:
        self.threads.add(threading.get_ident())
        return "value"

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        self.threads.add(threading.get_ident())
        self.seen, self.left = error, True
        return self.swallows


async def test_a_synchronous_context_manager_runs_in_worker_threads() -> None:
    recorder = Recorder()

    async with contextmanager_in_threadpool(recorder) as value:
        assert value == "value"
        assert not recorder.left
    assert recorder.left
    assert threading.get_ident() not in recorder.threads


async def test_it_sees_the_error_and_lets_it_pass() -> None:
    recorder, error = Recorder(), ValueError("sold out")

    with pytest.raises(ValueError, match="sold out") as raised:
        async with contextmanager_in_threadpool(recorder):
            raise error
    assert raised.value is error
    assert recorder.seen is error


async def test_it_may_swallow_the_error() -> None:
    recorder = Recorder(swallows=True)

    async with contextmanager_in_threadpool(recorder):
        raise ValueError("sold out")
    assert isinstance(recorder.seen, ValueError)


async def test_it_may_raise_another_error() -> None:
    @contextmanager
    def translate() -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            raise KeyError("translated") from error

    with pytest.raises(KeyError, match="translated"):
        async with contextmanager_in_threadpool(translate()):
            raise ValueError("sold out")


async def test_it_is_left_when_cancelled() -> None:
    recorder = Recorder()

    with CancelScope() as scope:
        async with contextmanager_in_threadpool(recorder):
            scope.cancel()
            await anyio.sleep_forever()
    assert recorder.left


async def test_it_is_left_while_every_thread_token_is_taken() -> None:
    recorder, limiter = Recorder(), current_default_thread_limiter()
    holders = [object() for _ in range(int(limiter.total_tokens) - 1)]

    async with contextmanager_in_threadpool(recorder):
        for holder in [*holders, recorder]:
            limiter.acquire_on_behalf_of_nowait(holder)
        # Every token of the common pool is held: only a thread beside the pool can run the exit.
    assert recorder.left
    for holder in [*holders, recorder]:
        limiter.release_on_behalf_of(holder)


async def test_an_exit_is_shielded_and_the_scope_left_as_it_was() -> None:
    steps: list[str] = []

    @asynccontextmanager
    async def resource() -> AsyncIterator[str]:
        try:
            yield "open"
        finally:
            await anyio.lowlevel.checkpoint()
            steps.append("closed")

    with CancelScope() as outer, CancelScope() as cleanup:
        async with shielded_exit(resource(), cleanup) as value:
            steps.append(value)
            outer.cancel()
        steps.append("never reached: cancellation is delivered after the exit")
    assert steps == ["open", "closed"]
    assert cleanup.shield is False


async def test_errors_pass_a_shielded_exit() -> None:
    @asynccontextmanager
    async def resource() -> AsyncIterator[None]:
        yield

    with CancelScope(shield=True) as cleanup:
        with pytest.raises(ValueError, match="sold out"):
            async with shielded_exit(resource(), cleanup):
                raise ValueError("sold out")
        assert cleanup.shield is True


async def test_a_cap_is_held_until_the_context_is_left() -> None:
    semaphore, held, release = Semaphore(1), Event(), Event()

    @asynccontextmanager
    async def resource() -> AsyncIterator[str]:
        yield "value"

    async def use() -> None:
        async with limited(resource(), semaphore) as value:
            assert value == "value"
            held.set()
            await release.wait()

    async with anyio.create_task_group() as group:
        group.start_soon(use)
        await held.wait()
        assert semaphore.value == 0
        release.set()
    assert semaphore.value == 1
