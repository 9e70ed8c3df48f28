from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from pronghorn.server.logs import set_up_logging

NAMES = ("pronghorn", "pronghorn.access")
OTHERS = ("python_multipart",)


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Loggers as in a new process, and afterwards as they were."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    for name in (*NAMES, *OTHERS):
        logger = logging.getLogger(name)
        monkeypatch.setattr(logger, "handlers", [])
        monkeypatch.setattr(logger, "propagate", True)
        monkeypatch.setattr(logger, "level", logger.level)
    yield
    logging.getLogger("pronghorn").setLevel(logging.NOTSET)


def test_lines_go_to_the_terminal_when_nobody_set_up_anything(capfd: pytest.CaptureFixture[str]) -> None:
    set_up_logging("info")
    logging.getLogger("pronghorn.error").info("about the server")
    logging.getLogger("pronghorn.access").info("about a request")
    logging.getLogger("pronghorn.error").debug("too much detail")
    assert logging.getLogger("pronghorn").level == logging.INFO


def test_an_application_with_handlers_of_its_own_keeps_them(monkeypatch: pytest.MonkeyPatch) -> None:
    own = logging.NullHandler()
    monkeypatch.setattr(logging.getLogger(), "handlers", [own])
    set_up_logging("warning")
    assert not logging.getLogger("pronghorn").handlers
    assert logging.getLogger("pronghorn").level == logging.WARNING


def test_a_line_of_json_is_nothing_but_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # those of this test's own phase, too
    set_up_logging("info", "json")
    handlers = [logging.getLogger(name).handlers[0] for name in NAMES]
    record = logging.makeLogRecord({"msg": '{"status": 200}'})
    assert [handler.format(record) for handler in handlers][1] == '{"status": 200}'
    assert handlers[0].format(record) != '{"status": 200}'


def test_malformed_forms_write_no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # those of this test's own phase, too
    set_up_logging("info")
    assert not logging.getLogger("python_multipart.multipart").isEnabledFor(logging.WARNING)
