"""From asynchronous code, run what blocks in worker threads; let handlers finish without their clients."""

from pronghorn._base.concurrency import (
    asynccontextmanager,
    contextmanager_in_threadpool,
    iterate_in_threadpool,
    run_in_threadpool,
    run_until_first_complete,
)
from pronghorn._base.interruption import uninterrupted

__all__ = [
    "asynccontextmanager",
    "contextmanager_in_threadpool",
    "iterate_in_threadpool",
    "run_in_threadpool",
    "run_until_first_complete",
    "uninterrupted",
]
