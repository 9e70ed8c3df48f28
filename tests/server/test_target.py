from __future__ import annotations

import time

import pytest

from pronghorn.server.target import BadTarget, check_host, decode_path, split_target


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        (b"/", (b"/", b"")),
        (b"/a?b?c", (b"/a", b"b?c")),
        (b"//a", (b"//a", b"")),
        (b"http://h", (b"/", b"")),
        (b"HTTPS://h:1/a?b", (b"/a", b"b")),
        (b"http://h?b", (b"/", b"b")),
    ],
)
def test_targets_are_split(target: bytes, parts: tuple[bytes, bytes]) -> None:
    assert split_target(target, "GET") == parts


def test_the_asterisk_is_for_options() -> None:
    assert split_target(b"*", "OPTIONS") == (b"*", b"")
    with pytest.raises(BadTarget):
        split_target(b"*", "GET")


@pytest.mark.parametrize("target", [b"a", b"/#", b"ftp://a/", b"http://", b"http:///a", b"http://a b/", b"?"])
def test_other_targets_are_refused(target: bytes) -> None:
    with pytest.raises(BadTarget):
        split_target(target, "GET")


def test_paths_are_decoded_as_utf_8() -> None:
    assert decode_path(b"/a%20b/%C3%A9%2F") == "/a b/é/"
    assert decode_path(b"/%ff") == "/\ufffd"
    with pytest.raises(BadTarget):
        decode_path(b"/\xe9")


@pytest.mark.parametrize(
    "host", [b"", b"a b", b"a/b", b"a:b", b"[::1", b"[g]", b"a:1:2", b"a@b", b"%zz", b"a" * 300]
)
def test_hosts_against_the_grammar_are_refused(host: bytes) -> None:
    with pytest.raises(BadTarget):
        check_host(host)


def test_a_long_host_is_refused_in_no_time() -> None:
    started = time.perf_counter()
    with pytest.raises(BadTarget):
        check_host(b"a" * 30_000 + b"@")
    assert time.perf_counter() - started < 0.1
