"""Row 21, from inside: the parsers written in Python, with inputs that coverage leads to.

Lives here: what must hold for any bytes, and the two ways to look: replaying the corpus with mutations, and
atheris, which adds to the corpus what reaches new lines. Run as a program it is the latter:
`python -m reliability.parser_fuzz NAME RUNS SECONDS`.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from reliability.check import Figure, Skipped, at_least, at_most, exactly
from reliability.serving import ROOT

CORPUS = Path(__file__).parent / "corpus"
_FILE = ROOT / "reliability" / "files" / "note.txt"
_FACTS = _FILE.stat()
_ROUNDS = 20_000
_UNDER_TEST = (
    "pronghorn._compile.wire",
    "pronghorn.server.proxy",
    "pronghorn.server.reader",
    "pronghorn.server.target",
    "reliability.forms",
    "starlette.responses",
)
"""Imported so that atheris sees which lines of them an input reaches; a target imports nothing else."""


def query(data: bytes) -> None:
    """`parse_query` gives the library's last value for each name."""
    from pronghorn._compile.wire import parse_query

    assert parse_query(data) == dict(parse_qsl(data.decode("latin-1"), keep_blank_values=True))


def cookies(data: bytes) -> None:
    """`read_cookies` gives text by text, whatever the quotes."""
    from pronghorn._base.cookies import unquote
    from pronghorn._compile.wire import read_cookies

    found = read_cookies([(b"cookie", data)])
    assert all(isinstance(text, str) for pair in found.items() for text in pair)
    quoted = data.decode("latin-1")
    assert len(unquote(quoted) or "") <= len(quoted)


def forwarded(data: bytes) -> None:
    """Whatever a client writes in front, the proxy's own word counts, or nothing does."""
    from pronghorn.server.proxy import TrustedProxies

    peer = ("127.0.0.1", 1)
    ours = TrustedProxies(family="forwarded").origin(
        peer, "http", [(b"forwarded", data), (b"forwarded", b"for=9.9.9.9")]
    )
    assert ours[0] in (("9.9.9.9", 0), peer)
    listed = TrustedProxies().origin(peer, "http", [(b"x-forwarded-for", data + b", 9.9.9.9")])
    assert listed[0] == ("9.9.9.9", 0)


def target(data: bytes) -> None:
    """A target is refused, or is a path that begins with a slash."""
    from pronghorn.server.target import BadTarget, check_host, decode_path, split_target

    try:
        path, _ = split_target(data or b"/", "GET")
        assert decode_path(path).startswith("/")
        check_host(data)
        assert b"@" not in data
    except BadTarget:
        return


def ranges(data: bytes) -> None:
    """A file is sent whole, in part, or not at all, by one of the statuses that are meant for it."""
    from starlette.responses import FileResponse

    from reliability.forms import run_at_once

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise RuntimeError("nobody asks")

    # Of a HEAD the file itself is not read, and nothing waits.
    scope = {"type": "http", "method": "HEAD", "headers": [(b"range", data)], "extensions": {}}
    run_at_once(FileResponse(_FILE, stat_result=_FACTS)(scope, receive, send))
    assert sent[0]["status"] in (200, 206, 400, 416)


def host(data: bytes) -> None:
    """A Host that is let in is a name or an address, a port or none, and nothing that ends a part of a URL."""
    from pronghorn.server.target import BadTarget, check_host

    try:
        check_host(data)
    except BadTarget:
        return
    text = data.decode("ascii")
    assert not set(text) & set("@/\\?# \t\r\n")
    name = text[: text.index("]") + 1] if text.startswith("[") else text.partition(":")[0]
    port = text[len(name) :]
    assert name
    assert port in ("", ":") or (port[0] == ":" and port[1:].isdigit() and len(port) <= 6)


def form(data: bytes) -> None:
    """A form is the same form wherever it is cut, or none."""
    from reliability.forms import fields_of

    place = data[0] % len(data) if data else 0
    assert fields_of(data) == fields_of(data[:place], data[place:])


