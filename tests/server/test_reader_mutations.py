"""Requests gone wrong at random: whatever they are, they are the same wherever they are cut."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server.test_reader import REFUSED, VALID, new_reader, outcome

SEEDS = [*VALID.values(), *(data for _, data in REFUSED.values())]
PIECES = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b" ",
    b":",
    b"0\r\n\r\n",
    b"\r\n\r\n",
    b"5;a=b\r\n",
    b"Host: b\r\n",
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n",
    b"Connection: upgrade\r\nUpgrade: websocket\r\n",
    b"GET / HTTP/1.1\r\n",
    b"HTTP/1.0",
    b"\xff",
    b"#",
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 5))
        new = draw(st.one_of(st.sampled_from(PIECES), st.sampled_from(SEEDS), st.binary(max_size=2)))
        data = data[:place] + new + data[place + length :]
    return data


@settings(max_examples=400, deadline=None)
@given(data=mutated(), cuts=st.lists(st.integers(0, 1000), max_size=4))
def test_a_mutated_request_is_the_same_wherever_it_is_cut(data: bytes, cuts: list[int]) -> None:
    requests, refusal, rest = outcome(data)
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    pieces = [data[start:end] for start, end in itertools.pairwise(places)]
    cut_requests, cut_refusal, cut_rest = outcome(*pieces)
    assert (requests, rest) == (cut_requests, cut_rest)
    assert (refusal and refusal.status) == (cut_refusal and cut_refusal.status)


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
    ]
)
FIELDS = st.sampled_from([b"", b"X-Token:  a \r\nx-token: b\r\n", b"Connection: close\r\n"])
HEADED = st.builds(headed, LINES, FIELDS, st.sampled_from([b"", b"{}", b"\r\n\r\n"]))


@settings(max_examples=400, deadline=None)
@given(first=HEADED, second=st.one_of(HEADED, mutated()))
def test_a_repeated_head_means_what_it_would_mean_alone(first: bytes, second: bytes) -> None:
    reader = new_reader()
    reader.feed(first)
    reader.requests.clear()
    request = reader.read_repeated(second)
    if request is not None:
        assert outcome(second) == ([request.facts()], None, b"")


def test_a_head_is_repeated_by_what_follows_its_line() -> None:
    reader = new_reader()
    reader.feed(headed(b"POST /a", b"X: y\r\n", b"12"))
    repeated = reader.read_repeated(headed(b"PUT /%C3%A9?q=1", b"X: y\r\n", b"34"))
    assert repeated is not None
    assert (repeated.method, repeated.path, repeated.query, repeated.body) == ("PUT", "/é", b"q=1", b"34")
    assert repeated.headers == [(b"host", b"a"), (b"x", b"y"), (b"content-length", b"2")]
    assert reader.read_repeated(headed(b"PUT /", b"X: z\r\n", b"34")) is None
    assert reader.read_repeated(headed(b"PUT /", b"X: y\r\n", b"345")) is None


def test_nothing_is_repeated_after_the_last_request() -> None:
    reader = new_reader()
    reader.feed(headed(b"GET /", b""))
    reader.stop()
    assert reader.read_repeated(headed(b"GET /", b"")) is None


def test_what_a_proxy_says_of_its_client_is_not_repeated() -> None:
    head = headed(b"GET /", b"X-Forwarded-For: 1.2.3.4\r\n")
    for proxy_headers in (True, False):
        reader = new_reader(proxy_headers=proxy_headers)
        reader.feed(head)
        assert (reader.read_repeated(head) is None) is proxy_headers


def test_a_head_with_a_body_over_the_limit_is_looked_at_each_time() -> None:
    head = headed(b"POST /limited", b"", b"123")
    reader = new_reader(max_body_size=2)
    reader.feed(head)
    assert reader.refusal is None
    assert reader.read_repeated(head) is None
