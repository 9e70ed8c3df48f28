"""Reading text parameters off the wire: the small functions that compiled plans call.

Must not live here: validation. Invariant: each gives what the reference's mappings (`QueryParams`, `Headers`,
``request.cookies``) would give for one name.
"""

from __future__ import annotations

import email.message
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import parse_qsl

from starlette.requests import cookie_parser

from pronghorn._base.cookies import correct_http_cookies

correct_http_cookies()

RawHeaders = Iterable[tuple[bytes, bytes]]


def parse_query(query: bytes) -> dict[str, str]:
    """The query's last value for each name.

    PERF: text without escapes is split, a third of the time of `parse_qsl`. bench/wire.py
    """
    if not query:
        return {}
    text = query.decode("latin-1")
    if "%" in text or "+" in text:
        return dict(parse_qsl(text, keep_blank_values=True))
    values: dict[str, str] = {}
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            values[name] = value
    return values


def read_headers(headers: RawHeaders, wanted: frozenset[bytes]) -> dict[bytes, str]:
    """The first value of each wanted header, by lower-case name."""
    found: dict[bytes, str] = {}
    for name, value in headers:
        if name in wanted and name not in found:
            found[name] = value.decode("latin-1")
    return found


def read_cookies(headers: RawHeaders) -> dict[str, str]:
    """The cookies of all ``Cookie`` headers; a later one of the same name counts."""
    cookies: dict[str, str] = {}
    for name, value in headers:
        if name == b"cookie":
            cookies.update(cookie_parser(value.decode("latin-1")))
    return cookies


def has_json_body(headers: RawHeaders, strict: bool) -> bool:
    """Whether the body is to be taken for JSON by its Content-Type (none: unless ``strict``)."""
    for name, value in headers:
        if name == b"content-type":
            if value == b"application/json":
                return True
            return is_json_content_type(value.decode("latin-1")) if value else not strict
    return not strict


@lru_cache(maxsize=256)
def is_json_content_type(value: str) -> bool:
    """Whether a Content-Type is ``application/json`` or ``application/*+json``.

    Example:
        >>> is_json_content_type("application/geo+json; charset=utf-8")
        True
    """
    message = email.message.Message()
    message["content-type"] = value
    if message.get_content_maintype() != "application":
        return False
    subtype = message.get_content_subtype()
    return subtype == "json" or subtype.endswith("+json")
