from __future__ import annotations

import json
import logging
import random
import time
from dataclasses import dataclass

import pytest

from pronghorn.server import ServerConfig
from pronghorn.server.access import access_log, escape


@dataclass
class Asked:
    method: str = "GET"
    raw_path: bytes = b"/a"
    query: bytes = b"b=c"
    http_version: str = "1.1"
    client: tuple[str, int] | None = ("1.2.3.4", 5)
    seconds: float = 0.0123456789
    size: int = 1234


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "pronghorn.access")
    return caplog


def write(config: ServerConfig, *statuses: int, asked: Asked | None = None) -> None:
    log = access_log(config)
    assert log is not None
    for status in statuses:
        log(asked or Asked(), status)


def test_a_line_tells_who_asked_what(lines: pytest.LogCaptureFixture) -> None:
    write(ServerConfig(), 200)
    write(ServerConfig(access_log_errors=None), 404, asked=Asked(query=b"", client=None))
    assert lines.messages == [
        '1.2.3.4:5 - "GET /a?b=c HTTP/1.1" 200 1234B 12.3ms',
        '- - "GET /a HTTP/1.1" 404 1234B 12.3ms',
    ]


def test_a_line_of_json_tells_the_same(lines: pytest.LogCaptureFixture) -> None:
    write(ServerConfig(access_log_format="json"), 200, asked=Asked(raw_path=b'/"\n\xff'))
    (line,) = lines.messages
    read = json.loads(line)
    assert read.pop("time").endswith("+00:00")
    assert read == {
        "client": "1.2.3.4:5",
        "method": "GET",
        "target": '/"\n\xff?b=c',
        "http": "1.1",
        "status": 200,
        "size": 1234,
        "seconds": 0.012346,
    }
    assert line.isascii()
    assert line.isprintable()


def test_there_is_none_where_nobody_would_see_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pronghorn.access")
    assert access_log(ServerConfig(access_log=False)) is None
    caplog.set_level(logging.WARNING, "pronghorn.access")
    assert access_log(ServerConfig()) is None


def test_requests_that_went_well_are_sampled(
    lines: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter([0.4, 0.6, 0.1])
    monkeypatch.setattr(random, "random", lambda: next(drawn))
    write(ServerConfig(access_log_sample=0.5), 200, 201, 302, 400, 500)
    assert [line.split(" ")[-3] for line in lines.messages] == ["200", "302", "400", "500"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_of_a_storm_of_errors_the_first_are_told_and_the_rest_are_counted(
    lines: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    log = access_log(ServerConfig(access_log_errors=2, access_log_format=form))  # type: ignore[arg-type]
    assert log is not None
    for _ in range(5):
        log(Asked(), 400)
    log(Asked(), 200)
    assert len(lines.messages) == 3
    now[0] += 1
    log(Asked(), 500)
    assert len(lines.messages) == 5
    assert "3" in lines.messages[3]
    if form == "json":
        assert json.loads(lines.messages[3])["omitted"] == 3


def test_every_error_is_told_where_there_is_no_most(lines: pytest.LogCaptureFixture) -> None:
    write(ServerConfig(access_log_errors=None, access_log_sample=0), *[404] * 200)
    assert len(lines.messages) == 200


def test_an_address_that_a_proxy_tells_cannot_forge_a_line(lines: pytest.LogCaptureFixture) -> None:
    write(ServerConfig(), 200, asked=Asked(client=('1.2.3.4\r\n"\x1b', 0)))
    assert lines.messages[0].isprintable()
    assert lines.messages[0].startswith('1.2.3.4\\r\\n\\"\\x1b:0 - ')


@pytest.mark.parametrize("text", [b"\r\n", b"\x1b[31m", b'"', b"\xff", b"\\"])
def test_what_could_forge_a_line_is_escaped(text: bytes) -> None:
    escaped = escape(text)
    assert escaped.isprintable()
    assert escaped.isascii()
    assert escaped not in ('"', "\\")
