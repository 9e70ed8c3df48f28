"""Quoted cookie values in linear time, on Pythons that take quadratic time for them.

Lives here: one function, and putting it where `http.cookies` has its own. Python before 3.11.10 and 3.12.6
needs seconds for a Cookie header of 32 KiB of backslashes (CVE-2024-7592). Starlette's `request.cookies`
calls the library, so that only there every reader of cookies is reached.
Invariant: the values are the library's; a Python that has the correction keeps its own function.
"""

from __future__ import annotations

import http.cookies
import re
import sys

_ESCAPE = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))")


def unquote(value: str | None) -> str | None:
    """A cookie's value without its quotes and escapes (RFC 2109)."""
    if value is None or len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    return _ESCAPE.sub(_plain, value[1:-1])


def _plain(escape: re.Match[str]) -> str:
    octal = escape[1]
    return escape[2] if octal is None else chr(int(octal, 8))


def is_quadratic(version: tuple[int, int, int]) -> bool:
    """Whether this version of Python came before the correction."""
    return version < (3, 11, 10) or (3, 12) <= version < (3, 12, 6)


def correct_http_cookies() -> None:
    """Let `http.cookies` use `unquote`, where its own function is quadratic."""
    if is_quadratic(sys.version_info[:3]):
        http.cookies.__dict__["_unquote"] = unquote
