"""The request target and the Host field, by grammar.

Lives here: pure functions from bytes to bytes. Must not live here: routing, I/O, a reason to be slow:
no expression here backtracks. Invariant: what passes is a path that starts with `/`, or `*`.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

# RFC 3986 section 3.2.2: a registered name or IPv4 address, or an IP literal in brackets; then a port.
_AUTHORITY = re.compile(
    rb"(?:\[[0-9A-Fa-f:.]{2,45}\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2}){1,255})(?::[0-9]{0,5})?"
)

# PERF: looking for a number is ten times as fast as looking for a byte string of one byte.
_FRAGMENT, _QUERY, _SLASH = b"#?/"


class BadTarget(ValueError):
    """The request target, or Host, is not what HTTP allows."""


def check_host(value: bytes) -> None:
    """Refuse a Host that is no `host[:port]` (RFC 9110 section 7.2).

    Raises:
        BadTarget: it is not.
    """
    if _AUTHORITY.fullmatch(value) is None:
        raise BadTarget("invalid Host")


def split_target(target: bytes, method: str) -> tuple[bytes, bytes]:
    """The path, still escaped, and the query of a request target (RFC 9112 section 3.2).

    Args:
        target: origin form, absolute form, or `*` for OPTIONS.
        method: the request method.

    Raises:
        BadTarget: none of the three, or with a fragment.
    """
    if _FRAGMENT in target:
        raise BadTarget("request target with a fragment")
    if target[0] != _SLASH:
        if target == b"*" and method == "OPTIONS":
            return target, b""
        target = _from_absolute(target)
    if _QUERY not in target:
        return target, b""
    path, _, query = target.partition(b"?")
    return path, query


def _from_absolute(target: bytes) -> bytes:
    """The origin form of `http://host/path`; servers must accept it (RFC 9112 section 3.2.2)."""
    scheme, found, rest = target.partition(b"://")
    if not found or scheme.lower() not in (b"http", b"https"):
        raise BadTarget("invalid request target")
    authority = re.split(rb"[/?]", rest, maxsplit=1)[0]
    check_host(authority)
    tail = rest[len(authority) :]
    return tail if tail.startswith(b"/") else b"/" + tail


def decode_path(path: bytes) -> str:
    """The path as text: percent-decoded, as ASGI has it.

    Raises:
        BadTarget: it has a byte that must be escaped.
    """
    try:
        text = path.decode("ascii")
    except UnicodeDecodeError:
        raise BadTarget("request target with unescaped bytes") from None
    return unquote(text) if "%" in text else text
