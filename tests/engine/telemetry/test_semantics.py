from typing import Any

import pytest

from pronghorn._engine.telemetry.semantics import describe, redacted_query, server_attributes
from pronghorn._engine.telemetry.telemetry import STANDARD_METHODS
from tests.engine.telemetry.recorded import http_scope, websocket_scope


def test_an_http_request_is_described() -> None:
    scope = http_scope(
        method="POST",
        scheme="https",
        path="/items/1",
        http_version="1.1",
        query_string=b"page=2",
        headers=[(b"host", b"shop.example")],
    )
    description = describe(scope, STANDARD_METHODS)
    assert description.span_method == "POST"
    assert description.active == {"url.scheme": "https", "http.request.method": "POST"}
    assert description.common == {**description.active, "network.protocol.version": "1.1"}
    assert description.span_only == {
        "server.address": "shop.example",
        "server.port": 443,
        "url.path": "/items/1",
        "url.query": "page=2",
    }


def test_what_a_scope_leaves_out_is_left_out() -> None:
    description = describe({"type": "http", "path": "/", "headers": []}, frozenset({""}))
    assert description.common == {"url.scheme": "http", "http.request.method": ""}
    assert description.span_only == {"url.path": "/"}


def test_an_unknown_method_is_only_named_on_the_span() -> None:
    description = describe(http_scope(method="BREW"), STANDARD_METHODS)
    assert description.span_method == "HTTP"
    assert description.active["http.request.method"] == "_OTHER"
    assert description.common["http.request.method"] == "_OTHER"
    assert description.span_only["http.request.method_original"] == "BREW"


def test_a_websocket_is_described_without_method_and_path() -> None:
    description = describe(websocket_scope(server=("shop.example", 80)), STANDARD_METHODS)
    assert description.span_method == "WS"
    assert description.common == {"url.scheme": "ws", "network.protocol.name": "websocket"}
    assert description.active == {}
    assert description.span_only == {"server.address": "shop.example", "server.port": 80}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"tag=one&tag=two&empty=&flag", "tag=one&tag=two&empty=&flag="),
        (b"sig=a&sig=b&q=hello%20world", "sig=REDACTED&sig=REDACTED&q=hello+world"),
        (b"%73ig=secret&SIG=kept", "sig=REDACTED&SIG=kept"),
        (b"X-Amz-Signature=s&X-Goog-Signature=s", "X-Amz-Signature=REDACTED&X-Goog-Signature=REDACTED"),
    ],
)
def test_signatures_do_not_leave_in_a_query(query: bytes, expected: str) -> None:
    assert redacted_query(query) == expected


@pytest.mark.parametrize(
    ("scheme", "host", "expected"),
    [
        ("http", "public.example", ("public.example", 80)),
        ("https", "public.example", ("public.example", 443)),
        ("wss", "public.example", ("public.example", 443)),
        ("https", "public.example:8443", ("public.example", 8443)),
        ("http", "[2001:db8::1]:81", ("2001:db8::1", 81)),
        ("custom", "public.example", ("public.example", None)),
        ("http", "public.example:port", None),
        ("http", "public.example:99999", None),
        ("http", "[broken", None),
        ("http", "user@public.example", None),
        ("http", "public.example/path", None),
        ("http", "public.example?query", None),
        ("http", "public.example#fragment", None),
        ("http", "", None),
    ],
)
def test_the_host_header_names_the_server(
    scheme: str, host: str, expected: tuple[str, int | None] | None
) -> None:
    attributes: dict[str, Any] = {}
    if expected is not None:
        attributes["server.address"] = expected[0]
        if expected[1] is not None:
            attributes["server.port"] = expected[1]
    scope = http_scope(scheme=scheme, headers=[(b"host", host.encode())], server=("listener", 8000))
    assert server_attributes(scope) == attributes


def test_without_a_host_header_the_listener_is_the_server() -> None:
    assert server_attributes(http_scope(server=("listener", 8000))) == {
        "server.address": "listener",
        "server.port": 8000,
    }
    assert server_attributes(http_scope(server=("/run/socket", None))) == {"server.address": "/run/socket"}
    assert server_attributes(http_scope()) == {}
