from __future__ import annotations

from typing import Any

import pytest

from pronghorn.server.framing import ResponseFraming
from pronghorn.server.heads import Heads


def frame(status: int = 200, *headers: tuple[bytes, bytes], **facts: Any) -> ResponseFraming:
    heads = Heads()
    heads.refresh(0)
    given = {"is_head": False, "is_http10": False, "keep_alive": True, "whole": None}
    return ResponseFraming(heads, status, headers, **{**given, **facts})


def fields(framing: ResponseFraming) -> list[bytes]:
    lines = framing.head.split(b"\r\n")
    assert lines[-2:] == [b"", b""]
    return [line for line in lines[1:-2] if not line.startswith(b"date: Thu, 01 Jan 1970")]


def body(framing: ResponseFraming, *pieces: bytes) -> bytes:
    written = [b"".join(framing.frame(piece, True)) for piece in pieces]
    return b"".join(written) + b"".join(framing.frame(b"", False))


def test_without_a_length_the_body_is_chunked() -> None:
    framing = frame()
    assert fields(framing) == [b"transfer-encoding: chunked"]
    assert body(framing, b"abc", b"", b"x" * 16) == b"3\r\nabc\r\n10\r\n" + b"x" * 16 + b"\r\n0\r\n\r\n"
    assert framing.keep_alive


def test_the_last_piece_and_the_last_chunk_go_together() -> None:
    assert frame().frame(b"abc", False) == (b"3\r\n", b"abc", b"\r\n0\r\n\r\n")


def test_a_known_length_is_used() -> None:
    assert fields(frame(200, (b"Content-Length", b"3"))) == [b"content-length: 3"]
    assert body(frame(200, (b"content-length", b"3")), b"a", b"bc") == b"abc"
    assert fields(frame(whole=7)) == [b"content-length: 7"]


def test_an_old_peer_reads_to_the_end_of_the_connection() -> None:
    framing = frame(is_http10=True)
    assert fields(framing) == [b"connection: close"]
    assert not framing.keep_alive
    assert body(framing, b"abc") == b"abc"
    assert fields(frame(is_http10=True, whole=3)) == [b"content-length: 3", b"connection: keep-alive"]


def test_a_response_to_head_has_the_fields_and_no_body() -> None:
    framing = frame(200, (b"content-length", b"3"), is_head=True)
    assert fields(framing) == [b"content-length: 3"]
    assert body(framing, b"abc") == b""
    assert fields(frame(is_head=True)) == [b"transfer-encoding: chunked"]
    assert frame(is_head=True).keep_alive


@pytest.mark.parametrize(
    ("status", "expected"),
    [(103, []), (204, []), (205, [b"content-length: 0"]), (304, [b"content-length: 4"])],
)
def test_statuses_without_a_body(status: int, expected: list[bytes]) -> None:
    framing = frame(status, (b"content-length", b"4"))
    assert fields(framing) == expected
    assert body(framing, b"null") == b""
    assert framing.keep_alive


def test_the_application_may_close_and_date() -> None:
    framing = frame(200, (b"Connection", b"Close"), (b"DATE", b"today"), (b"x-a", b"b"), whole=0)
    assert fields(framing) == [b"content-length: 0", b"x-a: b", b"date: today", b"connection: close"]
    assert not framing.keep_alive


def test_other_connection_options_and_codings_are_ours_to_set() -> None:
    framing = frame(200, (b"connection", b"keep-alive"), (b"transfer-encoding", b"gzip"), whole=0)
    assert fields(framing) == [b"content-length: 0"]


@pytest.mark.parametrize("length", [b"", b"-1", b"1.0", b"one", b"+1"])
def test_a_wrong_length_is_refused(length: bytes) -> None:
    with pytest.raises(ValueError, match="content-length"):
        frame(200, (b"content-length", length))


def test_lengths_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="content-length"):
        frame(200, (b"content-length", b"1"), (b"content-length", b"2"))


def test_a_body_against_its_length_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="longer than Content-Length, by 1 bytes"):
        frame(200, (b"content-length", b"3")).frame(b"abcd", False)
    with pytest.raises(RuntimeError, match="shorter than Content-Length, by 1 bytes"):
        frame(200, (b"content-length", b"3")).frame(b"ab", False)


@pytest.mark.parametrize("piece", [b"", b"a", b"b" * 300])
@pytest.mark.parametrize("way", ["chunked", "by length", "until the end", "without a body"])
def test_a_piece_as_one_is_the_same(piece: bytes, way: str) -> None:
    def make() -> ResponseFraming:
        headers = [(b"content-length", b"1000")] if way == "by length" else []
        return frame(200, *headers, is_http10=way == "until the end", is_head=way == "without a body")

    assert make().piece(piece) == b"".join(make().frame(piece, True))
