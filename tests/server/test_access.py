from __future__ import annotations

import logging
from dataclasses import dataclass

import pytest

from pronghorn.server.access import escape, log_request


@dataclass
class Asked:
    method: str = "GET"
    raw_path: bytes = b"/a"
    query: bytes = b"b=c"
    http_version: str = "1.1"
    client: tuple[str, int] | None = ("1.2.3.4", 5)


def test_a_line_tells_who_asked_what(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pronghorn.access")
    log_request(Asked(), 200)
    log_request(Asked(query=b"", client=None), 404)
    assert [record.getMessage() for record in caplog.records] == [
        '1.2.3.4:5 - "GET /a?b=c HTTP/1.1" 200',
        '- - "GET /a HTTP/1.1" 404',
    ]


@pytest.mark.parametrize("text", [b"\r\n", b"\x1b[31m", b'"', b"\xff", b"\\"])
def test_what_could_forge_a_line_is_escaped(text: bytes) -> None:
    escaped = escape(text)
    assert escaped.isprintable()
    assert escaped.isascii()
    assert escaped not in ('"', "\\")
