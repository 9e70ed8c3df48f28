"""Requests gone wrong at random: whatever they are, they are the same wherever they are cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pronghorn.server import reader
from tests.server.test_reader import REFUSED, VALID, outcome

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


@settings(max_examples=400, deadline=None)
@given(data=mutated(), cut=st.integers(0, 1000))
def test_a_body_that_the_parser_never_sees_makes_no_difference(data: bytes, cut: int) -> None:
    place = cut % (len(data) + 1)
    seen = outcome(data[:place], data[place:])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "_LARGE", 0)
        unseen = outcome(data[:place], data[place:])
    assert seen == unseen