def multipart(data: bytes) -> None:
    """So is one in parts; whether one without any is refused may depend on it.

    So may whether a preamble is skipped or refused, in python-multipart: that is cut off.
    """
    from reliability.forms import parts_of

    body = data[max(data.find(b"--b"), 1) :]
    place = data[0] % len(data) if data else 0
    whole, cut = parts_of(body), parts_of(body[:place], body[place:])
    assert (whole or None) == (cut or None)


def request(data: bytes) -> None:
    """A request is the same request wherever it is cut."""
    from tests.server.test_reader import outcome

    if data:
        place = data[0] % len(data)
        whole, parts = outcome(data[1:]), outcome(data[1:][:place], data[1:][place:])
        assert (whole[1] is None) == (parts[1] is None)
        if whole[1] is None:
            assert whole == parts


TARGETS: dict[str, Callable[[bytes], None]] = {
    "form": form,
    "multipart": multipart,
    "host": host,
    "query": query,
    "cookies": cookies,
    "forwarded": forwarded,
    "target": target,
    "ranges": ranges,
    "request": request,
}


def seeds(name: str) -> list[bytes]:
    """The corpus of a target, in a stable order."""
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


def mutated(dice: random.Random, found: list[bytes]) -> bytes:
    """A seed, or two of them, with a few bytes changed."""
    data = bytearray(dice.choice(found) + (dice.choice(found) if dice.random() < 0.3 else b""))
    for _ in range(dice.randint(0, 4)):
        place = dice.randint(0, len(data))
        if dice.random() < 0.5:
            data[place:place] = bytes([dice.choice(b'%&=;,"\\ :/?#@[]-0a\r\n\xff')]) * dice.choice((1, 1, 8))
        else:
            del data[place : place + dice.randint(1, 5)]
    return bytes(data)


def _hold_all(hold: Callable[[bytes], None], inputs: list[bytes]) -> None:
    for data in inputs:
        hold(data)


async def parsers() -> AsyncIterator[Figure]:
    """20,000 mutations of each corpus; a target that fails raises."""
    dice = random.Random(int(os.environ.get("RELIABILITY_SEED", "1")))
    for name, hold in TARGETS.items():
        found = seeds(name)
        begun = time.process_time()
        await asyncio.to_thread(_hold_all, hold, [mutated(dice, found) for _ in range(_ROUNDS)])
        yield at_least(f"{name}: mutations that hold", _ROUNDS, _ROUNDS)
        yield at_most(f"{name}: time for all", time.process_time() - begun, 60, "s")


async def covered() -> AsyncIterator[Figure]:
    """`RELIABILITY_RUNS` (ten million) for each target, or what `RELIABILITY_SECONDS` (an hour) are enough for."""
    if importlib.util.find_spec("atheris") is None:
        raise Skipped("atheris is not installed: pip install --group reliability")
    runs = os.environ.get("RELIABILITY_RUNS", "10000000")
    seconds = os.environ.get("RELIABILITY_SECONDS", "3600")
    for name in TARGETS:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "reliability.parser_fuzz", name, runs, seconds),
            cwd=ROOT,
            stderr=asyncio.subprocess.PIPE,
        )
        _out, told = await process.communicate()
        text = told.decode(errors="replace")
        done = [line for line in text.splitlines() if line.startswith("Done ")]
        if process.returncode:
            print(text[-2000:])
        yield exactly(f"{name}: {done[-1] if done else 'ended early'}; exit code", process.returncode, 0)


def _fuzz(name: str, runs: str, seconds: str) -> None:
    atheris: Any = importlib.import_module("atheris")  # compiled, without types
    with atheris.instrument_imports(include=["pronghorn", "starlette", "python_multipart"]):
        for module in _UNDER_TEST:
            importlib.import_module(module)
    options = [
        f"-runs={runs}",
        f"-max_total_time={seconds}",
        "-max_len=400",
        "-timeout=5",
        "-verbosity=1",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(CORPUS / name)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    _fuzz(*sys.argv[1:4])
