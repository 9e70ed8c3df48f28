import asyncio
import contextvars
import os
import threading
from typing import Any

import anyio.from_thread
import anyio.to_thread
import pytest

from pronghorn._base import workers as module
from pronghorn._base.workers import Mailbox, Workers, leave_async, run_in_worker, use_anyio_limit, workers

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


async def test_a_function_runs_in_another_thread_and_gives_its_result() -> None:
    thread, total = await run_in_worker(
        contextvars.copy_context(), lambda *numbers: (threading.current_thread(), sum(numbers)), 1, 2
    )

    assert thread is not threading.current_thread()
    assert total == 3


async def test_an_exception_comes_back() -> None:
    with pytest.raises(ZeroDivisionError):
        await run_in_worker(contextvars.copy_context(), lambda: 1 / 0)


async def test_stop_iteration_becomes_a_runtime_error_as_a_future_cannot_hold_it() -> None:
    with pytest.raises(RuntimeError, match="StopIteration") as caught:
        await run_in_worker(contextvars.copy_context(), lambda: next(iter(())))

    assert isinstance(caught.value.__cause__, StopIteration)


async def test_a_function_runs_in_the_given_context() -> None:
    variable = contextvars.ContextVar("variable", default="outside")
    context = contextvars.copy_context()
    context.run(variable.set, "inside")

    assert await run_in_worker(context, variable.get) == "inside"
    assert variable.get() == "outside"


async def test_code_in_a_worker_can_call_back_into_the_loop() -> None:
    async def on_loop() -> str:
        return threading.current_thread().name

    name = await run_in_worker(leave_async(contextvars.copy_context()), anyio.from_thread.run, on_loop)

    assert name == threading.current_thread().name


async def test_code_in_a_worker_can_run_a_loop_of_its_own() -> None:
    async def main() -> str:
        await anyio.sleep(0)
        return "ran"

    assert await run_in_worker(leave_async(contextvars.copy_context()), anyio.run, main) == "ran"


async def test_who_is_cancelled_waits_for_the_thread_to_end() -> None:
    started, released, ended = asyncio.Event(), threading.Event(), []
    loop = asyncio.get_running_loop()

    def work() -> None:
        loop.call_soon_threadsafe(started.set)
        released.wait()
        ended.append(True)

    task = asyncio.create_task(run_in_worker(contextvars.copy_context(), work))
    await started.wait()
    task.cancel()
    released.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert ended == [True]


async def test_cancelling_after_the_result_came_does_not_wait() -> None:
    task: asyncio.Task[Any]

    def cancel_then_finish() -> None:
        loop.call_soon_threadsafe(lambda: None)

    loop = asyncio.get_running_loop()
    task = asyncio.create_task(run_in_worker(contextvars.copy_context(), cancel_then_finish))
    await asyncio.wait([task])
    assert task.cancel() is False


async def test_results_that_are_ready_together_come_in_one_delivery() -> None:
    loop = asyncio.get_running_loop()
    mailbox, results = Mailbox(loop), []
    done = asyncio.Event()

    def take(result: Any, error: BaseException | None) -> None:
        results.append(result)
        if len(results) == 3:
            done.set()

    for number in range(3):
        mailbox.post(take, number, None)
    assert mailbox._scheduled
    await done.wait()

    assert results == [0, 1, 2]
    assert not mailbox._scheduled


async def test_a_callback_that_fails_is_reported_and_the_others_are_called() -> None:
    loop = asyncio.get_running_loop()
    mailbox, reports = Mailbox(loop), []
    done = asyncio.Event()

    def fail(result: Any, error: BaseException | None) -> None:
        raise ValueError("callback")

    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: reports.append(context))
    try:
        mailbox.post(fail, None, None)
        mailbox.post(lambda result, error: done.set(), None, None)
        await done.wait()
    finally:
        loop.set_exception_handler(before)

    assert [str(report["exception"]) for report in reports] == ["callback"]


async def test_a_loop_has_one_mailbox() -> None:
    pool = Workers()
    loop = asyncio.get_running_loop()

    assert pool.mailbox(loop) is pool.mailbox(loop)


def test_results_for_a_closed_loop_are_dropped() -> None:
    loop = asyncio.new_event_loop()
    mailbox = Mailbox(loop)
    loop.close()

    mailbox.post(lambda result, error: None, 1, None)

    assert not mailbox._results


def test_results_for_a_loop_that_is_gone_go_nowhere() -> None:
    loop = asyncio.new_event_loop()
    mailbox = Mailbox(loop)
    loop.close()
    mailbox._loop = lambda: None  # type: ignore[assignment]  # as a dead reference answers

    mailbox.post(lambda result, error: 1 / 0, 1, None)  # type: ignore[arg-type]
    mailbox._deliver()

    assert not mailbox._results


