"""One behaviour, several speeds: every shortcut answers as the general way does.

The applications of the other modules are served twice by the native server: once as they are, so that
requests take whatever shortcut there is, and once behind a plain ASGI function, which calls Starlette's
own entry and thereby the reference way. Requests are made up from the applications' documents, right
and wrong ones, and both replies compared in full.
"""

import json
import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from pronghorn import FastAPI
from pronghorn.server import running
from tests.behaviour import (
    test_bodies,
    test_contexts,
    test_dependencies,
    test_exceptions,
    test_forms,
    test_middleware,
    test_parameters,
    test_responses,
    test_routing,
    test_streaming,
)

# Raise it for a thorough run after a change: PRONGHORN_EXAMPLES=20000.
EXAMPLES = int(os.environ.get("PRONGHORN_EXAMPLES", "40"))

APPS: dict[str, FastAPI] = {
    "parameters": test_parameters.app,
    "bodies": test_bodies.app,
    "lenient bodies": test_bodies.lenient,
    "limited bodies": test_bodies.limited,
    "forms": test_forms.app,
    "responses": test_responses.app,
    "streams": test_streaming.app,
    "dependencies": test_dependencies.app,
    "layers": test_dependencies.layered,
    "exceptions": test_exceptions.plain,
    "handled exceptions": test_exceptions.handled,
    "middleware": test_middleware.tagged,
    "functions": test_middleware.functions,
    "zipped": test_middleware.zipped,
    "cors": test_middleware.cors,
    "contexts": test_contexts.app,
    "routing": test_routing.app,
}


def reference_of(app: FastAPI) -> ASGIApp:
    """The application without any of its shortcuts."""

    async def reference(scope: Scope, receive: Receive, send: Send) -> None:
        await Starlette.__call__(app, scope, receive, send)

    return reference


@dataclass(frozen=True)
class Operation:
    """What a document says about one operation."""

    method: str
    path: str
    names: dict[str, list[str]] = field(default_factory=dict)
    properties: list[str] = field(default_factory=list)
    has_body: bool = False


def read_operations(app: FastAPI) -> list[Operation]:
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        document = app.openapi()
    operations = [Operation("GET", "/openapi.json"), Operation("GET", "/docs"), Operation("GET", "/nowhere")]
    known = sorted(
        {
            name
            for schema in document.get("components", {}).get("schemas", {}).values()
            for name in schema.get("properties", {})
        }
    )
    for path, item in document["paths"].items():
        for method, operation in item.items():
            names: dict[str, list[str]] = {}
            for parameter in operation.get("parameters", ()):
                names.setdefault(parameter["in"], []).append(parameter["name"])
            operations.append(Operation(method.upper(), path, names, known, "requestBody" in operation))
    return operations


class Pair:
    """One application, served both ways."""

    def __init__(self, app: FastAPI, stack: ExitStack) -> None:
        self.operations = read_operations(app)
        self._clients = [
            stack.enter_context(
                httpx2.Client(
                    base_url=stack.enter_context(running(served)).url,
                    trust_env=False,
                    verify=False,
                    timeout=20,
                )
            )
            for served in (app, reference_of(app))
        ]

    def ask(self, **request: Any) -> list[tuple[int, list[tuple[str, str]], bytes]]:
        """Both replies, without what differs from one second or server to the next."""
        replies: list[tuple[int, list[tuple[str, str]], bytes]] = []
        for client in self._clients:
            client.cookies.clear()
            try:
                response = client.request(**request)
            except httpx2.RemoteProtocolError as error:
                replies.append((0, [], str(error).encode()))
                continue
            headers = sorted(pair for pair in response.headers.multi_items() if pair[0] != "date")
            replies.append((response.status_code, headers, response.content))
        return replies


@pytest.fixture(scope="module")
def pairs() -> Iterator[dict[str, Pair]]:
    with ExitStack() as stack:
        yield {name: Pair(app, stack) for name, app in APPS.items()}


