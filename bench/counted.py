"""Instructions per request, counted by callgrind: `python -m bench.counted`.

The native server's whole connection on a transport in memory: parser, routing, plan, response bytes. What
is counted does not depend on how busy the machine is, so that a few per cent more are a finding.

One process imports the application under callgrind and forks twice for each workload, to serve a few
requests and to serve many. The difference of the two counts, divided by the difference of the two numbers,
is the figure; start-up cancels out.

`python -m bench.counted --serve hello 5000` serves the requests without callgrind, for other profilers.
"""

import argparse
import asyncio
import contextvars
import gc
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterable
from importlib import import_module, reload
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path
from typing import Any, cast

from bench import settings
from bench.drivers import handshake, text_frame
from bench.traffic import Sample, build, parse_reply
from bench.workloads import Workload, workload

COUNTED: tuple[str, ...] = (
    "hello",
    "parameters",
    "body",
    "rejected",
    "rows",
    "chain",
    "dependencies",
    "dependencies-def",
    "def",
    "await-one",
    "upload",
    "events",
    "echo",
    "middleware",
)
FEW, MANY = 50, 300
FEW_LARGE, MANY_LARGE = 1, 4
LARGE = 1024 * 1024
"""A request of so many bytes is a large one, of which some are enough."""
PIECE = 256 * 1024
"""What a socket gives at a time."""
BOUND = 0.05
BASELINE = Path(__file__).with_name("baseline.json")
TOTALS = re.compile(r"^(?:totals|summary): (\d+)", re.MULTILINE)


class Wire(asyncio.Transport):
    """A transport in memory: keeps what is written, and wakes who waits for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__({"peername": ("127.0.0.1", 50000), "sockname": ("127.0.0.1", 8000)})
        self._loop = loop
        self._protocol: asyncio.BaseProtocol | None = None
        self.on_written: Callable[[], None] | None = None
        self._resumed: asyncio.Future[None] | None = None
        self.paused = False
        self.sent: list[bytes] = []

    def write(self, data: Any) -> None:
        """Keep it."""
        self.sent.append(data)
        if self.on_written is not None:
            self._loop.call_soon(self.on_written)
            self.on_written = None

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Somebody else reads from now on."""
        self._protocol = protocol

    def get_protocol(self) -> asyncio.Protocol:
        """Who reads."""
        return cast("asyncio.Protocol", self._protocol)

    def pause_reading(self) -> None:
        """Nothing more may come for now."""
        self.paused = True

    def resume_reading(self) -> None:
        """More may come."""
        self.paused = False
        if self._resumed is not None:
            self._resumed.set_result(None)
            self._resumed = None

    async def wait_resumed(self) -> None:
        """Return when more may come."""
        self._resumed = self._loop.create_future()
        await self._resumed

    async def wait_written(self) -> None:
        """Return when something has been written."""
        written = self._loop.create_future()
        self.on_written = lambda: written.set_result(None)
        await written

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """There is no buffer."""

    def get_write_buffer_size(self) -> int:
        """Nothing waits."""
        return 0

    def is_closing(self) -> bool:
        """It stays."""
        return False


