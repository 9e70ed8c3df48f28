"""Rows 16 and 23: what stands beside a server: a store that fails, a proxy that reads requests its own way."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from statistics import median

from reliability.aborts import happened
from reliability.cases.case import converse
from reliability.cases.malformed import MALFORMED
from reliability.cases.rules import ANSWERS
from reliability.cases.smuggling import SMUGGLING
from reliability.check import Figure, Skipped, at_least, at_most, exactly
from reliability.longer import needs
from reliability.peer import connected, get
from reliability.polite import polite_client
from reliability.serving import Served, free_port, serving, until, untroubled


def _redis(port: int) -> subprocess.Popen[bytes]:
    command = [needs("redis-server"), "--port", str(port), "--save", "", "--appendonly", "no"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


async def _ask(server: Served) -> tuple[int, float]:
    begun = time.monotonic()
    async with connected(server.port) as peer:
        return (await peer.ask(get("/stored", "Connection: close"))).status, time.monotonic() - begun


async def _recovered(server: Served) -> float:
    begun = time.monotonic()
    for _ in range(100):
        if (await _ask(server))[0] == 200:
            break
        await asyncio.sleep(0.05)
    return time.monotonic() - begun


async def _beside(server: Served) -> tuple[float, list[tuple[int, float]]]:
    """Requests for what is in the store, and how late a client of another route is meanwhile.

    Returns:
        The 99th percentile of the other route, the median of five times; statuses and seconds of the requests.
    """
    late, answers = [], []
    for _ in range(5):
        async with polite_client(server.port, 3.0) as latencies:
            answers += await asyncio.gather(*(_ask(server) for _ in range(30)))
        late.append(latencies.percentile(0.99))
    return median(late), answers


async def _while_away(server: Served, what: str, usual: float) -> AsyncIterator[Figure]:
    late, answers = await _beside(server)
    yield exactly(f"{what}: statuses", {status for status, _ in answers}, {503})
    yield at_most(f"{what}: the slowest of them", max(seconds for _, seconds in answers), 1, "s")
    yield at_most(f"{what}: 99th percentile of other routes, of the usual one", late / usual, 1.2, "times")


async def store() -> AsyncIterator[Figure]:
    """A store that stops, goes on, dies and comes back."""
    if importlib.util.find_spec("redis") is None:
        raise Skipped("redis is not installed: pip install --group reliability")
    port = free_port()
    process = _redis(port)
    try:
        with serving("reliability.stored:app", environment={"STORE_PORT": str(port)}) as server:
            yield at_most("the first answer", await _recovered(server), 2, "s")
            usual, _ = await _beside(server)
            before = server.descriptors()
            process.send_signal(signal.SIGSTOP)
            async for figure in _while_away(server, "stopped", usual):
                yield figure
            process.send_signal(signal.SIGCONT)
            yield at_most("goes on: recovered after", await _recovered(server), 2, "s")
            process.kill()
            process.wait()
            async for figure in _while_away(server, "killed", usual):
                yield figure
            process = _redis(port)
            yield at_most("started again: recovered after", await _recovered(server), 2, "s")
            yield at_most("descriptors", server.descriptors() - before, 2, "more")
            yield untroubled(server)
    finally:
        process.kill()
        process.wait()


_CONFIGURATION = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 256; }}
http {{
    log_format short '$upstream_status'; access_log {folder}/access short;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; underscores_in_headers on;
    upstream there {{ server 127.0.0.1:{there}; keepalive 4; }}
    server {{
        listen 127.0.0.1:{port}; client_max_body_size 0; large_client_header_buffers 8 16k;
        location / {{
            proxy_pass http://there; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_request_buffering off; proxy_next_upstream off;
        }}
    }}
}}
"""


@contextlib.contextmanager
def _nginx(there: int) -> Iterator[tuple[int, Path]]:
    program, port = needs("nginx"), free_port()
    with tempfile.TemporaryDirectory(prefix="reliability-") as folder:
        Path(folder).chmod(0o755)
        configuration = Path(folder) / "conf"
        configuration.write_text(_CONFIGURATION.format(folder=folder, port=port, there=there))
        process = subprocess.Popen(
            [program, "-c", str(configuration), "-p", folder], stderr=subprocess.DEVNULL
        )
        try:
            yield port, Path(folder) / "access"
        finally:
            process.terminate()
            process.wait()


def _forwarded(log: Path) -> int:
    """How many requests the proxy has passed on, and got an answer for that the application gave."""
    if not log.exists():
        return 0
    return sum(line.strip() in {"200", "204", "404", "405", "422"} for line in log.read_text().splitlines())


async def differential() -> AsyncIterator[Figure]:
    """Every case by way of a proxy: as many requests arrive as it has passed on."""
    with serving("reliability.counting:app") as server, _nginx(server.port) as (port, log):
        await until(lambda: _listens(port), 10)
        cases = [case for case in (*ANSWERS, *SMUGGLING, *MALFORMED) if b"pgrade" not in case.data]
        different = 0
        for case in cases:
            before = (await happened(server)).get("requests", 0), _forwarded(log)
            with contextlib.suppress(TimeoutError):
                await converse(port, case.data)
            after = (await happened(server)).get("requests", 0), _forwarded(log)
            if after[0] - before[0] != after[1] - before[1]:
                different += 1
                print(f"    {case.name}: {after[1] - before[1]} passed on, {after[0] - before[0]} seen")
        yield exactly(f"cases in which they differ, of {len(cases)}", different, 0)
        yield at_least("requests passed on", _forwarded(log), 50)
        yield untroubled(server)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
