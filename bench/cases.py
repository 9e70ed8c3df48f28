"""What is measured: one request each, sent over and over."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """One request and the name it has in the table."""

    name: str
    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


CASES = (
    Case("hello", "/"),
    Case("path and query", "/items/42?q=pronghorn&limit=20"),
    Case(
        "JSON body",
        "/items",
        method="POST",
        headers={"Content-Type": "application/json"},
        body='{"name": "saddle", "price": 42.5, "tags": ["leather", "brown"], "description": "for a short ride"}',
    ),
    Case("three dependencies", "/me", headers={"X-Token": "pronghorn"}),
    Case("def endpoint", "/thread"),
)
