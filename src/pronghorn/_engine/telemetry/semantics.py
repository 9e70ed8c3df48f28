"""An ASGI scope in the words of OpenTelemetry's semantic conventions for HTTP (version 1.44.0).

Pure functions from a scope to attributes. Invariant: what goes into a metric is bounded (methods outside the
known ones become `_OTHER`, paths and hosts only go on spans), and nothing secret that the conventions know of
leaves in a query.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

INSTRUMENTATION_NAME = "fastapi"
INSTRUMENTATION_VERSION = "0.165.0"
"""Processors, samplers and dashboards select by these: an application keeps them when it moves to Pronghorn."""

SCHEMA_URL = "https://opentelemetry.io/schemas/1.44.0"
DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)

_OTHER_METHOD = "_OTHER"
_REDACTED = "REDACTED"
_SECRET_QUERY_KEYS = frozenset(
    {"X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token", "sig", "X-Goog-Signature"}
)
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


@dataclass(frozen=True)
class Description:
    """A request before it is served: how its span is called, and what is said about it where."""

    span_method: str
    """The span's name until a route is chosen, and the first word of it afterwards."""

    common: dict[str, Any]
    """On the span and on the duration metric; the outcome is added when the request ends."""

    active: dict[str, Any]
    """On the metric of active requests: only what is the same at both ends of the request."""

    span_only: dict[str, Any]
    """On the span alone: values of unbounded number."""


def describe(scope: Scope, known_methods: frozenset[str]) -> Description:
    """Describe an HTTP request or a WebSocket connection."""
    return (
        _describe_websocket(scope) if scope["type"] == "websocket" else _describe_http(scope, known_methods)
    )


def _describe_http(scope: Scope, known_methods: frozenset[str]) -> Description:
    original = scope.get("method", "")
    known = original in known_methods
    method = original if known else _OTHER_METHOD
    active = {"url.scheme": scope.get("scheme", "http"), "http.request.method": method}
    common = dict(active)
    if scope.get("http_version"):
        common["network.protocol.version"] = scope["http_version"]
    span_only = server_attributes(scope)
    span_only["url.path"] = scope["path"]
    if scope.get("query_string"):
        span_only["url.query"] = redacted_query(scope["query_string"])
    if not known:
        span_only["http.request.method_original"] = original
    return Description(method if known else "HTTP", common, active, span_only)


def _describe_websocket(scope: Scope) -> Description:
    common = {"url.scheme": scope.get("scheme", "ws"), "network.protocol.name": "websocket"}
    return Description("WS", common, {}, server_attributes(scope))


def redacted_query(query: bytes) -> str:
    """A query for a span: decoded and encoded anew, the values of signatures and credentials replaced."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return urlencode([(key, _REDACTED if key in _SECRET_QUERY_KEYS else value) for key, value in pairs])


def server_attributes(scope: Scope) -> dict[str, Any]:
    """The host and port that the client addressed; empty when its `Host` header is not one (RFC 9110, 7.2)."""
    authority = Headers(scope=scope).get("host")
    if authority is None:
        address, port = scope.get("server") or (None, None)
    else:
        address, port = _split_authority(authority)
        if port is None:
            port = _DEFAULT_PORTS.get(scope.get("scheme", "http"))
    if address is None:
        return {}
    return {"server.address": address} if port is None else {"server.address": address, "server.port": port}


def _split_authority(authority: str) -> tuple[str | None, int | None]:
    try:
        url = urlsplit(f"//{authority}")
        address, port = url.hostname, url.port
    except ValueError:
        return None, None
    only_authority = url.username is None and not (url.path or url.query or url.fragment)
    return (address, port) if only_authority else (None, None)
