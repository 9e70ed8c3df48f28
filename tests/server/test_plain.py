"""What is read at a glance is what the reader makes of the same bytes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pronghorn.server.config import ServerConfig
from pronghorn.server.plain import _MOST_OF_A_NAME, _RENEWAL, HeaderLines, PlainReader
from tests.server.test_reader import REFUSED, VALID, Recorded, outcome
from tests.server.test_reader_mutations import mutated


def new_plain(**limits: Any) -> PlainReader[Recorded]:
    config = ServerConfig(**limits)
    return PlainReader(config, HeaderLines(config), Recorded)


def headed(line: bytes, fields: bytes, body: bytes = b"") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    return b"%b HTTP/1.1\r\nHost: a\r\n%b%b\r\n%b" % (line, fields, length, body)


LINES = st.sampled_from(
    [
        b"GET /",
        b"GET /a/b?c=d&e",
        b"DELETE /?",
        b"POST /%41?%42",
        b"GET /a?b?c",
        b"HEAD /",
        b"GET /%zz",
        b"G /",
        b"GET  /",
        b"GET",
        b"GET *",
        b"OPTIONS *",
        b"GET http://a/",
        b"GET /#a",
        b"PUT /\xe9",
        b"PUT /\x00",
        b"PUT /\t",
        b"PUT /\x7f",
        b'PUT /"<>\\^`{|}',
        b"PUT /?\x00",
        b"PUT /?\xe9",
        b"PUT /?#",
        b"PUT ?",
        b"GET / b",
    ]
)
FIELD_LINES = st.lists(
    st.sampled_from(
        [
            b"X-Token:  a ",
            b"x-token: b",
            b"Connection: close",
            b"Connection: keep-alive",
            b"Host: b",
            b"Host: a b",
            b"Content-Length: 2",
            b"Content-Length: 02",
            b"Content-Length: +2",
            b"Transfer-Encoding: chunked",
            b"Expect: 100-continue",
            b"Upgrade: h2c",
            b"Proxy-Connection: close",
            b"X : a",
            b" folded",
            b"\tfolded",
            b"X",
            b": a",
            b"X:",
            b"X:\t a\t",
            b"X: a\x00",
            b"X: a\x7f",
            b"X: \xe9",
            b"X: a\rb",
            b"X(: a",
            b"X\xe9: a",
        ]
    ),
    max_size=4,
)
HEADED = st.builds(
    headed,
    LINES,
    FIELD_LINES.map(lambda lines: b"".join(line + b"\r\n" for line in lines)),
    st.sampled_from([b"", b"{}", b"\r\n\r\n"]),
)


@settings(max_examples=1500, deadline=None)
@given(requests=st.lists(st.one_of(HEADED, st.sampled_from(list(VALID.values())), mutated()), max_size=4))
def test_what_is_read_is_what_the_reader_reads(requests: list[bytes]) -> None:
    plain = new_plain()
    for data in requests:
        request = plain.read(data)
        if request is not None:
            assert outcome(data) == ([request.facts()], None, b"")


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_reader_refuses_is_not_read(name: str) -> None:
    assert new_plain().read(REFUSED[name][1]) is None


def test_a_request_is_read_whatever_came_before() -> None:
    plain = new_plain()
    for fields in (b"X: y\r\n", b"X: y\r\n", b"", b"X: z\r\nAccept:\r\n"):
        request = plain.read(headed(b"PUT /%C3%A9?q=1", fields, b"34"))
        assert request is not None
        assert (request.method, request.path, request.raw_path, request.query, request.body) == (
            "PUT",
            "/é",
            b"/%C3%A9",
            b"q=1",
            b"34",
        )
        assert (b"content-length", b"2") in request.headers


@pytest.mark.parametrize(
    "data",
    [
        headed(b"GET /", b"")[:-1],
        headed(b"GET /", b"") * 2,
        headed(b"PUT /", b"", b"12")[:-1],
        headed(b"HEAD /", b""),
        b"GET / HTTP/1.0\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_not_one_whole_plain_request_is_left_to_the_reader(data: bytes) -> None:
    plain = new_plain()
    assert plain.read(headed(b"GET /", b"")) is not None
    assert plain.read(data) is None


@pytest.mark.parametrize(
    ("limits", "data"),
    [
        ({"max_body_size": 2}, headed(b"PUT /", b"", b"123")),
        ({"max_target_size": 10}, headed(b"GET /12345678901", b"")),
        ({"max_header_fields": 2}, headed(b"GET /", b"A: 1\r\nB: 1\r\n")),
        ({"max_head_size": 10_000}, headed(b"GET /", b"A: %b\r\n" % (b"a" * 2_000))),
    ],
)
def test_what_exceeds_a_limit_is_left_to_the_reader(limits: dict[str, int], data: bytes) -> None:
    assert new_plain().read(data) is not None
    assert new_plain(**limits).read(data) is None


@pytest.mark.parametrize("proxy_headers", [True, False])
def test_it_is_known_whether_a_proxy_says_something(proxy_headers: bool) -> None:
    plain = new_plain(proxy_headers=proxy_headers)
    data = headed(b"GET /", b"X-Forwarded-For: 1.2.3.4\r\n")
    for _ in range(2):
        request = plain.read(data)
        assert request is not None
        assert plain.forwarded is proxy_headers
    request = plain.read(headed(b"GET /", b""))
    assert request is not None
    assert not plain.forwarded


def test_only_so_many_lines_are_remembered() -> None:
    lines = HeaderLines(ServerConfig())
    for number in range(10_000):
        lines.learn(b"X-Id: %d" % number)
        lines.learn(b"X-%d: a" % number)
    assert len([line for line in lines.known if line.startswith(b"X-Id:")]) == _MOST_OF_A_NAME
    assert len(lines.known) == 2048
    assert lines.learn(b"X-Id: new") == ((b"x-id", b"new"), 0)
    assert lines.varying[b"X-Id"] == b"x-id"
    assert len(lines.varying) == 2048


def test_names_that_decide_something_do_not_vary() -> None:
    lines = HeaderLines(ServerConfig(proxy_headers=True))
    for number in range(2 * _MOST_OF_A_NAME):
        lines.learn(b"Host: a%d" % number)
        lines.learn(b"Content-Length: %d" % number)
        lines.learn(b"X-Forwarded-For: 1.2.3.%d" % number)
    assert lines.varying == {}


@pytest.mark.parametrize("line", [b"X-Id", b"X-Id: a\x00", b"X-Id: a\rb", b"X-Id : a", b"X-Id\x00: a"])
def test_lines_of_a_varying_name_are_judged(line: bytes) -> None:
    plain = new_plain()
    for number in range(2 * _MOST_OF_A_NAME):
        request = plain.read(headed(b"GET /", b"X-Id:\t%d \r\n" % number))
        assert request is not None
        assert request.headers[-1] == (b"x-id", b"%d" % number)
    assert plain.read(headed(b"GET /", line + b"\r\n")) is None


def test_lines_are_forgotten_now_and_then() -> None:
    lines = HeaderLines(ServerConfig())
    lines.renew(1000.0)
    for number in range(2 * _MOST_OF_A_NAME):
        lines.learn(b"X: %d" % number)
    lines.renew(1000.5)
    assert lines.known
    lines.renew(1000.0 + _RENEWAL)
    assert (lines.known, lines.varying) == ({}, {})
    lines.learn(b"X: 1")
    assert list(lines.known) == [b"X: 1"]
