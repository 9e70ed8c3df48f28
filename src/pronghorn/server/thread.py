"""A server in a thread, for tests and notebooks.

Lives here: the context manager `running`. Must not live here: anything that production needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
from collections.abc import Iterator
from typing import Any

from pronghorn.server.config import ServerConfig
from pronghorn.server.loops import loop_factory
from pronghorn.server.server import Server


@contextlib.contextmanager
def running(app: Any, config: ServerConfig | None = None, **options: Any) -> Iterator[Server]:
    """Serve `app` from a thread of its own while the block runs.

    Args:
        app: the application.
        config: the options; without it a free port of this machine, no access log.
        options: single options instead of `config`.

    Yields:
        the server, listening; `server.url` is where.

    Raises:
        BaseException: whatever kept the server from starting, or made it stop.

    Example:
        >>> with running(app) as server:  # doctest: +SKIP
        ...     urllib.request.urlopen(server.url)
    """
    config = config or ServerConfig(**{"port": 0, "access_log": False, **options})
    thread = _ServerThread(app, config)
    thread.start()
    thread.ready.wait()
    # This process outlives the server: what it has made so far must stay within the collector's reach.
    gc.unfreeze()
    try:
        if thread.error is None:
            yield thread.server
    finally:
        thread.stop()
    if thread.error is not None:
        raise thread.error


class _ServerThread(threading.Thread):
    """Runs one server on one event loop."""

    server: Server
    loop: asyncio.AbstractEventLoop

    def __init__(self, app: Any, config: ServerConfig) -> None:
        super().__init__(name="pronghorn-server", daemon=True)
        self._app = app
        self._config = config
        self.ready = threading.Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=loop_factory(self._config.loop)) as runner:
                runner.run(self._serve())
        except BaseException as error:  # handed to the thread that waits
            self.error = error
        finally:
            self.ready.set()

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.server = Server(self._app, self._config)
        serving = asyncio.create_task(self.server.serve())
        started = asyncio.create_task(self.server.started.wait())
        await asyncio.wait([serving, started], return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if self.server.started.is_set():
            self.ready.set()  # else the error is known first
        await serving

    def stop(self) -> None:
        """Stop the server and wait for its thread."""
        if self.is_alive():
            with contextlib.suppress(RuntimeError):  # the loop may have ended by itself
                self.loop.call_soon_threadsafe(self.server.stop)
        self.join()