class Client:
    """One connection of the native server to `app`, as `Server` sets it up, minus the socket."""

    def __init__(self, app: Any) -> None:
        from pronghorn.server.config import ServerConfig
        from pronghorn.server.connection import HttpConnection
        from pronghorn.server.site import Site
        from pronghorn.server.tasks import Tasks

        self.loop = loop = asyncio.get_running_loop()
        config = ServerConfig(access_log=False, max_body_size=16 * LARGE)
        self.site = Site(app, config, loop, Tasks(loop, contextvars.copy_context()))
        self.wire = Wire(loop)
        self.connection = HttpConnection(self.site)
        self.wire.set_protocol(self.connection)
        self.connection.connection_made(self.wire)

    async def ask(self, requests: Iterable[bytes]) -> None:
        """Send requests, each when the one before has its response; from callbacks of the loop, as a socket's are."""
        following = iter(requests)
        done = self.loop.create_future()

        def go_on() -> None:
            if self.connection.active is not None:
                self.wire.on_written = go_on
                return
            for request in following:
                self.wire.sent.clear()
                self.connection.data_received(request)
                if self.connection.active is not None:
                    self.wire.on_written = go_on
                    return
            done.set_result(None)

        self.loop.call_soon(go_on)
        await done

    async def ask_large(self, requests: Iterable[bytes]) -> None:
        """The same for large ones, which come in pieces and wait while the connection wants no more."""
        for request in requests:
            self.wire.sent.clear()
            for start in range(0, len(request), PIECE):
                while self.wire.paused:
                    await self.wire.wait_resumed()
                self.connection.data_received(request[start : start + PIECE])
            while self.connection.active is not None:
                await self.wire.wait_written()

    async def talk(self, messages: Iterable[bytes]) -> None:
        """Send messages to whoever reads now, each when something has come back for the one before."""
        for message in messages:
            self.wire.sent.clear()
            self.wire.get_protocol().data_received(message)
            while not self.wire.sent:
                await self.wire.wait_written()

    async def check(self, samples: list[Sample]) -> None:
        """Raise unless every request gets its reply."""
        for sample in samples:
            await self.ask_large([sample.request])
            wrong = sample.difference(parse_reply(b"".join(self.wire.sent)))
            self.wire.sent.clear()
            if wrong:
                raise RuntimeError(f"{sample.request!r}: {wrong}")


async def ask_all(client: Client, load: Workload, count: int) -> None:
    """Check every request once, then send `count`."""
    samples = load.samples()
    await client.check(samples)
    gc.collect()
    gc.freeze()  # as the server does once it has started
    ask = client.ask_large if is_large(load) else client.ask
    # The last ones first: what a server has remembered of the first ones is no measure.
    await ask(islice(cycle([sample.request for sample in reversed(samples)]), count))


async def stream_events(client: Client, load: Workload, count: int) -> None:
    """One stream with `count` events, which does not pause between two of them."""
    settings.EVENT_PAUSE = 0
    expected = [{"n": n, "text": f"event {n}"} for n in range(count)]
    gc.freeze()
    await client.ask([build(f"/events?count={count}")])
    reply = parse_reply(b"".join(client.wire.sent)).body.decode()
    if [json.loads(line[5:]) for line in reply.splitlines() if line.startswith("data:")] != expected:
        raise RuntimeError(f"/events: {reply[:500]}")


async def echo(client: Client, load: Workload, count: int) -> None:
    """One WebSocket that gets back `count` messages."""
    await client.talk([handshake("/ws/echo")])
    gc.freeze()
    for number in range(count):
        await client.talk([text_frame(f"message {number}")])
        if not b"".join(client.wire.sent).endswith(f"message {number}".encode()):
            raise RuntimeError(f"/ws/echo: {client.wire.sent}")


Driver = Callable[[Client, Workload, int], Coroutine[Any, Any, None]]
DRIVERS: dict[str, Driver] = {"wrk": ask_all, "events": stream_events, "echo": echo}


async def serve(app: Any, load: Workload, count: int) -> None:
    """Serve `count` of what the workload counts."""
    from pronghorn._base.lifespan import Lifespan

    lifespan = Lifespan(app, "auto")
    await lifespan.start()
    await DRIVERS[load.driver](Client(app), load, count)
    await lifespan.stop()


def is_large(load: Workload) -> bool:
    """Whether some of its requests are enough, since each takes long."""
    return load.driver == "wrk" and len(load.samples()[0].request) > LARGE


def counts(load: Workload) -> tuple[int, int]:
    """How many to serve, few and many."""
    return (FEW_LARGE, MANY_LARGE) if is_large(load) else (FEW, MANY)


def application(load: Workload) -> Any:
    """The application with the settings of `load`; imported afresh, since it reads them once."""
    os.environ.update(load.settings)
    reload(settings)
    sys.modules.pop("bench.applications.pronghorn", None)
    return import_module("bench.applications.pronghorn").app


