"""A developer is told which handler blocks the event loop, and where."""

from __future__ import annotations

import logging
import re
import sys
from types import FrameType

import pytest

from pronghorn.server import ServerConfig
from pronghorn.server.blocking import BlockWarning, all_stacks, log_hung, watches_of
from tests.server.processes import process

APP = "tests.server.blocking:app"
WARNING = re.compile(
    r"The event loop is blocked for more than 0.1 s, and with it every other request, by (.+)\. Await something"
)


def blocked_by(*paths: str) -> list[str]:
    """What the server says of the handlers at `paths`, asked one after the other."""
    with process(APP, block_warning=0.1, supervise=False) as server:
        for count, path in enumerate(paths, 1):
            assert server.get(path).body == b'"done"'
            server.wait_for("The event loop is blocked", count)
        assert server.stop() == 0
        return WARNING.findall(server.log)


def test_the_warning_names_handler_file_line_and_call() -> None:
    direct, task, dependency = blocked_by("/direct", "/task", "/dependency")
    assert direct == "direct, at tests/server/blocking.py:30: time.sleep(0.4)"
    call = "time.sleep(0.4), in rest at tests/server/blocking.py:16"
    assert task == f"task, at tests/server/blocking.py:37: await tired(); the call that blocks: {call}"
    assert dependency == f"tired, at tests/server/blocking.py:20: rest(); the call that blocks: {call}"


def test_what_does_not_block_is_not_warned_of() -> None:
    with process(APP, block_warning=0.1, supervise=False) as server:
        assert server.get("/thread").body == b'"done"'
        assert server.get("/waits").body == b'"done"'
        assert server.stop() == 0
        assert "blocked" not in server.log


def current() -> FrameType:
    return sys._getframe()


def test_a_place_is_told_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    warning = BlockWarning(0.1)
    frame = current()
    for _ in range(3):
        assert warning.warn(frame, 0.2)
    assert len(caplog.records) == 1
    warning._told.clear()
    warning.warn(frame, 0.2)
    assert len(caplog.records) == 2


def test_a_loop_that_is_not_in_the_users_code_is_nobodys_fault(caplog: pytest.LogCaptureFixture) -> None:
    class Bare:
        f_back = None
        f_code = compile("0", "<plan>", "exec")

    assert not BlockWarning(0.1).warn(Bare(), 0.2)  # type: ignore[arg-type]
    assert not caplog.records


def test_the_stack_of_a_loop_that_hangs_is_logged_whole(caplog: pytest.LogCaptureFixture) -> None:
    log_hung(current(), 31.5)
    assert "The event loop has been blocked for 31.5 s by " in caplog.text
    assert "in test_the_stack_of_a_loop_that_hangs" in caplog.text
    assert caplog.records[0].levelno == logging.CRITICAL


def test_a_loop_that_hangs_is_logged_before_anybody_is_told(caplog: pytest.LogCaptureFixture) -> None:
    told: list[int] = []
    (watch,) = watches_of(ServerConfig(), lambda: None, lambda: told.append(len(caplog.records)))
    assert watch._blocked(current(), 30.0)
    assert told == [1]


def test_all_threads_are_in_the_log_of_a_process_that_does_not_end() -> None:
    assert "MainThread:\n" in all_stacks()
    assert "test_all_threads_are_in_the_log" in all_stacks()


def test_there_are_as_many_watches_as_options_ask_for() -> None:
    def count(**options: float | None) -> int:
        return len(watches_of(ServerConfig(**options), lambda: None, lambda: None))  # type: ignore[arg-type]

    assert count(heartbeat_timeout=None) == 0
    assert count() == 1
    assert count(block_warning=0.1) == 2
