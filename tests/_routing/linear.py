"""The matcher that the route table must agree with: one expression after the other, as Starlette."""

from typing import Any

from starlette.routing import compile_path

from pronghorn._routing.table import Entry


class LinearMatcher:
    """Scans all entries in registration order with the expressions of Starlette's `compile_path`."""

    def __init__(self, entries: list[Entry]) -> None:
        self.rows = [(entry, *compile_path(entry.path)) for entry in entries]

    def match_all(self, path: str) -> list[tuple[Entry, dict[str, Any]]]:
        found = []
        for entry, regex, _, convertors in self.rows:
            match = regex.match(path)
            if match is not None:
                params = {name: convertors[name].convert(text) for name, text in match.groupdict().items()}
                found.append((entry, params))
        return found

    def match(self, path: str, method: str) -> tuple[object, dict[str, Any]] | None:
        for entry, params in self.match_all(path):
            if not entry.methods or method in entry.methods:
                return entry.target, params
        return None
