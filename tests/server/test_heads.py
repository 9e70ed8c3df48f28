from __future__ import annotations

import pytest

from pronghorn.server.heads import FRAMING_FIELDS, Heads, field_line, status_line


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (200, b"HTTP/1.1 200 OK\r\n"),
        (404, b"HTTP/1.1 404 Not Found\r\n"),
        (299, b"HTTP/1.1 299 \r\n"),
    ],
)
def test_status_lines(status: int, line: bytes) -> None:
    assert status_line(status) == line


@pytest.mark.parametrize("status", [99, 1000, "200", True])
def test_a_status_that_is_none_is_refused(status: object) -> None:
    with pytest.raises(ValueError, match="expected a number from 100 to 999"):
        status_line(status)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"", b"a"),
        (b"a b", b"a"),
        (b"a:", b"a"),
        (b"a\r\n", b"a"),
        (b"\xe9", b"a"),
        (b"a", b"b\r\nc: d"),
        (b"a", b"b\n"),
        (b"a", b"b\0"),
        (b"a", b"\x7f"),
    ],
)
def test_what_could_split_a_response_is_refused(name: bytes, value: bytes) -> None:
    with pytest.raises(ValueError, match="response header"):
        field_line(name, value)
    with pytest.raises(ValueError, match="response header"):
        Heads().lines([(name, value)])


def test_fields_are_written_as_they_are() -> None:
    assert field_line(b"X-A", b"b\t\xe9 c") == b"X-A: b\t\xe9 c\r\n"


def test_a_plain_head_is_kept_until_the_date_changes() -> None:
    heads = Heads()
    heads.refresh(0)
    head = heads.plain(200, b"text/plain", 5)
    assert head == (
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-type: text/plain\r\n"
        b"date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n"
    )
    assert heads.finished[200, b"text/plain", 5] is head
    heads.refresh(0.9)
    assert heads.finished
    heads.refresh(1)
    assert not heads.finished
    assert b"00:00:01" in heads.plain(200, b"text/plain", 5)


def test_the_server_is_named_when_asked() -> None:
    assert b"server: pronghorn\r\n" in Heads(server_header=True).plain(200, b"a/b", 0)
    assert b"server" not in Heads().plain(200, b"a/b", 0)


def test_what_is_kept_has_a_bound() -> None:
    heads = Heads()
    for length in range(3000):
        heads.plain(200, b"text/plain", length)
        heads.lines([(b"x", b"%d" % length)])
    assert len(heads.finished) <= 1024
    assert len(heads._lines) <= 1024
    assert heads.lines([(b"x", b"a" * 1000)]) == b"x: " + b"a" * 1000 + b"\r\n"
    assert heads.lines([(b"x", b"1"), (b"x", b"1")]) == b"x: 1\r\n" * 2


def test_a_plain_head_is_extended_by_fields_that_are_not_about_framing() -> None:
    heads = Heads()
    head = heads.plain(200, b"text/plain", 4)
    fields = [(b"x-one", b"1"), (b"x-two", b"2")]
    expected = head[:-2] + b"x-one: 1\r\nx-two: 2\r\n\r\n"

    assert [heads.extended(head, fields) for _ in range(2)] == [expected, expected]
    assert heads.extended(head, [*fields, (b"x-three", b"3")]) == expected[:-2] + b"x-three: 3\r\n\r\n"


@pytest.mark.parametrize("name", sorted(FRAMING_FIELDS))
def test_fields_about_framing_are_not_taken_for_others(name: bytes) -> None:
    heads = Heads()
    heads.lines([(name, b"close")])  # as other heads have them

    assert [heads.extended(b"\r\n", [(b"x-one", b"1"), (name, b"close")]) for _ in range(2)] == [None, None]


def test_a_head_is_not_extended_by_what_is_not_valid() -> None:
    with pytest.raises(ValueError, match="x-one"):
        Heads().extended(b"\r\n", [(b"x-one", b"1\r\nx-two: 2")])
