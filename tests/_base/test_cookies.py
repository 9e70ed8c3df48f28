from __future__ import annotations

import http.cookies
import importlib.util
import sys
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import cookie_parser

import pronghorn  # noqa: F401 - corrects the library, where that is needed
from pronghorn._base.cookies import is_quadratic, unquote


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", ""),
        ('"', '"'),
        ("plain", "plain"),
        ('"quoted"', "quoted"),
        (r'"a \"b\" \\c"', r'a "b" \c'),
        (r'"\012\101\400\18"', "\nA40018"),
        ('"\\\n"', "\\\n"),
        ('"ends with \\"', "ends with \\"),
        ('"open', '"open'),
    ],
)
def test_quotes_and_escapes_are_taken_away(value: str | None, expected: str | None) -> None:
    assert unquote(value) == expected


def library() -> Any:
    """`http.cookies` as Python has it: loaded anew, out of reach of the correction."""
    spec = importlib.util.find_spec("http.cookies")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LIBRARY = library()


@given(st.text(alphabet='\\"0123478a\n', max_size=30))
def test_values_are_those_of_the_library(text: str) -> None:
    assert unquote(f'"{text}"') == LIBRARY._unquote(f'"{text}"')


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ((3, 11, 7), True),
        ((3, 11, 10), False),
        ((3, 12, 5), True),
        ((3, 12, 6), False),
        ((3, 13, 0), False),
        ((3, 14, 0), False),
    ],
)
def test_versions_with_the_correction_are_known(version: tuple[int, int, int], expected: bool) -> None:
    assert is_quadratic(version) is expected


def test_a_head_full_of_backslashes_costs_no_second() -> None:
    assert not is_quadratic(sys.version_info[:3]) or vars(http.cookies)["_unquote"] is unquote
    begun = time.process_time()
    cookie_parser('a="' + "\\" * 32_000 + '"')
    assert time.process_time() - begun < 0.5