async def run_jobs(pool: Workers, count: int) -> set[str]:
    """Run jobs that all wait for each other; the names of their threads."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    barrier = threading.Barrier(min(count, pool.limit))
    names: list[str] = []

    def take(result: Any, error: BaseException | None) -> None:
        assert error is None
        names.append(result)
        if len(names) == count:
            done.set()

    def work() -> str:
        barrier.wait()
        return str(threading.get_ident())

    for _ in range(count):
        pool.submit(pool.mailbox(loop), contextvars.copy_context(), work, (), take)
    await done.wait()
    return set(names)


async def test_threads_are_started_as_they_are_needed_up_to_the_limit() -> None:
    pool = Workers(2)

    assert len(await run_jobs(pool, 1)) == 1
    assert len(await run_jobs(pool, 4)) == 2
    assert pool._threads == 2


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_IDLE_SECONDS", 0.001)


async def test_an_idle_thread_ends(impatient: None) -> None:
    pool = Workers()
    await run_jobs(pool, 1)
    for thread in threading.enumerate():
        if getattr(thread, "_target", None) == pool._work:
            await anyio.to_thread.run_sync(thread.join)

    assert pool._threads == 0
    assert len(await run_jobs(pool, 1)) == 1


def test_an_idle_thread_that_is_called_when_it_was_about_to_end_stays() -> None:
    pool, bell = Workers(), threading.Lock()
    bell.acquire()
    pool._threads = 1
    with pool._lock:
        assert pool._take(bell) is None
        pool._call_thread()

    assert not pool._may_end(bell)
    assert pool._threads == 1
    assert not bell.acquire(blocking=False)


async def test_each_thread_calls_the_next_while_jobs_are_left() -> None:
    pool, bells = Workers(), [threading.Lock() for _ in range(3)]
    pool._threads = len(bells)
    for bell in bells:
        bell.acquire()
        assert pool._take(bell) is None
    mailbox = pool.mailbox(asyncio.get_running_loop())

    def called() -> list[bool]:
        return [not bell.locked() for bell in bells]

    for number in range(3):
        pool.submit(mailbox, contextvars.copy_context(), abs, (number,), print)
    assert called() == [False, False, False]
    pool.call(mailbox)
    assert called() == [False, False, True]  # one for all three, and the one that was busy last

    for taken, expected in ((0, [False, True, True]), (1, [True, True, True]), (2, [True, True, True])):
        pool._coming = False  # as whoever was called says first
        job = pool._take(bells[2 - taken])
        assert job is not None
        assert job[2] == (taken,)
        assert called() == expected


async def test_jobs_that_wait_for_each_other_all_get_a_thread_though_they_come_at_once() -> None:
    pool = Workers()
    for count in (1, 16, 3, 30):
        assert len(await asyncio.wait_for(run_jobs(pool, count), 10)) == count
    assert pool._threads <= 31  # an idle one may have been on its way when the last job came


async def test_where_no_thread_can_be_started_the_others_do_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Workers()
    await run_jobs(pool, 1)

    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    released = threading.Event()
    loop, done, results = asyncio.get_running_loop(), asyncio.Event(), []

    def take(result: Any, error: BaseException | None) -> None:
        results.append(result)
        if len(results) == 3:
            done.set()

    pool.submit(pool.mailbox(loop), contextvars.copy_context(), released.wait, (), take)
    for number in (1, 2):
        pool.submit(pool.mailbox(loop), contextvars.copy_context(), abs, (number,), take)
    released.set()
    await done.wait()
    assert results == [True, 1, 2]


async def test_where_there_is_no_thread_at_all_the_job_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(module, "workers", Workers())
    monkeypatch.setattr(threading.Thread, "start", start)

    with pytest.raises(RuntimeError, match="can't start new thread"):
        await run_in_worker(contextvars.copy_context(), abs, 1, pool=module.workers)
    assert not module.workers._jobs


async def test_jobs_of_one_turn_of_the_loop_call_one_thread() -> None:
    pool, calls = Workers(), []
    mailbox = pool.mailbox(asyncio.get_running_loop())

    def call(mailbox: Mailbox) -> None:
        calls.append(len(pool._jobs))
        mailbox.called.discard(pool)

    pool.call = call  # type: ignore[method-assign]
    for number in range(3):
        pool.submit(mailbox, contextvars.copy_context(), abs, (number,), print)
    assert calls == []
    await asyncio.sleep(0)
    assert calls == [3]

    pool.submit(mailbox, contextvars.copy_context(), abs, (3,), print)
    await asyncio.sleep(0)
    assert calls == [3, 4]


async def test_as_many_threads_are_allowed_as_by_anyio() -> None:
    limiter, before = anyio.to_thread.current_default_thread_limiter(), workers.limit
    tokens = limiter.total_tokens
    try:
        limiter.total_tokens = 7
        use_anyio_limit()
        assert workers.limit == 7
    finally:
        limiter.total_tokens, workers.limit = tokens, before


@pytest.mark.skipif(not hasattr(os, "register_at_fork"), reason="no fork here")
def test_a_forked_child_starts_with_no_threads() -> None:
    threads, jobs, limit = workers._threads, workers._jobs, workers.limit
    try:
        workers._threads = 5
        module._start_anew()
        assert (workers._threads, workers.limit) == (0, limit)
        assert workers._jobs is not jobs
    finally:
        workers._threads, workers._jobs = threads, jobs
