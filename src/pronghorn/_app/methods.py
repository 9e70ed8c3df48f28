"""Which methods a path operation answers: its own, and HEAD where the application wants GET to answer it.

Must not live here: matching paths. Invariant: HEAD goes to a GET operation only when no route takes it
for itself, so a route declared for HEAD always wins; what is declared, and so the document, is unchanged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from starlette.types import Scope

from pronghorn._routing.table import Entry

_HEAD_BY_GET = "head_by_get"
"""In the framework's part of the scope: no route takes this HEAD request for itself."""


def is_head_for_get(scope: Scope) -> bool:
    """Whether GET operations may answer this request once no route has taken it."""
    return scope.get("method") == "HEAD" and _wants_head(scope)


def offer_to_get(scope: Scope) -> None:
    """Let GET operations take this HEAD request from here on."""
    scope.setdefault("fastapi", {})[_HEAD_BY_GET] = True


def accepts(scope: Scope, methods: Collection[str] | None) -> bool:
    """Whether an operation for ``methods`` answers this request."""
    if not methods or scope["method"] in methods:
        return True
    return scope["method"] == "HEAD" and "GET" in methods and _HEAD_BY_GET in scope.get("fastapi", {})


def allowed(scope: Scope, methods: Collection[str]) -> str:
    """The field ``Allow`` (RFC 9110, 10.2.1) for an operation that did not accept a request."""
    more = ["HEAD"] if "GET" in methods and "HEAD" not in methods and _wants_head(scope) else []
    return ", ".join([*methods, *more])


def with_heads(entries: Iterable[Entry]) -> Iterator[Entry]:
    """A table's entries, and after them, so that all others win, the GET operations once more for HEAD."""
    getting = []
    for entry in entries:
        yield entry
        if entry.methods is not None and "GET" in entry.methods:
            getting.append(entry)
    for entry in getting:
        yield entry._replace(methods=frozenset({"HEAD"}))


def _wants_head(scope: Scope) -> bool:
    return bool(getattr(scope.get("app"), "auto_head", False))
