"""A run survives what its contenders do."""

import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from bench import drivers, matrix
from bench.contenders import Contender
from bench.processes import stat_fields
from bench.run import Options, Run, Standing
from bench.servers import Client, Server, check
from bench.traffic import Sample, build
from bench.workloads import Workload
from bench.wrk import Load

SERVER = """
import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/crash" and "fragile" in sys.argv:
            os.kill(os.getpid(), 9)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        pass

HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def contender(file: Path, name: str, **fields: dict[str, str]) -> Contender:
    """A server of the standard library; `fragile` dies at /crash."""
    command = (str(file), "{port}", name)
    return Contender(name, name.title(), (), command, "none", program=sys.executable, **fields)  # type: ignore[arg-type]


def wait_until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(0.001)


async def one_request(port: int, seconds: int) -> Load:
    client = Client(port)
    client.ask(build("/crash" if seconds == 2 else "/fine"))
    client.close()
    return Load(1, 0.5)


@pytest.fixture
def contenders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Contender]:
    monkeypatch.setitem(drivers.DRIVERS, "one", one_request)
    file = tmp_path / "server.py"
    file.write_text(SERVER)
    return [
        contender(file, "sturdy"),
        contender(file, "fragile"),
        contender(file, "poor", lacks={"first": "no first"}),
        contender(tmp_path / "missing.py", "missing"),
    ]


def workloads(path: str = "/fine") -> list[Workload]:
    return [
        Workload("first", "the first", lambda: [Sample(build(path), 200, {})], driver="one"),
        Workload("second", "the second", list, driver="one"),
    ]


def test_a_crash_costs_its_contender_one_workload(contenders: list[Contender]) -> None:
    run = Run(contenders, workloads("/crash"), Options(rounds=2))
    run.make_plan()
    run.go()
    first, second = run.results.cases["first"], run.results.cases["second"]
    assert set(first["samples"]) == {"sturdy"}
    assert set(second["samples"]) == {"sturdy", "fragile", "poor"}
    assert first["dashes"]["fragile"].startswith(
        f"GET /crash HTTP/1.1: its server ended with {signal.SIGKILL.name}"
    )
    assert first["dashes"]["poor"] == "no first"
    assert "did not start" in second["dashes"]["missing"]
    assert len(second["samples"]["sturdy"]["cpu"]) == run.rounds["second"] == 2
    assert any(failure.startswith("first: fragile") for failure in run.results.failures)


def test_who_fails_under_load_keeps_no_sample_of_it(contenders: list[Contender]) -> None:
    run = Run(contenders[:2], workloads(), Options(seconds=2, rounds=1))
    run.make_plan()
    run.go()
    case = run.results.cases["first"]
    assert set(case["samples"]) == {"sturdy"}
    assert "under load, its server ended with SIGKILL" in case["dashes"]["fragile"]


def test_a_check_takes_no_samples_and_says_who_can_do_what(
    contenders: list[Contender], capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(contenders, workloads("/crash"), Options(check_only=True))
    run.make_plan()
    run.go()
    text = "\n".join(matrix.lines(run.workloads, run.contenders, run.checked, run.results))
    assert "first               ok   -   -   -" in text
    assert "second              ok  ok  ok   -" in text
    assert "Poor: first: no first" in text
    assert "in all" in capsys.readouterr().out


def state(server: Server) -> str:
    """The process's state as the kernel has it (proc(5)): T is stopped."""
    return next(stat_fields(server.pid))[0]


def test_who_polls_runs_in_its_turn_only(contenders: list[Contender]) -> None:
    polling = replace(contenders[0], polls=True)
    with ExitStack() as stack:
        standing = Standing({}, stack)
        standing.start(polling)
        with standing.server(polling) as server:
            check(server, workloads()[0])
            assert state(server) in "RS"
        wait_until(lambda: state(server) == "T")
    assert server.process.poll() is not None


def test_a_wrong_reply_ends_nothing_else(contenders: list[Contender]) -> None:
    wrong, second = workloads()
    wrong = replace(wrong, samples=lambda: [Sample(build("/fine"), 404)])
    run = Run(contenders[:1], [wrong, second], Options(rounds=1))
    run.make_plan()
    run.go()
    assert run.results.cases["first"]["dashes"] == {
        "sturdy": "GET /fine HTTP/1.1: status 200 instead of 404: b'{}'"
    }
    assert run.results.failures == []
    assert set(run.results.cases["second"]["samples"]) == {"sturdy"}


def test_takes_one_round_when_it_is_late(contenders: list[Contender]) -> None:
    run = Run(contenders[:1], workloads(), Options(rounds=3))
    run.make_plan()
    assert run.rounds_now(run.workloads[0]) == range(3)
    run.begin -= 60 * 60
    assert run.rounds_now(run.workloads[0]) == range(1)
