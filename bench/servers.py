"""Starting a contender's server on its core, and asking it single questions."""

import contextlib
import os
import re
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.contenders import Contender
from bench.environments import ROOT, python_of
from bench.processes import cores
from bench.traffic import Reply, Sample, build, read_reply
from bench.workloads import Workload

START_SECONDS = 60.0
ANSWER_SECONDS = 20.0
STOP_SECONDS = 5.0
END_SECONDS = 0.5
"""How long a server that broke a connection may take to end."""
OPEN_FILES = 16_384
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
TROUBLE = re.compile(r"\b(\w*Error|error|fatal|panicked|killed)\b", re.IGNORECASE)
WORK = ROOT / "build" / "bench"


class Unfit(Exception):
    """A contender does not do what a workload asks for; the message is the reason in the report."""


class WrongReply(Unfit):
    """A reply was whole, but not the expected one."""


@dataclass
class Server:
    """A contender's running server."""

    contender: Contender
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def pid(self) -> int:
        """The process that was started; others may be below it."""
        return self.process.pid

    def end(self, within: float = 0.0) -> str:
        """How its process has ended; empty when it does not do so `within` some seconds."""
        try:
            code = self.process.wait(within)
        except subprocess.TimeoutExpired:
            return ""
        how = signal.Signals(-code).name if code < 0 else f"status {code}"
        return f"its server ended with {how}: {self.last_words()}"

    def halt(self) -> None:
        """Have it take no time from others, if it would; `go_on` ends that."""
        if self.contender.polls:
            self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it run again."""
        if self.contender.polls:
            self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def last_words(self) -> str:
        """The last line of its log that tells of an error, or else the last one."""
        text = COLOURS.sub("", self.log.read_text(errors="replace"))
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        told = [line for line in lines if TROUBLE.search(line)]
        return ([*lines, *told] or ["nothing in its log"])[-1][:200]


class Client:
    """Asks one request after the other, on one connection for as long as the server keeps it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: socket.socket | None = None
        self._file: Any = None

    def ask(self, request: bytes) -> Reply:
        """Send a request and read the reply; a connection that the server has closed is opened anew."""
        fresh = self._connection is None
        try:
            return self._ask(request)
        except (OSError, ValueError):
            self.close()
            if fresh:
                raise
        return self._ask(request)

    def _ask(self, request: bytes) -> Reply:
        if self._connection is None:
            self._connection = socket.create_connection(("127.0.0.1", self._port), timeout=ANSWER_SECONDS)
            self._file = self._connection.makefile("rb")
        self._connection.sendall(request)
        reply = read_reply(self._file)
        if reply.headers.get("connection", "").lower() == "close":
            self.close()
        return reply

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._file.close()
            self._connection.close()
            self._connection = None


def allow_many_files() -> None:
    """Raise the limit of open files for this process and the servers that it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(contender: Contender, settings: dict[str, str]) -> Server:
    """Start the server on its core; it need not answer yet."""
    port = free_port()
    WORK.mkdir(parents=True, exist_ok=True)
    program = contender.program or str(python_of(contender.requirements))
    if contender.program == "nginx":
        text = (ROOT / "bench/applications" / contender.application).read_text()
        (WORK / f"nginx-{port}.conf").write_text(text.replace("PORT", str(port)))
    log = WORK / f"{contender.name}.log"
    environment = {**os.environ, **settings, "BENCH_PORT": str(port), "PYTHONPATH": str(ROOT)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "-c", str(min(cores()[1])), program, *contender.arguments(port)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return Server(contender, process, port, log)


def wait_ready(server: Server) -> None:
    """Return once the server says hello.

    Raises:
        Unfit: it has ended, or takes too long.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise Unfit(f"it did not start: {server.end()}")
        client = Client(server.port)
        with contextlib.suppress(OSError, ValueError, EOFError):
            if client.ask(build("/hello")).status == 200:
                client.close()
                return
        client.close()
        time.sleep(0.005)
    raise Unfit(f"its server did not answer within {START_SECONDS:.0f} s: {server.last_words()}")


def stop(server: Server) -> None:
    """Stop it and what it started."""
    server.go_on()
    server.process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.process.wait()


@contextmanager
def serving(contender: Contender, settings: dict[str, str]) -> Iterator[Server]:
    """A server that answers, for as long as the block takes."""
    server = start(contender, settings)
    try:
        wait_ready(server)
        yield server
    finally:
        stop(server)


def check(server: Server, workload: Workload) -> None:
    """Ask everything once.

    Raises:
        WrongReply: a reply is not the expected one.
        Unfit: there is none.
    """
    client = Client(server.port)
    try:
        for sample in [*workload.samples(), *workload.rejections()]:
            check_one(server, client, sample)
    finally:
        client.close()


def check_one(server: Server, client: Client, sample: Sample) -> None:
    """Ask one request.

    Raises:
        WrongReply: the reply is not the expected one.
        Unfit: there is none.
    """
    line = sample.request.partition(b"\r\n")[0].decode()
    try:
        reply = client.ask(sample.request)
    except Exception as error:  # whatever a broken reply makes of `http.client`
        raise Unfit(f"{line}: {server.end(END_SECONDS) or describe(error)}") from error
    wrong = sample.difference(reply)
    if wrong:
        raise WrongReply(f"{line}: {wrong}")


def describe(error: Exception) -> str:
    """What happened, with its kind."""
    return f"{type(error).__name__}: {error}"