TELLING = (
    "|x|1|-1|0|1.5|true|off|é|a b|a+b|%|%41|&=|red|2024-02-29|2024-01-02T03:04:05Z|PT90S"
    "|5b0d6fb0-90f1-4f62-9a0a-0c4d1b1b7b1a|null|418|[1]|111111111111111111111111111111"
)
TEXTS = st.sampled_from(TELLING.split("|")) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
ASCII = TEXTS.filter(lambda text: text.isascii() and text.isprintable() and text == text.strip())
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


def json_values(names: list[str]) -> st.SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | TEXTS
    keys = st.sampled_from([*names, "other"])
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=8,
    )


@st.composite
def bodies(draw: st.DrawFn, operation: Operation) -> dict[str, Any]:
    match draw(st.sampled_from(["json"] * 5 + ["form", "files", "text", "broken", "none"])):
        case "json":
            text = json.dumps(draw(json_values(operation.properties)), ensure_ascii=draw(st.booleans()))
            return {"content": text.encode(), "headers": {"content-type": "application/json"}}
        case "form":
            names = st.sampled_from([*operation.properties, "name", "age", "tags", "user", "upload"])
            return {"data": draw(st.dictionaries(names, TEXTS, max_size=3))}
        case "files":
            names = st.sampled_from(["upload", "uploads", "data", "note", "name"])
            parts = st.tuples(names, st.tuples(st.sampled_from(["a.txt", "b"]), st.binary(max_size=20)))
            # A boundary of our own, for both requests to be the same.
            kind = {"content-type": "multipart/form-data; boundary=limit"}
            return {"files": draw(st.lists(parts, min_size=1, max_size=3)), "headers": kind}
        case "text":
            kinds = [
                "text/plain",
                "application/json",
                "application/vnd.x+json",
                "application/xml",
                "nonsense",
            ]
            kind = {"content-type": draw(st.sampled_from(kinds))}
            return {
                "content": draw(st.sampled_from([b"", b"1", b'"x"', b'{"title": "T"}', b"[]"])),
                "headers": kind,
            }
        case "broken":
            texts = [b"{", b'{"a": }', b"\xff", b"NaN", b'{"a": 1}}', b'{"title": "\xff"}', b"[1,]", b"\x00"]
            return {"content": draw(st.sampled_from(texts)), "headers": {"content-type": "application/json"}}
    return {}


@st.composite
def requests(draw: st.DrawFn, operations: list[Operation]) -> dict[str, Any]:
    operation = draw(st.sampled_from(operations))
    path = operation.path
    for name in operation.names.get("path", ()):
        for form in (f"{{{name}}}", f"{{{name}:path}}"):
            path = path.replace(form, httpx2.QueryParams({"": draw(TEXTS)}).__str__()[1:].replace("+", "%20"))
    path += draw(st.sampled_from([""] * 8 + ["/", "?", "/x"]))
    queries = st.sampled_from([*operation.names.get("query", ()), "other"])
    params = draw(st.lists(st.tuples(queries, TEXTS), max_size=4))
    headers = {
        "host": "h.test",
        "user-agent": "test",
        "accept-encoding": draw(st.sampled_from(["gzip", "identity"])),
    }
    for name in operation.names.get("header", ()):
        if draw(st.booleans()):
            headers[name] = draw(ASCII)
    cookies = [f"{name}={draw(ASCII)}" for name in operation.names.get("cookie", ()) if draw(st.booleans())]
    if cookies:
        headers["cookie"] = "; ".join(cookies)
    method = operation.method if draw(st.integers(0, 9)) else draw(st.sampled_from(METHODS))
    wants_body = operation.has_body or not draw(st.integers(0, 19))
    body = draw(bodies(operation)) if wants_body else {}
    headers |= body.pop("headers", {})
    return {"method": method, "url": path, "params": params or None, "headers": headers, **body}


@pytest.mark.parametrize("name", APPS)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="PRONGHORN_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_every_way_answers_alike(pairs: dict[str, Pair], name: str, data: st.DataObject) -> None:
    pair = pairs[name]
    request = data.draw(requests(pair.operations))
    fast, reference = pair.ask(**request)
    test_dependencies.log.clear()
    # A status of 0, for one, is nothing that can be sent: each way fails in its own.
    assume(fast[0] and reference[0])
    assert fast == reference