def run_here(name: str, count: int) -> None:
    """Serve on the loop that the server would use."""
    from pronghorn.server.loops import loop_factory

    load = workload(name)
    app = application(load)
    with asyncio.Runner(loop_factory=loop_factory("auto")) as runner:
        runner.run(serve(app, load, count))


def run_forked(name: str, count: int) -> int:
    """The same in a fork of this process; its process id, once it has ended well."""
    child = os.fork()
    if child == 0:
        run_here(name, count)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError(f"{name} failed")
    return child


def run_all(names: list[str]) -> None:
    """Under callgrind: fork for every workload, few and many; print which process was which."""
    import_module("pronghorn.server.connection")
    import_module("pronghorn.server.loops").loop_factory("auto")
    import_module("bench.applications.pronghorn")
    json.dump(
        {name: [run_forked(name, count) for count in counts(workload(name))] for name in names}, sys.stdout
    )


def count_instructions(names: list[str], folder: Path) -> dict[str, int]:
    """Instructions per request of each workload; callgrind's files are left in `folder`."""
    command = [
        *("valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/callgrind.out.%p"),
        *("-q", sys.executable, "-m", "bench.counted", "--forks", *names),
    ]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    processes = cast("dict[str, list[int]]", json.loads(done.stdout))
    figures = {}
    for name, pids in processes.items():
        few, many = (total(folder / f"callgrind.out.{pid}") for pid in pids)
        at_first, at_last = counts(workload(name))
        figures[name] = round((many - few) / (at_last - at_first))
    return figures


def total(file: Path) -> int:
    """What callgrind counted in one process."""
    found = TOTALS.findall(file.read_text())
    if not found:
        raise RuntimeError(f"{file} has no total")
    return int(found[-1])


def build_key() -> str:
    """What the figures depend on beside our source: the interpreter's build and the compiled libraries."""
    compiler = platform.python_compiler()
    libraries = " ".join(f"{name}-{version(name)}" for name in ("pydantic-core", "httptools", "uvloop"))
    return f"{platform.python_implementation()} {platform.python_version()} {compiler} {platform.machine()} {libraries}"


def compare(figures: dict[str, int], expected: dict[str, int]) -> list[str]:
    """Print every figure beside its baseline; the names of those that are out of bounds."""
    worse = []
    print(f"{'instructions per request':<28}{'now':>10}{'baseline':>10}")
    for name, figure in figures.items():
        known = expected.get(name)
        change = f"{figure / known - 1:+.1%}" if known else ""
        print(f"{name:<28}{figure:>10,}{known or '-':>10}  {change}")
        if known and figure > known * (1 + BOUND):
            worse.append(name)
    return worse


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.counted", description=__doc__)
    parser.add_argument("workload", nargs="*", help=f"which ones: {', '.join(COUNTED)}; without, all")
    parser.add_argument("--serve", nargs=2, metavar=("WORKLOAD", "N"), help="serve N requests, count nothing")
    parser.add_argument("--keep", type=Path, help="keep callgrind's files in this folder")
    parser.add_argument("--write", action="store_true", help="make these figures the baseline of this build")
    parser.add_argument("--forks", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """Count, compare; 1 when a workload takes more than the baseline allows."""
    options = parse_arguments()
    if options.serve:
        run_here(options.serve[0], int(options.serve[1]))
        return 0
    names = options.workload or list(COUNTED)
    if options.forks:
        run_all(names)
        return 0
    if shutil.which("valgrind") is None:
        print("valgrind is needed to count instructions; on Debian: apt-get install valgrind")
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        figures = count_instructions(names, folder)
    baselines = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    key = build_key()
    worse = compare(figures, baselines.get(key, {}))
    if options.write:
        baselines[key] = {**baselines.get(key, {}), **figures}
        BASELINE.write_text(json.dumps(baselines, indent=2) + "\n")
        print(f"written to {BASELINE}")
        return 0
    if key not in baselines:
        print(f"no baseline for this build, so nothing was checked: {key}")
    if worse:
        print(f"more than {BOUND:.0%} above the baseline: {', '.join(worse)}")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
