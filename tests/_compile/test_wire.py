from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request

from pronghorn._compile.wire import (
    has_json_body,
    is_json_content_type,
    parse_query,
    read_cookies,
    read_headers,
)

PIECES = st.sampled_from(
    [b"a", b"b", b"=", b"&", b"%", b"%41", b"%ff", b"%C3%A9", b"+", b";", b"\xe9", b"\x00", b"?", b"#", b" "]
)


@given(query=st.lists(PIECES, max_size=12).map(b"".join))
def test_a_query_is_parsed_as_starlette_parses_it(query: bytes) -> None:
    assert parse_query(query) == dict(QueryParams(query))


def test_the_last_value_of_a_name_counts() -> None:
    assert parse_query(b"a=1&b=2&a=3") == {"a": "3", "b": "2"}


def test_an_empty_query_has_no_values() -> None:
    assert parse_query(b"") == {}


NAMES = st.sampled_from([b"a", b"b", b"x-tok", b"content-type", b"cookie"])
HEADERS = st.lists(st.tuples(NAMES, st.binary(max_size=4)), max_size=6)


@given(headers=HEADERS)
def test_headers_are_read_as_starlette_reads_them(headers: list[tuple[bytes, bytes]]) -> None:
    wanted = frozenset({b"a", b"x-tok", b"missing"})
    starlettes = Headers(raw=headers)

    found = read_headers(headers, wanted)

    assert found == {name: starlettes[name.decode()] for name in wanted if name.decode() in starlettes}


COOKIES = st.lists(
    st.sampled_from(["a=1", "a=2", "b", "=c", "", ' d="x;y" ', "é=é", "a = 5", ";"]), max_size=4
)


@given(texts=st.lists(COOKIES.map("; ".join), max_size=3))
def test_cookies_are_read_as_starlette_reads_them(texts: list[str]) -> None:
    headers = [(b"cookie", text.encode("latin-1")) for text in texts] + [(b"other", b"x=1")]
    request = Request({"type": "http", "headers": headers})

    assert read_cookies(headers) == request.cookies


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("APPLICATION/JSON", True),
        ("application/geo+json", True),
        ("application/vnd.api+json; x=y", True),
        ("application/jsonlines", False),
        ("text/json", False),
        ("text/plain", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_a_content_type_says_whether_a_body_is_json(content_type: str, expected: bool) -> None:
    assert is_json_content_type(content_type) is expected


@pytest.mark.parametrize(
    ("headers", "strict", "expected"),
    [
        ([(b"content-type", b"application/json")], True, True),
        ([(b"content-type", b"application/x+json")], True, True),
        ([(b"content-type", b"text/plain")], False, False),
        ([(b"content-type", b"text/plain"), (b"content-type", b"application/json")], False, False),
        ([(b"content-type", b"")], True, False),
        ([(b"content-type", b"")], False, True),
        ([(b"other", b"application/json")], True, False),
        ([], False, True),
    ],
)
def test_without_a_content_type_strictness_decides(headers: Any, strict: bool, expected: bool) -> None:
    assert has_json_body(headers, strict) is expected
